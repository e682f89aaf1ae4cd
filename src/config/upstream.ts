/** Upstream servers: `sip:host[:port][;transport=tcp|tls]`, `sips:host[:port]`, `tcp:host:port`, `tls:host[:port]`. */
import { UsageError } from '../base/errors.js'
import { parseHostPort, quote } from './host-port.js'
import type { UpstreamConfig } from './types.js'

/** RFC 3261 §19.1.2 */
const sipPort = 5060
const form = /^(sips?|tcp|tls|udp):([^;?\s]+)((?:;[^;?\s]+)*)$/i

/** Throws a `UsageError`. `tlsPort` is the port of a tls upstream without one. */
export function parseUpstream(text: string, tlsPort: number): UpstreamConfig {
  // a user part may come with a password: neither belongs here, and neither belongs in a message
  if (text.includes('@')) throw new UsageError('an upstream is a server: no user part before the host')
  const parts = form.exec(text)
  if (parts === null) {
    throw new UsageError(
      `${quote(text)} is not an upstream: expected sip:HOST[:PORT][;transport=tcp|tls], sips:HOST[:PORT], tcp:HOST:PORT or tls:HOST[:PORT]`,
    )
  }
  const scheme = (parts[1] as string).toLowerCase()
  const transport = transportOf(scheme, (parts[3] as string).split(';').slice(1))
  const { host, port = transport === 'tls' ? tlsPort : sipPort } = parseHostPort(parts[2] as string)
  return { uri: text, host, port, transport }
}

function transportOf(scheme: string, params: readonly string[]): 'tcp' | 'tls' {
  let transport: string | undefined = scheme.startsWith('sip') ? undefined : scheme
  for (const param of params) {
    const [name = '', value = ''] = param.toLowerCase().split('=')
    if (name !== 'transport')
      throw new UsageError(`unknown parameter ${quote(name)}: an upstream has only transport=tcp|tls`)
    if (transport !== undefined) throw new UsageError('the transport is given twice')
    transport = value
  }
  if (transport === 'udp') throw new UsageError('udp: needs relay.mode edge, which this version does not have')
  if (transport !== undefined && transport !== 'tcp' && transport !== 'tls') {
    throw new UsageError(`transport must be tcp or tls, found ${quote(transport)}`)
  }
  // RFC 3261 §26.2.2: sips: is TLS, whatever stream transport it names
  return scheme === 'sips' ? 'tls' : (transport ?? 'tcp')
}
