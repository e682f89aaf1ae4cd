/**
 * The live view as one part of the gateway: what was traced, the connections and calls, the last hour, the audit
 * list, and the streams and captures made of them. It puts its parts together and answers the questions of viewers;
 * the gateway gives it what it may look at.
 */
import type { ConnectionFacts } from '../base/facts.js'
import type {
  CallDetail,
  CallQuery,
  CallRow,
  CaptureRequest,
  ConnectionDetail,
  ConnectionQuery,
  ConnectionRow,
  DomainView,
  Overview,
  Page,
  Sample,
  SearchProblem,
  TraceBoard,
  Viewer,
  WatchRequest,
} from '../base/live.js'
import type { Log } from '../base/log.js'
import type { DestinationStatus, GatewayStatus, TraceStatus } from '../base/status.js'
import type { Config } from '../config/types.js'
import type { HepPacket } from '../hep/packet.js'
import { AuditList } from './audit.js'
import type { CaptureSources } from './capture/capture.js'
import { Captures } from './capture/captures.js'
import { LiveConnections, type LiveConnectionsOptions } from './connections/connections.js'
import { EventFeed } from './feed/feed.js'
import { MessageStore } from './messages/messages.js'
import { OtherAgents } from './messages/others.js'
import { type DomainCertificates, domainViews } from './overview/domains.js'
import { History } from './overview/history.js'
import { Overviews } from './overview/overview.js'
import { Walks } from './walks.js'

/** What the live view may look at. Everything is asked anew each time. */
export interface LiveOptions extends Omit<LiveConnectionsOptions, 'calls' | 'closedKept' | 'walks'> {
  readonly config: Config['live']
  readonly stateDir: string
  /** of hepgate */
  readonly version: string
  readonly log: Log
  readonly status: () => Promise<GatewayStatus>
  readonly trace: () => Promise<TraceStatus>
  readonly destinations: () => readonly DestinationStatus[]
  readonly domains: () => readonly DomainCertificates[]
  readonly maxConnections: () => number
}

/** entries of the audit list on the trace board */
const boardEntries = 100

export class Live {
  /** takes what is traced */
  readonly store: MessageStore
  readonly audit: AuditList
  /** for all who walk over the connections or the store because somebody asked */
  readonly walks = new Walks()
  readonly #options: LiveOptions
  readonly #connections: LiveConnections
  readonly #history: History
  readonly #overviews: Overviews
  readonly #feed: EventFeed
  readonly #captures: Captures
  readonly #others: OtherAgents

  /** To be made before the gate, see LiveConnections. */
  constructor(options: LiveOptions) {
    const { config, stateDir, log } = options
    this.#options = options
    this.audit = new AuditList(stateDir, log)
    this.store = new MessageStore(config.message_bytes)
    this.#others = new OtherAgents(this.store)
    this.#connections = new LiveConnections({
      ...options,
      closedKept: config.closed_connections,
      calls: this.store,
      walks: this.walks,
    })
    this.#captures = new Captures(this.#captureSources())
    this.#history = new History(options)
    this.#overviews = new Overviews({ ...options, history: this.#history })
    this.#feed = new EventFeed({
      connections: {
        facts: options.facts,
        traced: options.traced,
        row: (facts: ConnectionFacts) => this.#connections.row(facts),
        compile: (filter) => this.#connections.compile(filter),
      },
      calls: this.store.calls,
      overview: () => this.overview(),
      board: () => this.#board(),
      history: this.#history,
      maxViewers: () => config.viewers,
      log,
    })
  }

  /** When everything it may look at is there. */
  start(): void {
    this.#history.start()
  }

  overview(): Promise<Overview> {
    return this.#overviews.get()
  }

  history(): readonly Sample[] {
    return this.#history.list()
  }

  async connections(query: ConnectionQuery): Promise<Page<ConnectionRow> | SearchProblem> {
    await this.store.catchUp()
    return this.#connections.list(query)
  }

  async connection(id: string): Promise<ConnectionDetail | undefined> {
    await this.store.catchUp()
    return this.#connections.detail(id)
  }

  async calls(query: CallQuery): Promise<Page<CallRow> | SearchProblem> {
    await this.store.catchUp()
    return this.walks.offer(() => this.store.calls.list(query))
  }

  async call(callId: string): Promise<CallDetail | SearchProblem | undefined> {
    await this.store.catchUp()
    const rowOf = (id: string): ConnectionRow | undefined => this.#connections.rowOf(id)
    return this.walks.offer((slices) => this.store.calls.detail(callId, rowOf, slices))
  }

  domains(): Promise<DomainView[]> {
    return this.walks.inTurn(() => domainViews(this.#options.domains(), this.#options.facts()))
  }

  async watch(request: WatchRequest, viewer: Viewer): Promise<(() => void) | SearchProblem> {
    await this.store.catchUp()
    return this.#feed.watch(request, viewer)
  }

  async capture(request: CaptureRequest): Promise<AsyncIterable<Buffer> | SearchProblem | undefined> {
    await this.store.catchUp()
    return this.#captures.begin(request)
  }

  /** SECRET. Empty: none are held. undefined: no such connection. */
  keylog(id: string): readonly string[] | undefined {
    return this.#connections.keylog(id)
  }

  /** A packet the embedded collector received, of whomever. */
  received(packet: HepPacket): void {
    this.#others.packet(packet)
  }

  /** While their viewers can still be told. */
  endStreams(): void {
    this.#feed.stop()
    this.#captures.stop()
  }

  /** What was noted goes to the disk first. */
  async stop(): Promise<void> {
    this.endStreams()
    this.#history.stop()
    this.#connections.stop()
    this.store.stop()
    await this.audit.close()
  }

  async #board(): Promise<TraceBoard> {
    return {
      status: await this.#options.trace(),
      destinations: this.#options.destinations(),
      audit: this.audit.list(boardEntries),
    }
  }

  #captureSources(): CaptureSources {
    const { store } = this
    const connections = this.#connections
    return {
      version: this.#options.version,
      observers: this.#options.observers,
      walks: this.walks,
      rawOfCall: (callId) => store.rawOfCall(callId),
      rawOfConnection: (id) => store.rawOfConnection(id),
      rawSince: (n, test) => store.rawSince(n, test),
      onMessage: (hear, test) => store.onMessage(hear, test),
      settle: () => store.settle(),
      connection: (id) => connections.rowOf(id),
      timeline: (id) => connections.timeline(id),
      keylog: (id) => connections.keylog(id) ?? [],
      matching: (filter) => connections.matching(filter),
    }
  }
}
