/** Which events of connections tell how a TLS handshake ended. */
import type { Cause } from './errors.js'
import type { ConnectionEvent } from './facts.js'

/**
 * Of an event that ends a set-up: a handshake had begun, or was due. A server that cannot be reached (trunks are tried
 * again and again) is no handshake that failed.
 */
export function isHandshake({ cause, facts }: Pick<ConnectionEvent, 'cause' | 'facts'>): boolean {
  if (facts.transport !== 'tls') return false
  if (facts.direction === 'out') return facts.connectMs !== undefined
  return cause === undefined || !beforeTls.has(cause)
}

/** Refused, or not what the listener expects, before TLS. */
const beforeTls: ReadonlySet<Cause> = new Set<Cause>(['limit-reached', 'bad-proxy-header'])
