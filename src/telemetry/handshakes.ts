/** Which events are the end of a TLS handshake, and versions as OpenTelemetry writes them. */
import type { Cause } from '../base/errors.js'
import type { ConnectionEvent } from '../base/facts.js'

/** Of an event that ends a set-up: a handshake had begun, or was due. Refused before it, or no server to connect to: none. */
export function isHandshake({ cause, facts }: Pick<ConnectionEvent, 'cause' | 'facts'>): boolean {
  if (facts.transport !== 'tls') return false
  if (facts.direction === 'out') return facts.connectMs !== undefined
  return cause === undefined || !beforeTls.has(cause)
}

const beforeTls: ReadonlySet<Cause> = new Set<Cause>(['limit-reached', 'bad-proxy-header'])

/** `tls.protocol.version` of an OpenSSL name: a peer may offer any number, and those that are no version are `other`. */
export function protocolVersion(name: string): string {
  return versions[name] ?? 'other'
}

const versions: Readonly<Record<string, string>> = {
  'TLSv1.3': '1.3',
  'TLSv1.2': '1.2',
  'TLSv1.1': '1.1',
  TLSv1: '1.0',
  SSLv3: 'ssl3',
}
