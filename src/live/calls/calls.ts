/**
 * The calls of the messages in the store, by Call-ID. A call is known as long as one of its messages is kept. The
 * store hands over each message once it is read, and again when it is forgotten; here no bytes are kept.
 */
import type { CallDetail, CallQuery, CallRow, ConnectionRow, Page, SearchProblem } from '../../base/live.js'
import { Slices } from '../../base/slices.js'
import type { SipMessage } from '../../sip/message.js'
import type { Stored } from '../messages/stored.js'
import { type CallTest, compileCallSearch } from '../search/call-search.js'
import { Call } from './call.js'
import { flowOf } from './flow.js'

/** About 1.5 kB each: 30 MB, as much as the messages of so many calls take by default. */
export const maxCalls = 20_000
/** No ladder of more can be read, and a registration or a keep-alive goes on under one Call-ID for months. */
const maxFlow = 1000

export class Calls {
  /** grows with every change: the same number, the same calls */
  version = 0
  readonly #maxCalls: number
  readonly #settle: () => void
  readonly #isKept: (entry: Stored) => boolean
  /** in the order of their last change */
  readonly #byId = new Map<string, Call>()

  /** `settle` reads messages that wait to be read, before a question is answered; `isKept`: its bytes are still there. */
  constructor(settle: () => void, isKept: (entry: Stored) => boolean, max = maxCalls) {
    this.#settle = settle
    this.#isKept = isKept
    this.#maxCalls = max
  }

  get size(): number {
    return this.#byId.size
  }

  /** The last changed first. The cursor is the place of the last row, so that a call that changes meanwhile hides no other. */
  list(query: CallQuery): Page<CallRow> | SearchProblem {
    const matches = compileCallSearch(query.search)
    if (typeof matches !== 'function') return matches
    const below = query.cursor === undefined ? Number.POSITIVE_INFINITY : versionOf(query.cursor)
    if (below === undefined) return { problem: 'the cursor is none of ours' }
    this.#settle()
    return this.#page(matches, below, query.limit)
  }

  /** `rowOf`: a connection, as far as it is still known. Of a long flow what came last; `forgotten` counts all that are not in it. */
  async detail(
    callId: string,
    rowOf: (connId: string) => ConnectionRow | undefined,
    slices = new Slices(),
  ): Promise<CallDetail | undefined> {
    this.#settle()
    const call = this.#byId.get(callId)
    if (call === undefined) return undefined
    const row = call.row()
    const flow = await flowOf(byTime(call.entries.newest(maxFlow)), this.#isKept, slices)
    const messages = flow.filter(({ kind }) => kind === 'sip').length
    return {
      ...row,
      flow,
      legs: row.conn_ids.map(rowOf).filter((leg) => leg !== undefined),
      forgotten: row.messages - messages,
    }
  }

  /** By time. */
  entriesOf(callId: string): Stored[] {
    this.#settle()
    return byTime([...(this.#byId.get(callId)?.entries ?? [])])
  }

  /** As far as its messages are read. */
  connectionsOf(callId: string): readonly string[] {
    return this.#byId.get(callId)?.conn_ids ?? []
  }

  /** A SIP message whose Call-ID is noted in it. True when none of the call came over its connection before. */
  add(entry: Stored, callId: string, message: SipMessage): boolean {
    const call = this.#byId.get(callId) ?? new Call(callId, entry.micros)
    entry.callId = call.call_id
    const isNew = call.add(entry, message)
    this.#changed(call)
    return isNew
  }

  /** An event in the flow of a call; of calls that nobody knows any more, only one that announces them counts. */
  addEvent(entry: Stored): void {
    const callId = entry.callId as string
    const known = this.#byId.get(callId)
    entry.callId = undefined
    if (known === undefined && entry.event?.announces !== true) return
    const call = known ?? new Call(callId, entry.micros)
    entry.callId = call.call_id
    call.addEvent(entry)
    this.#changed(call)
  }

  /** The oldest of its call. */
  forget({ callId }: Stored): void {
    const call = callId === undefined ? undefined : this.#byId.get(callId)
    if (call === undefined) return
    call.entries.shift()
    if (call.entries.length === 0) this.#remove(call)
  }

  #page(matches: CallTest, below: number, limit: number): Page<CallRow> {
    const found: Call[] = []
    let total = 0
    for (const call of this.#newestFirst()) {
      if (!matches(call)) continue
      total++
      if (call.version < below && found.length <= limit) found.push(call)
    }
    const shown = found.slice(0, limit)
    const last = shown.at(-1)
    const rows = shown.map((call) => call.row())
    return found.length > limit && last !== undefined ? { rows, total, next: cursorOf(last.version) } : { rows, total }
  }

  #newestFirst(): Call[] {
    return [...this.#byId.values()].reverse()
  }

  #changed(call: Call): void {
    call.version = ++this.version
    this.#byId.delete(call.call_id)
    this.#byId.set(call.call_id, call)
    if (this.#byId.size > this.#maxCalls) this.#drop(this.#byId.values().next().value as Call)
  }

  /** Its messages stay in the store, and in that of their connection. */
  #drop(call: Call): void {
    for (const entry of call.entries) entry.callId = undefined
    this.#remove(call)
  }

  #remove({ call_id }: Call): void {
    this.#byId.delete(call_id)
    this.version++
  }
}

function byTime(entries: Stored[]): Stored[] {
  return entries.sort((a, b) => a.micros - b.micros || a.n - b.n)
}

function cursorOf(version: number): string {
  return Buffer.from(`calls ${version}`).toString('base64url')
}

function versionOf(cursor: string): number | undefined {
  const [, version] = /^calls (\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  return version === undefined ? undefined : Number(version)
}
