/**
 * The gate of tracing: switch → destination set? → scope and filter, once per connection → verdict kept on the
 * connection. Beside it stand the connections that were picked: they are traced whatever the gate says.
 * Subscribes to the channels only while something may be traced, so that off costs nothing. It sends nothing
 * itself, and no error of tracing reaches the connection it happened on.
 */
import { channels, type KeylogLine } from '../base/channels.js'
import type { MicroClock } from '../base/clock.js'
import type { ConnectionEvent, ConnectionEventName, ConnectionFacts } from '../base/facts.js'
import { connectionFields, type Log } from '../base/log.js'
import type { DryRun, PickRequest, TraceRequest } from '../base/ports.js'
import type { TraceCounters, TraceScope, TraceStatus } from '../base/status.js'
import type { Timers } from '../base/timers.js'
import { Deadline, type TraceStore } from './deadline.js'
import type { TraceFilter } from './filter/filter.js'
import { Judge } from './judge.js'
import { Picks } from './picks.js'
import { TraceRecord } from './record.js'
import { Reports } from './reports.js'
import { compileScope, type Scope } from './scope.js'
import type { TraceSinks } from './sinks.js'
import { Tap } from './tap.js'
import { Trial } from './trial.js'

export interface TraceGateOptions {
  /** proto_tls.trace_on */
  readonly traceOn: boolean
  /** trace.core_events */
  readonly coreEvents: boolean
  readonly sinks: TraceSinks
  /** undefined: every connection is traced */
  readonly filter: TraceFilter | undefined
  /** takes the key-log lines of traced connections */
  readonly keylog: KeylogSink | undefined
  readonly clock: MicroClock
  readonly timers: Timers
  /** every open connection, also those opened while tracing was off */
  readonly live: () => Iterable<ConnectionFacts>
  readonly store: TraceStore
  /** The time is over of the trace, or of the one connection that was traced on its own. */
  readonly timeOver?: (facts: ConnectionFacts | undefined) => void
  readonly log: Log
}

export interface KeylogSink {
  write(line: string): void
}

/** What the gate knows of `TraceStatus`; the destinations know the rest. */
export type GateStatus = Omit<TraceStatus, 'destination'>

/** Connections visited in one turn of the event loop; about a millisecond of work, which a call will not notice. */
const perTurn = 64

export class TraceGate {
  readonly tap: Tap
  readonly #options: TraceGateOptions
  readonly #judge: Judge
  readonly #reports: Reports
  readonly #deadline: Deadline
  readonly #picks: Picks
  /** the switch; the tap is on for picked connections too */
  #on = false
  #tracedConnections = 0
  #tracesLost = 0

  constructor(options: TraceGateOptions) {
    const { sinks, clock, timers, store, log } = options
    this.#options = options
    this.#judge = new Judge(options)
    this.#reports = new Reports(options)
    this.tap = new Tap(sinks, clock, this.#failed, this.#rejudge, this.#matched)
    this.#picks = new Picks({ nowMs: this.#nowMs, timers, passed: this.#pickPassed })
    const passed = (): void => {
      this.#switchOff()
      log.info({ picked: this.#picks.size }, 'tracing switched itself off')
      options.timeOver?.(undefined)
    }
    this.#deadline = new Deadline({ nowMs: this.#nowMs, timers, store, log, passed })
    this.#start(options.traceOn)
  }

  /** The filter as it is now. */
  get filter(): TraceFilter | undefined {
    return this.#judge.filter
  }

  status(): GateStatus {
    const { until } = this.#deadline
    const { filter, filterSource, filterFailures, scope } = this.#judge
    return {
      trace_mode: this.#on ? 'on' : 'off',
      until: until === undefined ? undefined : new Date(until).toISOString(),
      secondsLeft: until === undefined ? undefined : Math.max(0, Math.ceil((until - this.#nowMs()) / 1000)),
      filter: filter?.name,
      filterSource,
      scope: scope?.asked,
      picked: this.#picks.list(),
      tracedConnections: this.#tracedConnections,
      filterFailures,
    }
  }

  counters(): TraceCounters {
    return { messagesWithoutCallId: this.tap.withoutCallId, tracesLost: this.#tracesLost }
  }

  /** Its events and messages are sent now. */
  isTraced(facts: ConnectionFacts): boolean {
    return this.tap.on && this.tap.recordOf(facts)?.traced === true
  }

  /**
   * `on` replaces the scope, also by none. The new one judges the connections to come, with `existing` those that
   * are open too; a connection that was traced and does not fit it is traced no longer. `off` ends the picked ones
   * as well, which the end of a `for` leaves to their own time.
   * Throws RangeError on a time or a scope that is none: whoever took it from a person has to check it.
   */
  set({ trace_mode, forMs, existing = false, scope, by }: TraceRequest): GateStatus {
    checkTime(forMs)
    const narrowed = compiled(scope)
    if (trace_mode === 'off') {
      this.#deadline.clear()
      this.#picks.clear()
      this.#switchOff()
    } else {
      if (forMs === undefined) this.#deadline.clear()
      else this.#deadline.set(forMs, narrowed?.asked)
      const rescoped = this.#switchOn(narrowed)
      if (rescoped || existing) this.#review(existing)
    }
    const status = this.status()
    // Whom it is about is not for the log.
    const scoped = Object.keys(status.scope ?? {})
    this.#options.log.info({ by, until: status.until, existing, scoped }, `tracing switched ${trace_mode}`)
    return status
  }

  /**
   * Traces one connection with its messages, those on its core leg too, whatever switch, scope and filter say: until
   * the time is up, it is closed, it is picked no longer, or tracing is switched off. Throws RangeError on a time
   * that is none.
   */
  pick(facts: ConnectionFacts, { on, forMs, by }: Omit<PickRequest, 'id'>): void {
    checkTime(forMs)
    if (!on) {
      if (this.#picks.remove(facts)) this.#unpick(facts, by)
      return
    }
    if (facts.closed !== undefined) return
    this.#wake()
    this.#picks.add(facts, forMs)
    this.#options.log.info({ by, ...connectionFields(facts), forMs }, 'a connection is traced on its own')
    const record = this.tap.ownRecordOf(facts)
    const wasTraced = record.traced
    this.#alter(facts, record, { picked: true })
    if (!wasTraced) this.#begin(facts, record, 'the connection was picked to be traced')
  }

  /** For connections to come. Those that have their verdict keep it. */
  setFilter(filter: TraceFilter | undefined, source: 'config' | 'api'): void {
    this.#judge.setFilter(filter, source)
  }

  /** What filter and scope would say of the live connections. Changes nothing. Throws RangeError on a scope that is none. */
  async dryRun(filter: TraceFilter | undefined, scope?: TraceScope): Promise<DryRun> {
    const trial = new Trial(filter, compiled(scope))
    await trial.visit(this.#options.live())
    return trial.result
  }

  /** Ends all of it and leaves a stored deadline to the next process. */
  stop(): void {
    this.#deadline.stop()
    this.#picks.clear()
    this.#switchOff()
  }

  // ── the switch ──

  /**
   * A temporary trace wins over the configuration, also one that is over: what was narrow must not begin again as a
   * trace of everybody.
   */
  #start(traceOn: boolean): void {
    const earlier = this.#deadline.restore()
    if (earlier !== 'over') {
      if (traceOn || earlier !== undefined) this.#switchOn(compiled(earlier?.scope))
    } else if (traceOn) {
      this.#options.log.warn({}, 'a temporary trace ended before this start: tracing stays off until it is switched')
    } else {
      this.#deadline.clear()
    }
  }

  /** True when it was on already, with another scope. */
  #switchOn(scope: Scope | undefined): boolean {
    const rescoped = this.#on && JSON.stringify(scope?.asked) !== JSON.stringify(this.#judge.scope?.asked)
    if (!this.#on || rescoped) {
      this.#judge.scope = this.tap.scope = scope
      if (scope?.perMessage) this.#forgetKeys()
    }
    this.#on = true
    this.#wake()
    return rescoped
  }

  #switchOff(): void {
    this.#on = false
    this.#judge.scope = this.tap.scope = undefined
    this.#endRun()
  }

  #wake(): void {
    if (this.tap.on) return
    this.#newRun()
    this.tap.on = true
    channels.connection.subscribe(this.#onEvent)
    channels.keylog.subscribe(this.#onKeylog)
  }

  /** What was traced is so no longer, but for what is picked; without any the tap rests. */
  #endRun(): void {
    if (!this.tap.on) return
    const picked = [...this.#picks.facts()].map((facts) => this.tap.ownRecordOf(facts))
    this.#newRun()
    for (const record of picked) {
      record.run = this.tap.run
      record.verdict = undefined
      record.waiting = false
    }
    this.#tracedConnections = picked.length
    this.#forgetKeys()
    if (picked.length > 0) return
    this.tap.on = false
    channels.connection.unsubscribe(this.#onEvent)
    channels.keylog.unsubscribe(this.#onKeylog)
  }

  /** Key material that no trace will need any more does not stay in memory. */
  #forgetKeys(): void {
    for (const facts of this.#options.live()) if (!this.tap.isPicked(facts)) facts.keylog.length = 0
  }

  #newRun(): void {
    this.tap.run++
    this.tap.dropped = new TraceRecord(this.tap.run, 'drop')
  }

  #pickPassed = (facts: ConnectionFacts): void => {
    this.#unpick(facts, 'gateway')
    this.#options.timeOver?.(facts)
  }

  #unpick(facts: ConnectionFacts, by: string): void {
    this.#options.log.info({ by, ...connectionFields(facts) }, 'a connection is traced on its own no longer')
    const record = this.tap.recordOf(facts)
    if (record !== undefined) this.#alter(facts, record, { picked: false })
    this.#restWhenIdle()
  }

  #restWhenIdle(): void {
    if (!this.#on && this.#picks.size === 0) this.#endRun()
  }

  // ── connections ──

  #onEvent = (message: unknown): void => {
    const event = message as ConnectionEvent
    try {
      const record = this.#recordFor(event)
      if (record !== undefined) this.#trace(event, record)
    } catch (error) {
      this.#failed(error, event.facts)
    }
  }

  /**
   * Connections keep their lines, for their events and until the verdict, only while somebody listens: so this does,
   * also without a key-log file. Once a connection is traced whole, further lines are written as they come; of one
   * that never will be none is kept.
   */
  #onKeylog = (message: unknown): void => {
    const { facts, line } = message as KeylogLine
    this.#rejudge(facts)
    const record = this.tap.recordOf(facts)
    if (record?.traced && record.keepsKeys) this.#options.keylog?.write(line)
    else if (!this.#mayKeepKeys(facts, record)) facts.keylog.length = 0
  }

  /** Without the switch no verdict will come, and with a scope of messages none that takes the connection whole. */
  #mayKeepKeys(facts: ConnectionFacts, record: TraceRecord | undefined): boolean {
    if (!this.#on || this.#judge.scope?.perMessage || facts.trace === this.tap.dropped) return false
    return record?.verdict !== 'drop'
  }

  /** The record a connection has to itself; a connection that is only now opening gets its verdict here. */
  #recordFor({ name, facts }: ConnectionEvent): TraceRecord | undefined {
    if (facts.trace === this.tap.dropped) return undefined
    this.#rejudge(facts)
    const record = this.tap.recordOf(facts)
    if (record?.verdict !== undefined || !opens(name) || !this.#on || this.#judge.scope?.isTooEarly(facts))
      return record
    return this.#ask(facts)
  }

  #ask(facts: ConnectionFacts): TraceRecord | undefined {
    if (!this.#options.sinks.configured) return this.tap.recordOf(facts)
    const verdict = this.#judge.verdictOn(facts)
    // It may have a record already, which keeps time for messages that another connection's verdict let pass.
    if (verdict === 'drop' && this.tap.recordOf(facts) === undefined) {
      facts.trace = this.tap.dropped
      facts.keylog.length = 0
      return undefined
    }
    const record = this.tap.ownRecordOf(facts)
    record.scope = this.#judge.scope
    this.#alter(facts, record, { verdict, waiting: verdict === 'trace' && this.#judge.scope?.perMessage === true })
    return record
  }

  /** Whether a connection is traced changes here and nowhere else, and with it the count, and what becomes of its keys. */
  #alter(
    { keylog }: ConnectionFacts,
    record: TraceRecord,
    change: Partial<Pick<TraceRecord, 'verdict' | 'waiting' | 'picked' | 'over'>>,
  ): void {
    const wasTraced = record.traced
    Object.assign(record, change)
    if (!record.keepsKeys) keylog.length = 0
    if (record.traced === wasTraced) return
    this.#tracedConnections += record.traced ? 1 : -1
    if (record.traced) for (const line of keylog) this.#options.keylog?.write(line)
  }

  #trace(event: ConnectionEvent, record: TraceRecord): void {
    const { facts } = event
    try {
      if (record.traced) this.#reports.event(event, record)
    } finally {
      if (event.name === 'CLOSED') {
        this.#alter(facts, record, { over: true })
        // Not at once: Node may pass over a subscriber when another leaves while it publishes.
        if (this.#picks.remove(facts)) this.#options.timers.soon(() => this.#restWhenIdle())
      }
    }
  }

  /** The first message within the scope on a connection that waits for it. */
  #matched = (facts: ConnectionFacts): void => {
    const record = this.tap.recordOf(facts)
    if (record === undefined) return
    const wasTraced = record.traced
    this.#alter(facts, record, { waiting: false })
    if (!wasTraced) this.#begin(facts, record, 'the connection carries its first message within the scope of the trace')
  }

  #begin(facts: ConnectionFacts, record: TraceRecord, message: string): void {
    if (!record.traced || !isEstablished(facts)) return
    try {
      this.#reports.stats(facts, record, message)
    } catch (error) {
      this.#failed(error, facts)
    }
  }

  /** Goes over what is open after the switch was set; what an even later one changes ends it. */
  #review(existing: boolean): void {
    const { run } = this.tap
    const scope = this.#judge.scope
    void this.#walk((facts) => {
      if (!this.#on || this.tap.run !== run || this.#judge.scope !== scope) return false
      try {
        this.#rejudge(facts)
        if (existing) this.#takeIn(facts)
      } catch (error) {
        this.#failed(error, facts)
      }
      return true
    })
  }

  /**
   * The verdict of another scope is adapted to this one, at the latest when it would count. Who waited within that
   * one was not traced, and is now as if never asked.
   */
  #rejudge = (facts: ConnectionFacts): void => {
    const record = this.tap.recordOf(facts)
    if (record?.verdict !== 'trace' || record.scope === this.#judge.scope) return
    record.scope = this.#judge.scope
    if (record.waiting) this.#alter(facts, record, { verdict: undefined, waiting: false })
    else if (this.#judge.scope?.connection(facts) === false) this.#alter(facts, record, { verdict: 'drop' })
    else this.#alter(facts, record, { waiting: this.#judge.scope?.perMessage === true })
  }

  /** A connection that is traced already stays so, whatever the filter says now: its record shall have its end. The others are asked. */
  #takeIn(facts: ConnectionFacts): void {
    if (!isEstablished(facts)) return
    const known = this.tap.recordOf(facts)
    const wasTraced = known?.traced === true
    const record = known?.verdict === 'trace' ? known : this.#ask(facts)
    const message = wasTraced ? 'the connection so far' : 'the connection was already open when tracing began'
    if (record !== undefined) this.#begin(facts, record, message)
  }

  async #walk(visit: (facts: ConnectionFacts) => boolean): Promise<void> {
    let visited = 0
    for (const facts of this.#options.live()) {
      if (!visit(facts)) return
      if (++visited % perTurn === 0) await new Promise<void>((resolve) => this.#options.timers.soon(resolve))
    }
  }

  #nowMs = (): number => Math.floor(this.#options.clock() / 1000)

  #failed = (error: unknown, facts: ConnectionFacts): void => {
    if (this.#tracesLost++ === 0)
      this.#options.log.error({ err: error, ...connectionFields(facts) }, 'a trace was lost')
  }
}

function checkTime(forMs: number | undefined): void {
  if (forMs !== undefined && !(forMs > 0 && forMs <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`forMs: ${forMs}`)
}

function compiled(asked: TraceScope | undefined): Scope | undefined {
  if (asked === undefined) return undefined
  const result = compileScope(asked)
  if ('problem' in result) throw new RangeError(`scope: ${result.problem}`)
  return result.scope
}

/** CONNECTED too: the connect may have begun before tracing did, and only now the connection is open. */
function opens(name: ConnectionEventName): boolean {
  return name === 'ACCEPTED' || name === 'CONNECT_START' || name === 'CONNECTED'
}

/** Still in its handshake, a connection needs no STATS: ACCEPTED or CONNECTED will be the first of it. */
function isEstablished({ transport, direction, tls, connectMs, closed }: ConnectionFacts): boolean {
  if (closed !== undefined) return false
  if (transport === 'tls') return tls !== undefined
  return direction === 'in' || connectMs !== undefined
}
