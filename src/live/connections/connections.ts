/**
 * The connections as viewers ask for them: live ones from their facts, each time anew, and those closed lately.
 * Lists and searches walk all of them in slices and one after another, so that no call waits. It hears every event
 * of a connection and costs nothing else while nobody looks.
 */

import { channels } from '../../base/channels.js'
import type { ConnectionEvent, ConnectionFacts } from '../../base/facts.js'
import type {
  ConnectionDetail,
  ConnectionFilter,
  ConnectionQuery,
  ConnectionRow,
  MessageView,
  Page,
  SearchProblem,
  TimelineEntry,
} from '../../base/live.js'
import type { Observers } from '../../base/observers.js'
import type { Slices } from '../../base/slices.js'
import { type ConnectionSearch, type ConnectionTest, compileSearch, type SearchSurroundings } from '../search/search.js'
import type { Walks } from '../walks.js'
import { ClosedConnections } from './closed.js'
import { PageOfConnections } from './page.js'
import { connectionDetail, connectionRow, type Inspection } from './rows.js'
import { Timelines, timelineEntries } from './timelines.js'

export interface LiveConnectionsOptions {
  /** all live ones, also those in their handshake */
  readonly facts: () => Iterable<ConnectionFacts>
  readonly get: (id: string) => ConnectionFacts | undefined
  /** its events are being traced; asked at CLOSED too, before the gate forgets */
  readonly traced: (facts: ConnectionFacts) => boolean
  /** undefined: no socket of its own (UDP), or closed */
  readonly inspect: (id: string) => Inspection | undefined
  /** what the message store knows; traced connections only */
  readonly calls: {
    /** Takes in what came lately, as far as that is quickly done; `usersOf` and `connectionsOfCall` do not. */
    settle(): void
    callIdsOf(connId: string): readonly string[]
    usersOf(connId: string): Iterable<string>
    connectionsOfCall(callId: string): Iterable<string>
    messagesOf(connId: string): readonly MessageView[]
  }
  readonly observers: Observers
  readonly walks: Walks
  /** live.closed_connections */
  readonly closedKept: number
  /** which addresses are one host: an IPv6 customer has a /64 */
  readonly peerKey: (ip: string) => string
  /** Unix time in µs */
  readonly nowMicros: () => number
}

export class LiveConnections {
  readonly #options: LiveConnectionsOptions
  readonly #timelines = new Timelines()
  readonly #closed: ClosedConnections
  readonly #around: SearchSurroundings
  readonly #unsubscribe: () => void

  /** To be made before the gate: of two that hear CLOSED, the one that came first still finds it traced. */
  constructor(options: LiveConnectionsOptions) {
    this.#options = options
    this.#closed = new ClosedConnections(options.closedKept, options.peerKey)
    this.#around = {
      nowMicros: options.nowMicros,
      traced: (facts) => this.#isTraced(facts),
      usersOf: (id) => options.calls.usersOf(id),
      connectionsOfCall: (callId) => options.calls.connectionsOfCall(callId),
    }
    this.#unsubscribe = options.observers.observe(channels.connection, (event) => this.#onEvent(event))
  }

  stop(): void {
    this.#unsubscribe()
    this.#closed.clear()
  }

  async list(query: ConnectionQuery): Promise<Page<ConnectionRow> | SearchProblem> {
    const search = compileSearch(query, this.#around)
    if ('problem' in search) return search
    const page = PageOfConnections.begin(query)
    if ('problem' in page) return page
    const withClosed = query.closed || search.closedOnly
    return this.#options.walks.offer((slices) => this.#walk(search, page, withClosed, slices))
  }

  /** A test over the facts of connections, for whoever walks them. It may be kept. */
  compile(filter: ConnectionFilter): ConnectionTest | SearchProblem {
    const search = compileSearch(filter, this.#around)
    return 'problem' in search ? search : search.matches
  }

  /** The same for conn_ids, of live and of closed connections. What is not known, or forgotten, does not match. */
  matching(filter: ConnectionFilter): ((id: string) => boolean) | SearchProblem {
    const matches = this.compile(filter)
    if (typeof matches === 'object') return matches
    return (id) => {
      const facts = this.#factsOf(id)
      return facts !== undefined && matches(facts)
    }
  }

  row(facts: ConnectionFacts): ConnectionRow {
    return connectionRow(facts, this.#isTraced(facts))
  }

  /** undefined: not known, or forgotten. */
  rowOf(id: string): ConnectionRow | undefined {
    const facts = this.#factsOf(id)
    return facts && this.row(facts)
  }

  /** What happened to a connection, oldest first; empty: not known, or forgotten. */
  timeline(id: string): TimelineEntry[] {
    return timelineEntries(this.#closed.get(id)?.events ?? this.#timelines.of(id))
  }

  /** undefined: not known, or forgotten. */
  detail(id: string): ConnectionDetail | undefined {
    const facts = this.#factsOf(id)
    if (facts === undefined) return undefined
    const { calls, inspect } = this.#options
    return connectionDetail(facts, {
      traced: this.#isTraced(facts),
      inspection: facts.closed === undefined ? inspect(id) : undefined,
      events: this.timeline(id),
      messages: calls.messagesOf(id),
      callIds: calls.callIdsOf(id),
    })
  }

  /** SECRET. Empty: it is not traced, or tracing was switched off since. undefined: not known, or forgotten. */
  keylog(id: string): readonly string[] | undefined {
    const facts = this.#factsOf(id)
    if (facts === undefined) return undefined
    return this.#isTraced(facts) ? [...facts.keylog] : []
  }

  async #walk(
    { matches }: ConnectionSearch,
    page: PageOfConnections,
    withClosed: boolean,
    slices: Slices,
  ): Promise<Page<ConnectionRow>> {
    this.#options.calls.settle()
    // Taken now: a connection that closes during the walk is seen as a live one, and not a second time.
    const closed = withClosed ? Array.from(this.#closed.values(), ({ facts }) => facts) : []
    for (const connections of [this.#options.facts(), closed]) {
      for (const facts of connections) {
        if (matches(facts)) page.offer(facts)
        if (slices.isOver) await slices.next()
      }
    }
    const { found, total, next } = page.finish()
    const rows: ConnectionRow[] = []
    for (const facts of found) {
      rows.push(this.row(facts))
      if (slices.isOver) await slices.next()
    }
    return { rows, total, ...(next !== undefined && { next }) }
  }

  /** Of a live connection, or of one closed lately. */
  #factsOf(id: string): ConnectionFacts | undefined {
    return this.#options.get(id) ?? this.#closed.get(id)?.facts
  }

  /** Of a closed one: whether it was, at its end. */
  #isTraced(facts: ConnectionFacts): boolean {
    return facts.closed === undefined ? this.#options.traced(facts) : this.#closed.get(facts.id)?.traced === true
  }

  #onEvent(event: ConnectionEvent): void {
    const { facts } = event
    this.#timelines.add(event, this.#options.nowMicros())
    if (event.name !== 'CLOSED') return
    this.#closed.add(facts, this.#options.traced(facts), this.#timelines.take(facts.id))
  }
}
