/**
 * The tap on the message path: one call per relayed SIP message. Hands the message of a traced connection to
 * the sinks as it was on the wire, and tells a call once which TLS connection carries it. Never blocks, never
 * throws, decides nothing: the verdict on a connection is the gate's, that on a message the scope's.
 */
import type { MicroClock } from '../base/clock.js'
import type { ConnectionFacts, Direction } from '../base/facts.js'
import { TraceRecord } from './record.js'
import type { Scope } from './scope.js'
import type { TraceSinks } from './sinks.js'

export class Tap {
  /** The one test on the hot path while nothing is traced. The gate writes it. */
  on = false
  /** The tracing run now; verdicts of earlier runs do not count. The gate writes it. */
  run = 0
  /** The one record of all connections that this run dropped. The gate writes it. */
  dropped = new TraceRecord(0, 'drop')
  /** undefined: the trace is not narrowed. The gate writes it. */
  scope: Scope | undefined
  /** messages of traced connections that could not be sent for want of a Call-ID (0x0011 must not be empty) */
  withoutCallId = 0
  readonly #sinks: TraceSinks
  readonly #clock: MicroClock
  readonly #failed: (error: unknown, facts: ConnectionFacts) => void
  readonly #outdated: (facts: ConnectionFacts) => void
  readonly #matched: (facts: ConnectionFacts) => void

  /**
   * `failed` hears of a sink that threw: a bug, but not one the call should feel. `outdated` hears of a connection
   * whose verdict is that of another scope, and gives it a new one. `matched` hears of a connection whose events wait,
   * before its first message within the scope is sent.
   */
  constructor(
    sinks: TraceSinks,
    clock: MicroClock,
    failed: (error: unknown, facts: ConnectionFacts) => void,
    outdated: (facts: ConnectionFacts) => void,
    matched: (facts: ConnectionFacts) => void,
  ) {
    this.#sinks = sinks
    this.#clock = clock
    this.#failed = failed
    this.#outdated = outdated
    this.#matched = matched
  }

  /**
   * Call it only while `on`. `in`: received from facts.peer. A message without Call-ID has callIdStart = callIdEnd.
   * `judge`: the connection whose verdict counts. The core leg of a message follows its edge leg, whatever the
   * filter says of the core connection, which in edge mode many calls share.
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
    if (judged === undefined || judged.run !== this.run) {
      if (judge === facts || !this.isPicked(facts)) return
    } else if (judged.verdict !== 'trace') {
      if (!judged.picked && (judge === facts || !this.isPicked(facts))) return
    } else if (this.scope !== undefined || judged.scope !== undefined) {
      if (!this.#isWithin(facts, judge, buf, start, end, callIdStart, callIdEnd)) return
    }
    const record = judge === facts ? judged! : this.ownRecordOf(facts)
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

  /** The same, made if it has none. */
  ownRecordOf(facts: ConnectionFacts): TraceRecord {
    return this.recordOf(facts) ?? this.#keepTimeOf(facts)
  }

  /** Also a core connection may be, whose messages others judge. */
  isPicked(facts: ConnectionFacts): boolean {
    return this.recordOf(facts)?.picked === true
  }

  /** Its messages are traced and its events are not: it was dropped, or nobody has been asked. */
  #keepTimeOf(facts: ConnectionFacts): TraceRecord {
    const record = new TraceRecord(this.run, facts.trace === this.dropped ? 'drop' : undefined)
    facts.trace = record
    return record
  }

  #isWithin(
    facts: ConnectionFacts,
    judge: ConnectionFacts,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): boolean {
    if (this.isPicked(judge) || this.isPicked(facts)) return true
    this.#outdated(judge)
    if (judge !== facts) this.#outdated(facts)
    if (this.recordOf(judge)?.verdict !== 'trace') return false
    if (!this.scope?.perMessage) return true
    if (!this.scope.message(buf, start, end, callIdStart, callIdEnd)) return false
    if (this.recordOf(judge)?.waiting) this.#matched(judge)
    if (this.recordOf(facts)?.waiting) this.#matched(facts)
    return true
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
