/** A gate with everything around it played by the test: connections, sinks, clock, store, log and key-log file. */
import { publishConnection } from '../../../src/base/channels.js'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import type { TraceScope } from '../../../src/base/status.js'
import type { TraceState, TraceStore } from '../../../src/trace/deadline.js'
import type { TraceFilter, Verdict } from '../../../src/trace/filter/filter.js'
import { TraceGate, type TraceGateOptions } from '../../../src/trace/gate.js'
import { connection, FakeLog, FakeSinks, FakeTime, type Message, sipMessage, success } from './fakes.js'

export class FakeStore implements TraceStore {
  state: TraceState | undefined
  broken = false

  load(): TraceState | undefined {
    this.#check()
    return this.state
  }

  save(state: TraceState | undefined): void {
    this.#check()
    this.state = state
  }

  #check(): void {
    if (this.broken) throw new Error('EROFS: read-only file system')
  }
}

export class GateBench {
  readonly sinks = new FakeSinks()
  readonly time = new FakeTime()
  readonly log = new FakeLog()
  readonly store: FakeStore
  readonly live: ConnectionFacts[] = []
  readonly keylog: string[] = []
  readonly gate: TraceGate

  constructor(options: Partial<TraceGateOptions> = {}, store = new FakeStore()) {
    this.store = store
    this.gate = new TraceGate({
      traceOn: true,
      coreEvents: true,
      sinks: this.sinks,
      filter: undefined,
      keylog: { write: (line) => void this.keylog.push(line) },
      clock: this.time.clock,
      timers: this.time,
      live: () => this.live.values(),
      store,
      log: this.log,
      ...options,
    })
    benches.push(this)
  }

  on(more: { forMs?: number; existing?: boolean; scope?: TraceScope | undefined } = {}): void {
    this.gate.set({ trace_mode: 'on', by: 'test', ...more })
  }

  off(): void {
    this.gate.set({ trace_mode: 'off', by: 'test' })
  }

  pick(facts: ConnectionFacts, forMs?: number): void {
    this.gate.pick(facts, { on: true, by: 'test', forMs })
  }

  unpick(facts: ConnectionFacts): void {
    this.gate.pick(facts, { on: false, by: 'test' })
  }

  /** An accepted connection, open from here on. */
  accept(changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
    const facts = connection(changes)
    this.live.push(facts)
    publishConnection(success('ACCEPTED', facts))
    return facts
  }

  say(facts: ConnectionFacts, what: string | Message, direction: 'in' | 'out' = 'in', judge?: ConnectionFacts): void {
    const { buf, start, end, idStart, idEnd } = typeof what === 'string' ? sipMessage(what) : what
    this.gate.tap.message(facts, direction, buf, start, end, idStart, idEnd, judge)
  }

  /** One message from the edge to the core, and which of its two legs were traced. */
  relay(edge: ConnectionFacts, core: ConnectionFacts, what: string | Message = 'relayed@h'): string[] {
    const before = this.sinks.messages.length
    this.say(edge, what, 'in')
    this.say(core, what, 'out', edge)
    return this.sinks.messages.slice(before).map(({ leg }) => (leg.connId === edge.id ? 'edge' : 'core'))
  }

  /** Events and messages in their order; of messages the Call-ID. */
  get told(): string[] {
    return this.sinks.all.map((one) => {
      if (!('record' in one)) return one.callId
      return one.record === 'tls-session' ? 'TLS_SESSION' : one.name
    })
  }
}

const benches: GateBench[] = []

/** After each test: they share the channels of the process. */
export function closeGates(): void {
  for (const bench of benches.splice(0)) bench.gate.stop()
}

export function filter(run: (facts: ConnectionFacts) => Verdict): TraceFilter & { asked: string[] } {
  const asked: string[] = []
  return {
    name: 'tls_filter',
    asked,
    run(facts) {
      asked.push(facts.id)
      return run(facts)
    },
    explain(facts) {
      const verdict = run(facts)
      return { verdict, why: `the filter said ${verdict}` }
    },
  }
}

/** A connection to a server of ours. */
export const toCore = { side: 'core', direction: 'out', transport: 'tcp', tls: undefined, connectMs: 1 } as const
