/**
 * The log of connections, component tls: one line at info for what failed, one at debug for each that opens and
 * closes. Reads their events; it knows no socket, and holds nothing of a connection.
 */
import { endpointText } from '../../base/address.js'
import { channels } from '../../base/channels.js'
import { causeSentence } from '../../base/errors.js'
import type { ConnectionEvent, ConnectionFacts } from '../../base/facts.js'
import { connectionFields, type Logs } from '../../base/log.js'
import type { Observers } from '../../base/observers.js'

export class ConnectionLog {
  /** May be called again. */
  readonly stop: () => void
  readonly #logs: Logs

  constructor(logs: Logs, observers: Observers) {
    this.#logs = logs
    this.stop = observers.observe(channels.connection, (event) => this.#see(event))
  }

  #see(event: ConnectionEvent): void {
    const { name, status, cause, message, facts } = event
    if (name === 'CONNECT_START' || name === 'STATS') return
    if (status === 'FAILURE' && name !== 'CLOSED') {
      // The cause is in the sentence: what fails often for one cause must not hide what fails for another.
      const sentence = cause === undefined ? failures[name] : `${failures[name]}: ${causeSentence(cause)}`
      this.#logs.of('tls').info({ ...failureFields(facts), cause, reason: message }, sentence)
    } else if (this.#logs.level('tls') === 'debug') {
      const fields = name === 'CLOSED' ? closeFields(facts) : setUpFields(facts)
      this.#logs.of('tls').debug({ ...fields, cause }, sentences[name])
    }
  }
}

const failures = {
  ACCEPTED: 'a connection was not accepted',
  CONNECTED: 'a connection could not be opened',
  ERROR: 'a connection broke off',
} as const

const sentences = {
  ACCEPTED: 'connection accepted',
  CONNECTED: 'connection opened',
  ERROR: 'connection broke off',
  CLOSED: 'connection closed',
} as const

function peerFields(facts: ConnectionFacts): object {
  return { ...connectionFields(facts), transport: facts.transport, peer: endpointText(facts.peer) }
}

/** The versions are what the peer offered: the first question where there is none in common. */
function failureFields(facts: ConnectionFacts): object {
  const { domain, sni, hello, relayedTo } = facts
  return {
    ...peerFields(facts),
    tls_domain: domain,
    tls_sni: sni,
    tls_versions: hello?.versions,
    relayed_to: relayedTo,
  }
}

function setUpFields(facts: ConnectionFacts): object {
  const { domain, sni, tls, connectMs, handshakeMs } = facts
  return {
    ...peerFields(facts),
    tls_domain: domain,
    tls_sni: sni,
    tls_version: tls?.version,
    tls_cipher: tls?.cipher,
    tls_resumed: tls?.resumed,
    connect_ms: connectMs,
    handshake_ms: handshakeMs,
  }
}

function closeFields(facts: ConnectionFacts): object {
  const { closed, bytesIn, bytesOut, messagesIn, messagesOut } = facts
  return {
    ...peerFields(facts),
    closed_by: closed?.by,
    reason: closed?.message,
    duration_ms: closed?.durationMs,
    bytes_in: bytesIn,
    bytes_out: bytesOut,
    msgs_in: messagesIn,
    msgs_out: messagesOut,
  }
}
