/**
 * What happened to connections, by their events: opened, closed, failed, how long it took. Each is counted at its
 * end once; one whose beginning was not seen is not counted among those that are open. It keeps none that is closed.
 */
import type { Cause } from '../../base/errors.js'
import type { ConnectionEvent, ConnectionFacts } from '../../base/facts.js'
import { isHandshake } from '../../base/handshakes.js'
import { isDeprecated, protocolVersion } from '../../base/tls-versions.js'
import { histograms } from './histogram.js'
import { instruments } from './instruments.js'
import type { Reading } from './reading.js'
import { type Count, counts } from './series.js'

const framingCauses: ReadonlySet<Cause> = new Set<Cause>([
  'bad-sip',
  'http-on-sip-port',
  'too-many-chunks',
  'message-too-large',
  'message-timeout',
])

export class ConnectionMetrics {
  /** those that are open, with where they are counted: a connection that was refused ends in CLOSED as well */
  readonly #open = new Map<ConnectionFacts, Count>()
  readonly #active = counts(instruments.connectionsActive)
  readonly #opened = counts(instruments.connectionsOpened)
  readonly #refused = counts(instruments.connectionsRefused)
  readonly #closed = counts(instruments.connectionsClosed)
  readonly #durations = histograms(instruments.connectionDuration)
  readonly #errors = counts(instruments.connectionErrors)
  readonly #framing = counts(instruments.framingErrors)
  readonly #connects = counts(instruments.connects)
  readonly #connectDurations = histograms(instruments.connectDuration)
  readonly #handshakes = counts(instruments.handshakes)
  readonly #handshakeDurations = histograms(instruments.handshakeDuration)
  readonly #weak = counts(instruments.weakClients)

  see(event: ConnectionEvent): void {
    switch (event.name) {
      case 'ACCEPTED':
      case 'CONNECTED':
        this.#setUp(event)
        break
      case 'ERROR':
        this.#failed(event)
        break
      case 'CLOSED':
        this.#over(event.facts)
        break
      case 'CONNECT_START':
      case 'STATS':
        break
    }
  }

  readings(): Reading[] {
    return [
      this.#active,
      this.#opened,
      this.#refused,
      this.#closed,
      this.#durations,
      this.#errors,
      this.#framing,
      this.#connects,
      this.#connectDurations,
      this.#handshakes,
      this.#handshakeDurations,
      this.#weak,
    ].map((series) => series.read())
  }

  #setUp(event: ConnectionEvent): void {
    const { facts, status, cause = '' } = event
    const withHandshake = isHandshake(event)
    if (facts.direction === 'out') this.#connect(event)
    if (withHandshake) this.#handshake(event)
    if (status === 'FAILURE') {
      // Each that never was is counted once: here, or by its handshake, or by its connect.
      if (facts.direction === 'in' && !withHandshake) this.#refused.at(facts.side, facts.transport, cause).value++
      return
    }
    const labels = [facts.direction, facts.side, facts.transport, facts.domain ?? ''] as const
    const active = this.#active.at(...labels)
    active.value++
    this.#open.set(facts, active)
    this.#opened.at(...labels).value++
  }

  #failed(event: ConnectionEvent): void {
    const { facts, cause = '' } = event
    const { direction, side, transport } = facts
    this.#errors.at(direction, side, transport, cause).value++
    if (framingCauses.has(cause as Cause)) this.#framing.at(side, transport, cause).value++
    // More messages waited than may: a connection that is still being opened ends without CONNECTED.
    if (direction === 'out' && !this.#open.has(facts)) {
      this.#connect(event)
      if (isHandshake(event)) this.#handshake(event)
    }
  }

  #over(facts: ConnectionFacts): void {
    const active = this.#open.get(facts)
    if (active === undefined) return
    this.#open.delete(facts)
    active.value--
    const { direction, side, transport, domain = '', closed } = facts
    if (closed === undefined) return
    this.#closed.at(direction, side, transport, domain, closed.cause, closed.by).value++
    this.#durations.at(direction, side, transport).record(closed.durationMs / 1000)
  }

  /** Over UDP nothing connects. */
  #connect({ facts, cause }: ConnectionEvent): void {
    const { side, transport, connectMs } = facts
    if (transport === 'udp') return
    this.#connects.at(side, transport, resultOf(cause), cause ?? '').value++
    if (connectMs !== undefined) this.#connectDurations.at(side, transport).record(connectMs / 1000)
  }

  #handshake({ facts, cause }: ConnectionEvent): void {
    const { direction, side, domain = '', tls, hello } = facts
    const version = tls === undefined ? '' : protocolVersion(tls.version)
    const resumed = tls === undefined ? '' : String(tls.resumed)
    const result = resultOf(cause)
    this.#handshakes.at(direction, side, domain, result, cause ?? '', version, tls?.cipher ?? '', resumed).value++
    this.#handshakeDurations.at(direction, side, result).record(handshakeMs(facts) / 1000)
    const best = side === 'edge' ? hello?.versions[0] : undefined
    if (best !== undefined && isDeprecated(best)) this.#weak.at(domain, protocolVersion(best)).value++
  }
}

function resultOf(cause: Cause | undefined): 'success' | 'failure' {
  return cause === undefined ? 'success' : 'failure'
}

/** Facts count it from the beginning of the connect, and know it only where the handshake came to an end of its own. */
function handshakeMs({ handshakeMs, connectMs = 0, openedMicros }: ConnectionFacts): number {
  return Math.max(0, (handshakeMs ?? Date.now() - openedMicros / 1000) - connectMs)
}
