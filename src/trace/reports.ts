/**
 * The events of traced connections on their way to the sinks: each once for its connection, and what went wrong also
 * in the flow of the calls it hurt. Decides nothing about who is traced.
 */
import type { MicroClock } from '../base/clock.js'
import type { ConnectionEvent, ConnectionFacts } from '../base/facts.js'
import type { TraceRecord } from './record.js'
import type { TraceSinks } from './sinks.js'

export interface ReportsOptions {
  readonly sinks: TraceSinks
  readonly clock: MicroClock
  /** trace.core_events */
  readonly coreEvents: boolean
}

/** A Call-ID heard of this long ago may still be the call that a failure of its connection hurts. */
const callMemoryMicros = 5 * 60 * 1_000_000

export class Reports {
  readonly #options: ReportsOptions

  constructor(options: ReportsOptions) {
    this.#options = options
  }

  event(event: ConnectionEvent, record: TraceRecord): void {
    const { facts, status, name } = event
    if (!this.#tells(facts)) return
    this.#send(event, record, facts.id)
    if (status !== 'FAILURE' || (name !== 'ERROR' && name !== 'CLOSED')) return
    const since = this.#options.clock() - callMemoryMicros
    for (const callId of record.callIds.recent(since)) this.#send(event, record, callId)
  }

  /** Opens the record of a connection that was there before its trace, or sums it up. */
  stats(facts: ConnectionFacts, record: TraceRecord, message: string): void {
    this.event({ name: 'STATS', status: 'SUCCESS', cause: undefined, message, facts }, record)
  }

  /** The clear connections to our own servers are noise to some. */
  #tells({ transport, side }: ConnectionFacts): boolean {
    return transport === 'tls' || side === 'edge' || this.#options.coreEvents
  }

  #send({ name, status, cause, message, facts }: ConnectionEvent, record: TraceRecord, correlation: string): void {
    const seq = record.nextSeq()
    const micros = record.stamp(this.#options.clock())
    this.#options.sinks.event({
      name,
      status,
      cause,
      message,
      facts,
      seq,
      micros,
      correlation,
      record: 'connection',
      withholdsKeys: !record.keepsKeys,
    })
  }
}
