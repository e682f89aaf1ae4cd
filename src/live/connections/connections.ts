/**
 * The connections as viewers ask for them: live ones from their facts, each time anew, and those closed lately.
 * Lists and searches walk all of them in short turns, so that no call waits. It hears every event of a
 * connection and costs nothing else while nobody looks.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { channels } from '../base/channels.js'
import type { ConnectionEvent, ConnectionFacts } from '../base/facts.js'
import type {
  ConnectionDetail,
  ConnectionFilter,
  ConnectionQuery,
  ConnectionRow,
  MessageView,
  Page,
  SearchProblem,
  TimelineEntry,
} from '../base/live.js'
import { ClosedConnections } from './closed.js'
import { PageOfConnections } from './page.js'
import { connectionDetail, connectionRow, type Inspection } from './rows.js'
import { type ConnectionTest, compileSearch, type SearchSurroundings } from './search.js'
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
    callIdsOf(connId: string): readonly string[]
    usersOf(connId: string): Iterable<string>
    connectionsOfCall(callId: string): Iterable<string>
    messagesOf(connId: string): readonly MessageView[]
  }
  /** live.closed_connections */
  readonly closedKept: number
  /** which addresses are one host: an IPv6 customer has a /64 */
  readonly peerKey: (ip: string) => string
  /** Unix time in µs */
  readonly nowMicros: () => number
}

/** Connections visited in one turn of the event loop: one or two milliseconds. */
const perTurn = 2000

export class LiveConnections {
  readonly #options: LiveConnectionsOptions
  readonly #timelines = new Timelines()
  readonly #closed: ClosedConnections
  readonly #around: SearchSurroundings

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
    channels.connection.subscribe(this.#onEvent)
  }

  stop(): void {
    channels.connection.unsubscribe(this.#onEvent)
    this.#closed.clear()
  }

  async list(query: ConnectionQuery): Promise<Page<ConnectionRow> | SearchProblem> {
    const search = compileSearch(query, this.#around)
    if ('problem' in search) return search
    const page = PageOfConnections.begin(query)
    if ('problem' in page) return page
    // Taken now: a connection that closes during the walk is seen as a live one, and not a second time.
    const closed = query.closed || search.closedOnly ? Array.from(this.#closed.values(), ({ facts }) => facts) : []
    let visited = 0
    for (const connections of [this.#options.facts(), closed]) {
      for (const facts of connections) {
        if (search.matches(facts)) page.offer(facts)
        if (++visited % perTurn === 0) await nextTurn()
      }
    }
    const { found, total, next } = page.finish()
    return { rows: found.map((facts) => this.row(facts)), total, ...(next !== undefined && { next }) }
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

  /** Of a live connection, or of one closed lately. */
  #factsOf(id: string): ConnectionFacts | undefined {
    return this.#options.get(id) ?? this.#closed.get(id)?.facts
  }

  /** Of a closed one: whether it was, at its end. */
  #isTraced(facts: ConnectionFacts): boolean {
    return facts.closed === undefined ? this.#options.traced(facts) : this.#closed.get(facts.id)?.traced === true
  }

  #onEvent = (message: unknown): void => {
    const event = message as ConnectionEvent
    const { facts } = event
    this.#timelines.add(event, this.#options.nowMicros())
    if (event.name !== 'CLOSED') return
    this.#closed.add(facts, this.#options.traced(facts), this.#timelines.take(facts.id))
  }
}
