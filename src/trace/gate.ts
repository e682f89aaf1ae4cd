/**
 * The gate of tracing: switch → destination set? → filter, once per connection → verdict kept on the connection.
 * Subscribes to the channels only while on, so that off costs nothing. It sends nothing itself, and no error of
 * tracing reaches the connection it happened on.
 */
import { endpointText } from '../base/address.js'
import { channels, type KeylogLine } from '../base/channels.js'
import type { MicroClock } from '../base/clock.js'
import type { ConnectionEvent, ConnectionEventName, ConnectionFacts } from '../base/facts.js'
import { type Log, silentLog } from '../base/log.js'
import type { FilterMatch, TraceCounters, TraceRequest, TraceStatus } from '../base/ports.js'
import { Deadline, type TraceStore } from './deadline.js'
import { type TraceFilter, verdictOf } from './filter/filter.js'
import { TraceRecord } from './record.js'
import type { TraceSinks } from './sinks.js'
import { Tap } from './tap.js'
import type { Timers } from './timers.js'

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
  readonly log: Log
}

export interface KeylogSink {
  write(line: string): void
}

/** What the gate knows of `TraceStatus`; the destinations know the rest. */
export type GateStatus = Omit<TraceStatus, 'destination'>

/** A Call-ID heard of this long ago may still be the call that a failure of its connection hurts. */
const callMemoryMicros = 5 * 60 * 1_000_000
/** between two log lines about a filter that fails */
const quietMicros = 10 * 1_000_000
/** Connections visited in one turn of the event loop; about a millisecond of work, which a call will not notice. */
const perTurn = 64

export class TraceGate {
  readonly tap: Tap
  readonly #options: TraceGateOptions
  readonly #deadline: Deadline
  #filter: TraceFilter | undefined
  #filterSource: 'config' | 'api' = 'config'
  #tracedConnections = 0
  #filterFailures = 0
  /** µs; a filter that fails fails often, and the log shall stay readable */
  #quietUntil = 0
  #tracesLost = 0

  constructor(options: TraceGateOptions) {
    this.#options = options
    this.#filter = options.filter
    this.tap = new Tap(options.sinks, options.clock, this.#failed)
    this.#deadline = new Deadline({
      nowMs: this.#nowMs,
      timers: options.timers,
      store: options.store,
      log: options.log,
      passed: () => {
        this.#switchOff()
        options.log.info({}, 'tracing switched itself off')
      },
    })
    if (this.#deadline.restore() || options.traceOn) this.#switchOn()
  }

  status(): GateStatus {
    const { until } = this.#deadline
    return {
      trace_mode: this.tap.on ? 'on' : 'off',
      until: until === undefined ? undefined : new Date(until).toISOString(),
      secondsLeft: until === undefined ? undefined : Math.max(0, Math.ceil((until - this.#nowMs()) / 1000)),
      filter: this.#filter?.name,
      filterSource: this.#filter === undefined ? undefined : this.#filterSource,
      tracedConnections: this.#tracedConnections,
      filterFailures: this.#filterFailures,
    }
  }

  counters(): TraceCounters {
    return { messagesWithoutCallId: this.tap.withoutCallId, tracesLost: this.#tracesLost }
  }

  /** Throws RangeError on a time that is none: whoever took it from a person has to check it. */
  set({ trace_mode, forMs, existing = false, by }: TraceRequest): GateStatus {
    if (forMs !== undefined && !(forMs > 0 && forMs <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`forMs: ${forMs}`)
    if (trace_mode === 'off') {
      this.#deadline.clear()
      this.#switchOff()
    } else {
      if (forMs === undefined) this.#deadline.clear()
      else this.#deadline.set(forMs)
      this.#switchOn()
      if (existing) this.#takeExisting()
    }
    const status = this.status()
    this.#options.log.info({ by, until: status.until, existing }, `tracing switched ${trace_mode}`)
    return status
  }

  /** For connections to come. Those that have their verdict keep it. */
  setFilter(filter: TraceFilter | undefined, source: 'config' | 'api'): void {
    this.#filter = filter
    this.#filterSource = source
  }

  /** What a filter would say of the live connections. Changes nothing. */
  async dryRun(filter: TraceFilter): Promise<FilterMatch[]> {
    const matches: FilterMatch[] = []
    await this.#walk((facts) => {
      const traced = verdictOf(filter, facts, silentLog, ignore) === 'trace'
      matches.push({ id: facts.id, peer: endpointText(facts.peer), sni: facts.sni, traced })
      return true
    })
    return matches
  }

  /** Ends all of it and leaves a stored deadline to the next process. */
  stop(): void {
    this.#deadline.stop()
    this.#switchOff()
  }

  #switchOn(): void {
    if (this.tap.on) return
    this.tap.run++
    this.tap.on = true
    this.tap.dropped = new TraceRecord(this.tap.run, 'drop')
    channels.connection.subscribe(this.#onEvent)
    channels.keylog.subscribe(this.#onKeylog)
  }

  #switchOff(): void {
    if (!this.tap.on) return
    this.tap.on = false
    // Key material that no trace will need any more does not stay in memory.
    for (const facts of this.#options.live()) facts.keylog.length = 0
    this.#tracedConnections = 0
    channels.connection.unsubscribe(this.#onEvent)
    channels.keylog.unsubscribe(this.#onKeylog)
  }

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
   * also without a key-log file. Once a connection is traced, further lines are written as they come; of one that
   * the filter dropped none is kept.
   */
  #onKeylog = (message: unknown): void => {
    const { facts, line } = message as KeylogLine
    const record = facts.trace as TraceRecord | undefined
    if (record === undefined || record.run !== this.tap.run) return
    if (record.traced) this.#options.keylog?.write(line)
    else if (record.verdict !== undefined) facts.keylog.length = 0
  }

  /** The record of a connection that is traced; a connection that is only now opening gets its verdict here. */
  #recordFor({ name, facts }: ConnectionEvent): TraceRecord | undefined {
    const record = facts.trace as TraceRecord | undefined
    if (record?.run === this.tap.run && record.verdict !== undefined) return record.traced ? record : undefined
    return opens(name) ? this.#ask(facts) : undefined
  }

  #ask(facts: ConnectionFacts): TraceRecord | undefined {
    const { sinks, keylog, log } = this.#options
    if (!sinks.configured) return undefined
    const verdict = verdictOf(this.#filter, facts, log, this.#filterFailed)
    // It may have one already, which keeps time for messages that another connection's verdict let pass.
    const own = this.tap.recordOf(facts)
    if (own !== undefined) own.verdict = verdict
    if (verdict === 'drop') {
      facts.trace = own ?? this.tap.dropped
      facts.keylog.length = 0
      return undefined
    }
    const record = own ?? new TraceRecord(this.tap.run, verdict)
    facts.trace = record
    this.#tracedConnections++
    if (keylog !== undefined) for (const line of facts.keylog) keylog.write(line)
    return record
  }

  #trace(event: ConnectionEvent, record: TraceRecord): void {
    try {
      if (this.#reports(event.facts)) this.#report(event, record)
    } finally {
      if (event.name === 'CLOSED') {
        record.over = true
        this.#tracedConnections--
      }
    }
  }

  /** The clear connections to our own servers are noise to some. */
  #reports({ transport, side }: ConnectionFacts): boolean {
    return transport === 'tls' || side === 'edge' || this.#options.coreEvents
  }

  #report(event: ConnectionEvent, record: TraceRecord): void {
    this.#send(event, record, event.facts.id)
    if (event.status !== 'FAILURE' || (event.name !== 'ERROR' && event.name !== 'CLOSED')) return
    // The calls it hurt show it in their own flow.
    const since = this.#options.clock() - callMemoryMicros
    for (const callId of record.callIds.recent(since)) this.#send(event, record, callId)
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
    })
  }

  /** A connection that is traced already stays so, whatever the filter says now: its record shall have its end. The others are asked. */
  #takeExisting(): void {
    const { run } = this.tap
    void this.#walk((facts) => {
      if (!this.tap.on || this.tap.run !== run) return false
      try {
        this.#takeIn(facts)
      } catch (error) {
        this.#failed(error, facts)
      }
      return true
    })
  }

  #takeIn(facts: ConnectionFacts): void {
    if (!isEstablished(facts)) return
    const known = this.tap.recordOf(facts)
    const isTraced = known?.traced === true
    const record = isTraced ? known : this.#ask(facts)
    if (record === undefined) return
    const message = isTraced ? 'the connection so far' : 'the connection was already open when tracing began'
    this.#trace({ name: 'STATS', status: 'SUCCESS', cause: undefined, message, facts }, record)
  }

  async #walk(visit: (facts: ConnectionFacts) => boolean): Promise<void> {
    let visited = 0
    for (const facts of this.#options.live()) {
      if (!visit(facts)) return
      if (++visited % perTurn === 0) await new Promise<void>((resolve) => this.#options.timers.soon(resolve))
    }
  }

  #nowMs = (): number => Math.floor(this.#options.clock() / 1000)

  #filterFailed = (error: unknown, facts: ConnectionFacts): void => {
    this.#filterFailures++
    const now = this.#options.clock()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + quietMicros
    this.#options.log.warn(
      { err: error, filter: this.#filter?.name, conn_id: facts.id, failures: this.#filterFailures },
      'the trace filter failed; the connection is traced',
    )
  }

  #failed = (error: unknown, facts: ConnectionFacts): void => {
    if (this.#tracesLost++ === 0) this.#options.log.error({ err: error, conn_id: facts.id }, 'a trace was lost')
  }
}

function ignore(): void {}

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
