/**
 * HEP destinations as OpenSIPS spells them, `[hep_dest]10.0.0.2;transport=tcp;version=3`, with our own
 * parameters behind them. The same keys may stand in a mapping instead. Files and secrets stay as written.
 */
import { UsageError } from '../base/errors.js'
import { nearest } from '../base/nearest.js'
import { alternatives, parseHostPort, quote } from './host-port.js'
import type { HepDestinationConfig } from './types.js'

/** The port Homer listens on; OpenSIPS has 5656 only where it receives. */
const hepPort = 9060
const form = /^\s*\[([^\]]*)\]([^;\s]+)((?:;[^;]*)*)$/
const idForm = /^[A-Za-z0-9_.-]+$/

/** The keys of a destination besides its name and address, undefined where they are not written. */
export type HepParams = {
  [K in Exclude<keyof HepDestinationConfig, 'id' | 'host' | 'port'>]?: HepDestinationConfig[K] | undefined
}

export interface WrittenHepId extends HepParams {
  readonly id: string
  readonly host: string
  readonly port: number
}

/** Throws a `UsageError` that names everything wrong with it. The text is never quoted whole: it may hold `auth_key`. */
export function parseHepId(text: string): WrittenHepId {
  const parts = form.exec(text)
  if (parts === null)
    throw new UsageError('is not a HEP id: expected [NAME]HOST[:PORT];transport=tcp|udp|tls;version=3')
  const id = parts[1] as string
  if (!idForm.test(id)) throw new UsageError(`${quote(id)} is not a name: expected letters, digits and _ . -`)
  const { host, port = hepPort } = parseHostPort(parts[2] as string)
  return { id, host, port, ...parseParams((parts[3] as string).split(';')) }
}

/** Fills in what is not written; what is wrong with the combination is a `UsageError`. */
export function hepDestination(written: WrittenHepId): HepDestinationConfig {
  const { id, host, port, transport = 'tcp' } = written
  const tlsOnly = ['ca_list', 'certificate', 'private_key', 'verify_cert', 'server_name'] as const
  const misplaced = tlsOnly.filter((key) => written[key] !== undefined)
  if (transport !== 'tls' && misplaced.length > 0) {
    throw new UsageError(`${misplaced.join(', ')}: only with transport=tls, found transport=${transport}`)
  }
  if ((written.certificate === undefined) !== (written.private_key === undefined)) {
    throw new UsageError('certificate and private_key go together')
  }
  return {
    id,
    host,
    port,
    transport,
    form: written.form ?? 'log',
    types: written.types ?? [],
    secrets: written.secrets,
    tls_protocol_id: written.tls_protocol_id ?? 22,
    auth_key: written.auth_key,
    ca_list: written.ca_list,
    certificate: written.certificate,
    private_key: written.private_key,
    verify_cert: written.verify_cert ?? true,
    server_name: written.server_name,
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads one value into `params`; false when it is not what was expected. */
type ReadParam = (value: string, params: Writable<HepParams>) => boolean

const plain =
  (key: 'auth_key' | 'ca_list' | 'certificate' | 'private_key' | 'server_name'): ReadParam =>
  (value, params) => {
    params[key] = value
    return value !== ''
  }

const flag =
  (key: 'secrets' | 'verify_cert'): ReadParam =>
  (value, params) => {
    params[key] = value === '1' || value === 'true'
    return /^(0|1|false|true)$/.test(value)
  }

const readers: Readonly<Record<string, { readonly expected: string; readonly read: ReadParam }>> = {
  transport: {
    expected: 'tcp, udp or tls',
    read: (value, params) => {
      params.transport = value.toLowerCase() as 'tcp'
      return /^(tcp|udp|tls)$/i.test(value)
    },
  },
  // versions 1 and 2 carry neither a connection id nor events
  version: { expected: '3, the only HEP version spoken here', read: (value) => value === '3' },
  form: {
    expected: 'log or opensips',
    read: (value, params) => {
      params.form = value as 'log'
      return value === 'log' || value === 'opensips'
    },
  },
  types: {
    expected: 'HEP payload types from 0 to 255, such as 1,100',
    read: (value, params) => {
      params.types = value.split(',').map(Number)
      return value.split(',').every((type) => /^\d{1,3}$/.test(type) && Number(type) <= 255)
    },
  },
  tls_protocol_id: {
    expected: '22 or 6',
    read: (value, params) => {
      params.tls_protocol_id = Number(value) as 22 | 6
      return value === '22' || value === '6'
    },
  },
  secrets: { expected: '0 or 1', read: flag('secrets') },
  verify_cert: { expected: '0 or 1', read: flag('verify_cert') },
  auth_key: { expected: 'a key', read: plain('auth_key') },
  ca_list: { expected: 'a path', read: plain('ca_list') },
  certificate: { expected: 'a path', read: plain('certificate') },
  private_key: { expected: 'a path', read: plain('private_key') },
  server_name: { expected: 'a host name', read: plain('server_name') },
}

function parseParams(written: readonly string[]): HepParams {
  const params: Writable<HepParams> = {}
  const faults: string[] = []
  const seen = new Set<string>()
  for (const param of written.filter((text) => text.trim() !== '')) {
    const equals = param.indexOf('=')
    const name = (equals < 0 ? param : param.slice(0, equals)).trim().toLowerCase()
    const value = equals < 0 ? '' : param.slice(equals + 1).trim()
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (reader === undefined) {
      faults.push(unknownParam(name, seen.has('auth_key')))
    } else if (seen.has(name)) {
      faults.push(`${name} is given twice`)
    } else if (!reader.read(value, params)) {
      // the key is the one value here that must not be quoted
      faults.push(`${name} must be ${reader.expected}${name === 'auth_key' ? '' : `, found ${quote(value)}`}`)
    }
    seen.add(name)
  }
  if (faults.length > 0) throw new UsageError(faults.join('; '))
  return params
}

function unknownParam(name: string, afterKey: boolean): string {
  // this is the rest of a key with a `;` in it, most likely
  if (afterKey) return 'unknown parameter after auth_key: a key with ; in it needs the mapping form'
  const known = Object.keys(readers)
  const near = nearest(name, known)
  return `unknown parameter ${quote(name)}: ${near === undefined ? `expected ${alternatives(known)}` : `did you mean ${near}?`}`
}
