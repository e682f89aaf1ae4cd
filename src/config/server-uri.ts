/**
 * A SIP server as a URI without a user (`sip:host;transport=tcp`), or as transport and address (`tcp:host:port`).
 * What upstreams and trunks have in common; which port and transport stand where none is written is theirs to say.
 */
import { UsageError } from '../base/errors.js'
import type { Transport } from '../base/facts.js'
import { alternatives, parseHostPort, quote } from './host-port.js'

export interface WrittenServer<T extends Transport> {
  readonly host: string
  readonly port: number | undefined
  /** undefined: a `sip:` URI that names none */
  readonly transport: T | undefined
}

/** One kind of server, with the words for what is wrong with a text. */
export interface ServerKind<T extends Transport> {
  /** `an upstream` */
  readonly noun: string
  readonly form: string
  readonly transports: readonly T[]
}

const form = /^(sips?|tcp|tls|udp):([^;?\s]+)((?:;[^;?\s]+)*)$/i

/** Throws a `UsageError`. */
export function parseServer<T extends Transport>(text: string, kind: ServerKind<T>): WrittenServer<T> {
  // a user part may come with a password: neither belongs here, and neither belongs in a message
  if (text.includes('@')) throw new UsageError(`${kind.noun} is a server: no user part before the host`)
  const parts = form.exec(text)
  if (parts === null) throw new UsageError(`${quote(text)} is not ${kind.noun}: expected ${kind.form}`)
  const scheme = (parts[1] as string).toLowerCase()
  const named = namedTransport(scheme, (parts[3] as string).split(';').slice(1), kind)
  const transport = kind.transports.find((known) => known === (scheme === 'sips' ? 'tls' : named))
  if (named !== undefined && transport === undefined) {
    throw new UsageError(`transport must be ${alternatives(kind.transports)}, found ${quote(named)}`)
  }
  const { host, port } = parseHostPort(parts[2] as string)
  return { host, port, transport }
}

/** The transport as it is written, whatever it is. */
function namedTransport<T extends Transport>(
  scheme: string,
  params: readonly string[],
  kind: ServerKind<T>,
): string | undefined {
  let named: string | undefined = scheme.startsWith('sip') ? undefined : scheme
  for (const param of params) {
    const [name = '', value = ''] = param.toLowerCase().split('=')
    if (name !== 'transport') {
      const only = `transport=${kind.transports.join('|')}`
      throw new UsageError(`unknown parameter ${quote(name)}: ${kind.noun} has only ${only}`)
    }
    if (named !== undefined) throw new UsageError('the transport is given twice')
    named = value
  }
  // RFC 3261 §26.2.2: sips: is TLS, whatever stream transport it names
  if (scheme === 'sips' && named !== undefined && named !== 'tcp' && named !== 'tls') {
    throw new UsageError(`sips: goes over TLS, found transport ${quote(named)}`)
  }
  return named
}
