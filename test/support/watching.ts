/** An event feed over connections, calls and a trace board that a test changes as it likes; its clock and timer stand still. */
import type { ConnectionFacts } from '../../src/base/facts.js'
import type {
  AuditEntry,
  CallRow,
  ConnectionFilter,
  Delta,
  Overview,
  Sample,
  SearchProblem,
  TraceBoard,
  WatchRequest,
} from '../../src/base/live.js'
import { connectionRow } from '../../src/live/connections/rows.js'
import { EventFeed } from '../../src/live/feed/feed.js'
import { destinationStatus, healthyStatus, RememberingViewer } from './watched.js'

export class WatchScene {
  live: ConnectionFacts[] = []
  /** conn_ids */
  readonly traced = new Set<string>()
  calls: CallRow[] = []
  callsVersion = 0
  samples: Sample[] = []
  overview: Overview = {
    at: '2027-01-15T08:00:00.000Z',
    status: healthyStatus(),
    attention: [],
    breakdown: { versions: {}, ciphers: {}, directions: { in: 0, out: 0 }, transports: {}, weak: [], traced: 0 },
  }
  board: TraceBoard = { status: healthyStatus().trace, destinations: [destinationStatus()], audit: [] }
  maxViewers = 32
  nowMs = 1000
  /** thrown by the walk over the connections */
  failure: Error | undefined
  /** how often something was asked for */
  readonly asked = { rows: 0, walks: 0, calls: 0 }
  readonly timer = { started: 0, stopped: 0 }
  readonly errors: string[] = []
  readonly feed = new EventFeed({
    connections: {
      facts: () => {
        if (this.failure !== undefined) throw this.failure
        this.asked.walks++
        return this.live
      },
      traced: ({ id }) => this.traced.has(id),
      row: (facts) => {
        this.asked.rows++
        return connectionRow(facts, this.traced.has(facts.id))
      },
      compile: (filter) => this.#compile(filter),
    },
    calls: this.#callSource(),
    overview: async () => this.overview,
    board: async () => this.board,
    history: this.#historySource(),
    maxViewers: () => this.maxViewers,
    log: { debug() {}, info() {}, warn() {}, error: (_fields, message) => this.errors.push(message) },
    epoch: 'mi3kx',
    nowMs: () => this.nowMs,
    every: () => {
      this.timer.started++
      return () => this.timer.stopped++
    },
  })

  /** A second later. */
  async tick(seconds = 1): Promise<void> {
    this.nowMs += seconds * 1000
    await this.feed.tick()
  }

  /** What a viewer asks for, unless told otherwise: the connections. */
  request(changes: Partial<WatchRequest> = {}): WatchRequest {
    return { topics: ['connections'], connections: {}, calls: {}, limit: 100, ...changes }
  }

  /** A viewer that has its first event. */
  async watching(changes: Partial<WatchRequest> = {}): Promise<{ viewer: RememberingViewer; leave: () => void }> {
    const viewer = new RememberingViewer()
    const leave = await this.feed.watch(this.request(changes), viewer)
    if (typeof leave !== 'function') throw new Error(leave.problem)
    await this.served()
    return { viewer, leave }
  }

  /** Until everybody who came has been served, without a tick of the clock. */
  async served(): Promise<void> {
    const probe = new RememberingViewer()
    const { maxViewers } = this
    this.maxViewers = Number.POSITIVE_INFINITY
    const leave = await this.feed.watch(this.request({ topics: [], limit: 0 }), probe)
    this.maxViewers = maxViewers
    if (typeof leave !== 'function') throw new Error(leave.problem)
    while (probe.events.length === 0 && probe.ended === undefined) await new Promise((turn) => setImmediate(turn))
    leave()
  }

  /** Decisions, not counters. */
  decide(entry: AuditEntry): void {
    this.board = { ...this.board, audit: [entry, ...this.board.audit] }
  }

  /** `search` is part of the SNI, or `traced`, or `bad`. */
  #compile({ search }: ConnectionFilter): ((facts: ConnectionFacts) => boolean) | SearchProblem {
    if (search === 'bad') return { problem: 'bad is no search' }
    if (search === 'traced') return ({ id }) => this.traced.has(id)
    return ({ sni }) => search === undefined || (sni?.includes(search) ?? false)
  }

  #callSource() {
    const scene = this
    return {
      get version(): number {
        return scene.callsVersion
      },
      list({ search, limit }: { search?: string | undefined; limit: number }) {
        scene.asked.calls++
        if (search === 'bad') return { problem: 'bad is no search for calls' }
        const matching = scene.calls.filter((call) => search === undefined || call.call_id.includes(search))
        return { rows: matching.slice(0, limit), total: matching.length }
      },
    }
  }

  #historySource() {
    const scene = this
    return {
      get latest(): number {
        return scene.samples.at(-1)?.t ?? 0
      },
      since: (t: number) => scene.samples.filter((sample) => sample.t > t),
    }
  }
}

export function callRow(callId: string, changes: Partial<CallRow> = {}): CallRow {
  return {
    call_id: callId,
    method: 'INVITE',
    state: 'trying',
    started_at: '2027-01-15T08:00:00.000Z',
    last_at: '2027-01-15T08:00:00.000Z',
    messages: 1,
    retransmissions: 0,
    errors: 0,
    conn_ids: [],
    agents: [],
    ...changes,
  }
}

/** A screen: what a viewer has when it applies what it is sent. */
export class Screen {
  readonly connections = new Map<string, { bytes_in: number; users: readonly string[]; traced: boolean }>()
  readonly sampleTimes: number[] = []
  total = 0

  apply({ events }: RememberingViewer): this {
    for (const one of events) {
      const { data } = one
      if (one.event === 'snapshot') this.connections.clear()
      const samples = one.event === 'snapshot' ? one.data.overview?.history : one.data.samples
      if (one.event === 'snapshot') this.sampleTimes.length = 0
      this.sampleTimes.push(...(samples ?? []).map(({ t }) => t))
      if (data.connections === undefined) continue
      for (const row of data.connections.rows) this.connections.set(row.conn_id, { ...row })
      if (one.event === 'delta') this.#applyDelta(one.data.connections)
      this.total = data.connections.total
    }
    return this
  }

  #applyDelta(delta: Delta['connections']): void {
    for (const [id, bytesIn] of delta?.counters ?? []) {
      const row = this.connections.get(id)
      if (row === undefined) throw new Error(`counters of ${id}, which is not on the screen`)
      row.bytes_in = bytesIn
    }
    for (const id of delta?.removed ?? []) {
      if (!this.connections.delete(id)) throw new Error(`${id} is removed and was not on the screen`)
    }
  }
}
