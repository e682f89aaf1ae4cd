/**
 * One page of connections: the best of all that match, by one column, behind a cursor. Keeps no more than a page
 * while it is offered them one by one, and remembers nothing between pages: a cursor names the last row by its
 * value and conn_id, so that what opens and closes meanwhile moves no other row.
 */
import type { ConnectionFacts } from '../../base/facts.js'
import { type ConnectionQuery, type ConnectionSort, connectionSorts, type SearchProblem } from '../../base/live.js'
import { inet4Number } from '../search/addresses.js'

export type PageQuery = Pick<ConnectionQuery, 'sort' | 'descending' | 'limit' | 'cursor'>

/** Numbers come before texts, where a column has both. */
type SortValue = number | string

interface Place {
  value: SortValue
  id: string
}

interface Entry extends Place {
  facts: ConnectionFacts
}

export interface FoundPage {
  readonly found: readonly ConnectionFacts[]
  readonly total: number
  readonly next: string | undefined
}

/** What a column is sorted by. Where a connection has nothing there, it comes before all others. */
const columns: Readonly<Record<ConnectionSort, (facts: ConnectionFacts) => SortValue>> = {
  opened_at: ({ openedMicros }) => openedMicros,
  // IPv6 by its text, behind all of IPv4: 2001:db8:: is in one place, and that is what it is for
  peer: ({ peer }) => {
    const inet4 = inet4Number(peer.ip)
    return inet4 === undefined ? peer.ip : inet4 * 0x10000 + peer.port
  },
  tls_sni: ({ sni }) => sni ?? '',
  tls_version: ({ tls }) => tls?.version ?? '',
  bytes: ({ bytesIn, bytesOut }) => bytesIn + bytesOut,
  messages: ({ messagesIn, messagesOut }) => messagesIn + messagesOut,
  handshake_ms: ({ handshakeMs }) => handshakeMs ?? -1,
}

export class PageOfConnections {
  readonly #query: PageQuery
  readonly #after: Place | undefined
  readonly #valueOf: (facts: ConnectionFacts) => SortValue
  readonly #sign: 1 | -1
  /** a heap: the last of the page so far is its root */
  readonly #page: Entry[] = []
  #total = 0
  /** of these, behind the cursor */
  #behind = 0

  private constructor(query: PageQuery, after: Place | undefined) {
    this.#query = query
    this.#after = after
    this.#valueOf = columns[query.sort]
    this.#sign = query.descending ? -1 : 1
  }

  static begin(query: PageQuery): PageOfConnections | SearchProblem {
    if (!connectionSorts.includes(query.sort)) return { problem: `sort: ${connectionSorts.join(', ')} are the columns` }
    if (query.cursor === undefined) return new PageOfConnections(query, undefined)
    const after = placeOf(query.cursor, query)
    if (after === undefined) return { problem: 'cursor: it does not belong to this sorting; begin with the first page' }
    return new PageOfConnections(query, after)
  }

  /** One of those that match. Its value is read now: it may change before the page is whole. */
  offer(facts: ConnectionFacts): void {
    this.#total++
    const value = this.#valueOf(facts)
    const { id } = facts
    if (this.#after !== undefined && this.#compare(value, id, this.#after) <= 0) return
    this.#behind++
    const page = this.#page
    if (page.length < this.#query.limit) {
      page.push({ value, id, facts })
      this.#rise()
      return
    }
    const root = page[0]
    if (root === undefined || this.#compare(value, id, root) > 0) return
    root.value = value
    root.id = id
    root.facts = facts
    this.#sink(root)
  }

  finish(): FoundPage {
    const page = this.#page.sort((a, b) => this.#compare(a.value, a.id, b))
    const last = page[page.length - 1]
    const next = last !== undefined && this.#behind > page.length ? cursorOf(last, this.#query) : undefined
    return { found: page.map(({ facts }) => facts), total: this.#total, next }
  }

  /** Below 0: comes before `other` in the order of the page. */
  #compare(value: SortValue, id: string, other: Place): number {
    return this.#sign * (compareValues(value, other.value) || compareIds(id, other.id))
  }

  /** The last one, just added, to its place in the heap. */
  #rise(): void {
    const page = this.#page
    let at = page.length - 1
    const entry = page[at]
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = page[above]
      if (this.#compare(entry.value, entry.id, parent) <= 0) break
      page[at] = parent
      at = above
    }
    page[at] = entry
  }

  /** The root, just replaced, to its place in the heap. */
  #sink(entry: Entry): void {
    const page = this.#page
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= page.length) break
      const right = page[below + 1]
      if (right !== undefined && this.#compare(right.value, right.id, page[below]) > 0) below++
      const child = page[below]
      if (this.#compare(entry.value, entry.id, child) >= 0) break
      page[at] = child
      at = below
    }
    page[at] = entry
  }
}

/** They are numbers of 64 bits in decimal: the longer one is the larger one. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || compareTexts(a, b)
}

function compareValues(a: SortValue, b: SortValue): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1
  return typeof b === 'number' ? 1 : compareTexts(a, b)
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function cursorOf({ value, id }: Place, { sort, descending }: PageQuery): string {
  return Buffer.from(JSON.stringify([sort, descending, value, id])).toString('base64url')
}

/** The place a cursor names; undefined: it is none, or of another order. */
function placeOf(cursor: string, { sort, descending }: PageQuery): Place | undefined {
  let fields: unknown
  try {
    fields = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(fields) || fields.length !== 4) return undefined
  const [ofSort, ofDirection, value, id] = fields as unknown[]
  if (ofSort !== sort || ofDirection !== descending) return undefined
  if ((typeof value !== 'number' && typeof value !== 'string') || typeof id !== 'string') return undefined
  return /^\d{1,20}$/.test(id) ? { value, id } : undefined
}
