/**
 * Looks at everything viewers see, once for all audiences: one walk over the connections, the overview, the trace
 * board, the calls. Gives each audience its picture; knows no viewer and no time of its own.
 */
import type { ConnectionFacts } from '../../base/facts.js'
import type {
  CallQuery,
  CallRow,
  ConnectionFilter,
  ConnectionRow,
  Overview,
  Page,
  SearchProblem,
  TraceBoard,
} from '../../base/live.js'
import type { History } from '../overview/history.js'
import type { Audience } from './audience.js'
import { Marks, type Newest } from './marks.js'
import { type Part, type Picture, type Rows, rowsOfCalls } from './picture.js'

/** Counters of destinations change all the time; what people decide is sent at once. */
const boardEveryMs = 5000

export interface LookSources {
  readonly connections: {
    /** live ones, oldest first */
    facts(): Iterable<ConnectionFacts>
    traced(facts: ConnectionFacts): boolean
    row(facts: ConnectionFacts): ConnectionRow
    compile(filter: ConnectionFilter): ((facts: ConnectionFacts) => boolean) | SearchProblem
  }
  readonly calls: {
    /** grows with every change of a call */
    readonly version: number
    list(query: CallQuery): Page<CallRow> | SearchProblem
  }
  /** the same object as long as nothing was looked at anew */
  overview(): Promise<Overview>
  board(): Promise<TraceBoard>
  readonly history: Pick<History, 'since' | 'latest'>
}

/** Of one look, by question: who asks for other connections mostly asks for the same calls, and they are megabytes. */
type ListedCalls = Map<string, Rows<string>>

export class Looks {
  readonly #sources: LookSources
  readonly #nowMs: () => number
  readonly #marks = new Marks()
  #look = 0
  #overview: (Part & { readonly of: Overview }) | undefined
  #board: (Part & { readonly decided: string; readonly sinceMs: number }) | undefined

  /** `nowMs`: monotonic */
  constructor(sources: LookSources, nowMs: () => number) {
    this.#sources = sources
    this.#nowMs = nowMs
  }

  /** One look for all of them; a picture each, in their order. */
  async pictures(audiences: readonly Audience[]): Promise<readonly Picture[]> {
    const look = ++this.#look
    const finders = audiences.map((audience) => audience.finder())
    await this.#lookAtConnections(
      look,
      finders.filter((finder) => finder !== undefined),
    )
    if (audiences.some(({ topics }) => topics.has('overview'))) await this.#lookAtOverview(look)
    if (audiences.some(({ topics }) => topics.has('trace'))) await this.#lookAtBoard(look)
    const listed: ListedCalls = new Map()
    return audiences.map((audience, i) => {
      const { topics } = audience
      const finder = finders[i]
      return {
        look,
        overview: topics.has('overview') ? this.#overview : undefined,
        sampleT: this.#sources.history.latest,
        connections: finder && { byId: finder.rows(), total: finder.total },
        ...this.#callsFor(audience, listed),
        trace: topics.has('trace') ? this.#board : undefined,
      }
    })
  }

  /** Nobody looks any more. */
  forget(): void {
    this.#marks.clear()
    this.#overview = undefined
    this.#board = undefined
  }

  async #lookAtConnections(look: number, finders: readonly Newest[]): Promise<void> {
    const { connections } = this.#sources
    if (finders.length === 0) return
    await this.#marks.look(look, connections.facts(), (facts) => connections.traced(facts), finders)
  }

  #callsFor({ topics, callQuery, picture }: Audience, listed: ListedCalls): Pick<Picture, 'calls' | 'callsVersion'> {
    const { calls } = this.#sources
    const callsVersion = calls.version
    if (!topics.has('calls')) return { calls: undefined, callsVersion }
    if (picture?.callsVersion === callsVersion) return { calls: picture.calls, callsVersion }
    const question = `${callQuery.limit} ${callQuery.search ?? ''}`
    const rows = listed.get(question) ?? this.#listCalls(callQuery)
    listed.set(question, rows)
    return { calls: rows, callsVersion }
  }

  #listCalls(query: CallQuery): Rows<string> {
    const page = this.#sources.calls.list(query)
    return 'problem' in page ? rowsOfCalls([], 0) : rowsOfCalls(page.rows, page.total)
  }

  async #lookAtOverview(look: number): Promise<void> {
    const overview = await this.#sources.overview()
    if (this.#overview?.of === overview) return
    this.#overview = { of: overview, json: JSON.stringify(overview), changedIn: look }
  }

  async #lookAtBoard(look: number): Promise<void> {
    const board = await this.#sources.board()
    const decided = decisionsOf(board)
    const now = this.#nowMs()
    const before = this.#board
    if (before !== undefined && before.decided === decided && now - before.sinceMs < boardEveryMs) return
    this.#board = { json: JSON.stringify(board), decided, sinceMs: now, changedIn: look }
  }
}

/** What of the board only changes when somebody decides something or a destination comes or goes. */
function decisionsOf({ status, destinations, audit }: TraceBoard): string {
  return JSON.stringify([
    { ...status, secondsLeft: undefined, tracedConnections: undefined, filterFailures: undefined },
    destinations.map(({ id, address, state, paused, lastErrorAt }) => [id, address, state, paused, lastErrorAt]),
    audit[0],
    audit.length,
  ])
}
