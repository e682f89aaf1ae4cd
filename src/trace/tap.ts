/**
 * The tap on the message path: one call per relayed SIP message. Hands the message of a traced connection to
 * the sinks as it was on the wire, and tells a call once which TLS connection carries it. Never blocks, never
 * throws, decides nothing: the verdict on a connection is the gate's.
 */
import type { MicroClock } from '../base/clock.js'
import type { ConnectionFacts, Direction } from '../base/facts.js'
import { TraceRecord } from './record.js'
import type { TraceSinks } from './sinks.js'

export class Tap {
  /** The one test on the hot path while tracing is off. The gate writes it. */
  on = false
  /** The tracing run now; verdicts of earlier runs do not count. The gate writes it. */
  run = 0
  /** The one record of all connections that the filter of this run dropped. The gate writes it. */
  dropped = new TraceRecord(0, 'drop')
  /** messages of traced connections that could not be sent for want of a Call-ID (0x0011 must not be empty) */
  withoutCallId = 0
  readonly #sinks: TraceSinks
  readonly #clock: MicroClock
  readonly #failed: (error: unknown, facts: ConnectionFacts) => void

  /** `failed` hears of a sink that threw: a bug, but not one the call should feel. */
  constructor(sinks: TraceSinks, clock: MicroClock, failed: (error: unknown, facts: ConnectionFacts) => void) {
    this.#sinks = sinks
    this.#clock = clock
    this.#failed = failed
  }

  /**
   * Call it only while `on`. `in`: received from facts.peer. A message without Call-ID has callIdStart = callIdEnd.
   * `judge`: the connection whose verdict counts. In edge mode the core leg of a message follows its edge leg,
   * whatever the filter says of the core connection, which many calls share.
   */
  message(
    facts: ConnectionFacts,
    direction: Direction,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
    judge: ConnectionFacts = facts,
  ): void {
    const judged = judge.trace as TraceRecord | undefined
    if (judged === undefined || judged.verdict !== 'trace' || judged.run !== this.run) return
    const record = judge === facts ? judged : (this.recordOf(facts) ?? this.#keepTimeOf(facts))
    if (record.over) return
    if (callIdStart === callIdEnd) {
      this.withoutCallId++
      return
    }
    try {
      const now = this.#clock()
      const first = record.traced && record.callIds.firstSight(buf, callIdStart, callIdEnd, now)
      if (first && facts.transport === 'tls') {
        this.#session(facts, record, record.stamp(now), buf.toString('utf8', callIdStart, callIdEnd))
      }
      const leg = record.leg(facts, direction)
      this.#sinks.sip(leg, record.stamp(now), buf, start, end, callIdStart, callIdEnd)
    } catch (error) {
      this.#failed(error, facts)
    }
  }

  /** The record a connection has to itself in this run. */
  recordOf({ trace }: ConnectionFacts): TraceRecord | undefined {
    const record = trace as TraceRecord | undefined
    return record !== this.dropped && record?.run === this.run ? record : undefined
  }

  /** Its messages are traced and its events are not: the filter dropped it, or has not been asked. */
  #keepTimeOf(facts: ConnectionFacts): TraceRecord {
    const record = new TraceRecord(this.run, facts.trace === this.dropped ? 'drop' : undefined)
    facts.trace = record
    return record
  }

  #session(facts: ConnectionFacts, record: TraceRecord, micros: number, callId: string): void {
    this.#sinks.event({
      name: facts.direction === 'in' ? 'ACCEPTED' : 'CONNECTED',
      status: 'SUCCESS',
      cause: undefined,
      message: `this call runs over TLS connection ${facts.id}`,
      facts,
      seq: record.nextSeq(),
      micros,
      correlation: callId,
      record: 'tls-session',
    })
  }
}
