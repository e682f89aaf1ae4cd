/**
 * The traced messages of late, in memory: a bounded ring of bytes, the oldest leave first. It takes them as a trace
 * destination does (`TraceSinks`): a message costs a copy, and is read only later, a few at a time. Of events it keeps
 * a line in the flow of their call and never the payload, so no key material is ever in it. A Call-ID is a text here:
 * two that differ only in bytes that are not UTF-8 (RFC 3261 §25.1 allows none in it) are one call.
 *
 *     sip, event ─▶ ring ─▶ (only while somebody looks) calls, connections, followers
 */
import type { Endpoint } from '../../base/address.js'
import type { Direction, Side, Transport } from '../../base/facts.js'
import type { MessageView } from '../../base/live.js'
import { field, type SipMessage } from '../../sip/message.js'
import { Calls, maxCalls } from '../calls/calls.js'
import { ConnectionMessages } from './connection-messages.js'
import { Fifo } from './fifo.js'
import { Followers } from './followers.js'
import { messageView } from './message-view.js'
import { OwnConnections } from './own-connections.js'
import { Reading } from './reading.js'
import { addressOfRecord, readMessage } from './sip-summary.js'
import { Slab } from './slab.js'
import { type EventNote, type MessageTest, type RawMessage, rawMessage, type Stored, type StoredLeg } from './stored.js'

/** Less than any SIP message that does something has: the book-keeping of an entry (300 bytes) is bounded by that. */
const minEntryBytes = 256
/** RFC 3261 gives none; 20 to 60 octets in practice. What is longer is kept and belongs to no call. */
const maxCallIdBytes = 255
/** Before a question is answered: at 4 µs each, 10 ms; more wait only in a flood. */
const readBeforeAnswer = 2500
/** A test of whoever follows takes a quarter of a reading, or less. */
const testsPerReading = 4
/** What somebody looks through, of messages and of calls; all of them are in a capture. */
const maxShown = 200
/** Characters: an event line has about 150, but its message may quote a peer. */
const maxLine = 500

/** What the store reads of a traced event (trace/event.ts). */
export interface StoredEvent {
  readonly name: string
  readonly status: 'SUCCESS' | 'FAILURE'
  readonly cause: string | undefined
  readonly message: string
  readonly facts: {
    readonly id: string
    readonly direction: Direction
    readonly transport: Transport
    readonly side: Side
    readonly local: Endpoint
    readonly peer: Endpoint
  }
  readonly micros: number
  readonly correlation: string
  readonly record: 'connection' | 'tls-session'
}

export class MessageStore {
  readonly calls: Calls
  readonly #slab: Slab | undefined
  readonly #maxEntries: number
  readonly #entries = new Fifo<Stored>()
  readonly #connections = new ConnectionMessages()
  readonly #own = new OwnConnections()
  readonly #followers = new Followers()
  readonly #reading: Reading
  /** The leg of the message before, and what is kept of it: consecutive messages often share theirs. */
  #lastLeg: StoredLeg | undefined
  #kept!: StoredLeg
  /**
   * What is kept of the legs of the tap: of others who are shown them, those carry prepared heads, each a slice
   * that would hold 8 kB of Node's buffer pool for as long as a message is kept.
   */
  readonly #legs = new WeakMap<StoredLeg, StoredLeg>()
  /** of the next entry */
  #next = 1

  /** `maxBytes`: of messages; 0: none are kept. */
  constructor(maxBytes: number, mostCalls: number = maxCalls) {
    this.#slab = maxBytes > 0 ? new Slab(maxBytes) : undefined
    this.#maxEntries = Math.max(1, Math.floor(maxBytes / minEntryBytes))
    this.#reading = new Reading({
      first: () => this.#first,
      next: () => this.#next,
      read: (n) => this.#readOne(this.#entries.at(n - this.#first) as Stored),
    })
    this.calls = new Calls(
      () => this.settle(),
      ({ n }) => n >= this.#first,
      mostCalls,
    )
  }

  /** It counts as a trace destination. */
  get configured(): boolean {
    return this.#slab !== undefined
  }

  /** Messages and events kept. */
  get length(): number {
    return this.#entries.length
  }

  /** One SIP message as it was on the wire. Copies it and does nothing else. */
  sip(
    leg: StoredLeg,
    micros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): void {
    if (leg !== this.#lastLeg) {
      this.#lastLeg = leg
      this.#kept = this.#keep(leg)
    }
    this.#add(this.#kept, micros, buf, start, end, callIdStart, callIdEnd, undefined, undefined)
  }

  /** Events of a connection are in its timeline; here are those in the flow of a call. */
  event({ name, status, cause, message, facts, micros, correlation, record }: StoredEvent): void {
    this.#own.add(facts.id)
    if (correlation === facts.id) return
    const announces = record === 'tls-session'
    const { direction, local, peer, transport, side } = facts
    const [source, destination] = direction === 'in' ? [peer, local] : [local, peer]
    const words = announces ? 'TLS_SESSION' : [name, status, cause].filter((word) => word !== undefined).join(' ')
    const leg = { source, destination, transport, side, connId: facts.id }
    this.note(leg, micros, correlation, `${words}: ${message}`, { failed: status === 'FAILURE', announces })
  }

  /** A line in the flow of a call. */
  note(leg: StoredLeg, micros: number, callId: string, line: string, event: EventNote): void {
    const bytes = Buffer.from(line.slice(0, maxLine))
    if (callId.length <= maxCallIdBytes) this.#add(leg, micros, bytes, 0, bytes.length, 0, 0, event, callId)
  }

  /** Somebody looks: all that came so far is read, in slices, and for a minute more what comes is read soon. */
  catchUp(): Promise<void> {
    return this.#reading.catchUp()
  }

  /** Reads what came lately, unless there is too much of it, and those who follow hear of it. */
  settle(): void {
    this.#reading.settle(Math.ceil(readBeforeAnswer / (1 + this.#followers.size / testsPerReading)))
  }

  /** The tap delivered messages or events of that connection, lately. */
  isOwn(connId: string): boolean {
    return this.#own.has(connId)
  }

  /** The newest of a connection, newest last, without their text. */
  messagesOf(connId: string, limit = maxShown): MessageView[] {
    this.settle()
    return this.#connections.newestOf(connId, limit).map((entry) => messageView(entry))
  }

  /** At most so many, those heard of last. */
  callIdsOf(connId: string, limit = maxShown): string[] {
    this.settle()
    return this.#connections.callIdsOf(connId, limit)
  }

  /**
   * Addresses of record at the other end of the connection: From of what it asked, To of what it was asked. None of a
   * connection to our own servers, behind which everybody is. As far as they are known: a search asks it of every
   * connection, also for a message that is being read.
   */
  usersOf(connId: string): Iterable<string> {
    return this.#connections.usersOf(connId)
  }

  /** As far as they are known, too. */
  connectionsOfCall(callId: string): readonly string[] {
    return this.calls.connectionsOf(callId)
  }

  /** The SIP messages of a connection that are kept, oldest first. What is forgotten between two of them is left out. */
  rawOfConnection(connId: string): Generator<RawMessage> {
    this.settle()
    return this.#raw([...this.#connections.of(connId)])
  }

  /** The SIP messages of a call on all its legs, by time. */
  rawOfCall(callId: string): Generator<RawMessage> {
    return this.#raw(this.calls.entriesOf(callId))
  }

  /**
   * The SIP messages kept behind number `n` that pass `test`, oldest first; 0: all. In the place of one that does not
   * it yields undefined, so that whoever goes through them can let others have their turn. Who calls this and then, in
   * the same turn, `onMessage`, gets each message once.
   */
  rawSince(n: number, test: MessageTest): Generator<RawMessage | undefined> {
    this.settle()
    return this.#rawBetween(n + 1, this.#reading.unread, test)
  }

  /**
   * Calls `hear` with each SIP message that passes `test` and is read from now on, in their order, about 100 ms after
   * it came; returns the end of that. Either may ask the store what it knows.
   */
  onMessage(hear: (message: RawMessage) => void, test: MessageTest): () => void {
    const end = this.#followers.add(hear, test)
    this.#reading.soon()
    return end
  }

  stop(): void {
    this.#reading.stop()
    this.#followers.clear()
  }

  /** Number of the oldest entry. */
  get #first(): number {
    return this.#next - this.#entries.length
  }

  #keep(leg: StoredLeg): StoredLeg {
    const known = this.#legs.get(leg)
    if (known !== undefined) return known
    const { source, destination, transport, connId, direction, side, agent } = leg
    const kept = { source, destination, transport, connId, direction, side, agent }
    this.#legs.set(leg, kept)
    if (connId !== undefined) this.#own.add(connId)
    return kept
  }

  *#rawBetween(from: number, to: number, test: MessageTest): Generator<RawMessage | undefined> {
    for (let n = Math.max(from, this.#first); n < to; n = Math.max(n + 1, this.#first)) {
      const entry = this.#entries.at(n - this.#first) as Stored
      yield entry.event === undefined && test(entry.leg.connId, entry.callId) ? rawMessage(entry) : undefined
    }
  }

  *#raw(entries: readonly Stored[]): Generator<RawMessage> {
    for (const entry of entries) if (entry.event === undefined && entry.n >= this.#first) yield rawMessage(entry)
  }

  #add(
    leg: StoredLeg,
    micros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
    event: EventNote | undefined,
    callId: string | undefined,
  ): void {
    const slab = this.#slab
    const bytes = end - start
    if (slab === undefined || bytes > slab.pageBytes) return
    const position = slab.place(bytes)
    this.#makeRoom(slab.floor(position + bytes))
    slab.write(position, buf, start, end)
    const at = slab.offset(position)
    const hasCallId = callIdEnd > callIdStart
    this.#entries.push({
      n: this.#next++,
      micros,
      leg,
      event,
      position,
      page: slab.page(position),
      start: at,
      end: at + bytes,
      callIdStart: hasCallId ? at + callIdStart - start : 0,
      callIdEnd: hasCallId ? at + callIdEnd - start : 0,
      callId,
      retransmission: false,
    })
    this.#reading.came(this.#followers.size > 0)
  }

  /** For bytes that take the place of all below `floor`, and for one more entry. */
  #makeRoom(floor: number): void {
    const entries = this.#entries
    while (entries.length > 0 && (entries.at(0)!.position < floor || entries.length === this.#maxEntries)) {
      const entry = entries.shift()!
      if (entry.n >= this.#reading.unread) continue // nobody looked, or there was a flood: some are never read
      this.calls.forget(entry)
      if (entry.event === undefined) this.#connections.forget(entry)
    }
  }

  #readOne(entry: Stored): void {
    if (entry.event !== undefined) {
      this.calls.addEvent(entry)
      return
    }
    this.#readSip(entry)
    this.#followers.tell(entry)
  }

  #readSip(entry: Stored): void {
    const { page, callIdStart, callIdEnd } = entry
    const isFirst = this.#connections.add(entry)
    if (callIdEnd > callIdStart && callIdEnd - callIdStart <= maxCallIdBytes) {
      const message = readMessage(page, entry.start, entry.end)
      const isNewCall = this.calls.add(entry, page.toString('utf8', callIdStart, callIdEnd), message)
      if (isFirst || isNewCall) this.#noteUser(entry.leg, message)
    }
  }

  #noteUser({ connId, direction, side }: StoredLeg, message: SipMessage): void {
    if (connId === undefined || direction === undefined || side === 'core') return
    // RFC 3261 §8.1.1: a response repeats From and To of its request.
    const asked = (direction === 'in') === message.isRequest
    const user = addressOfRecord(message, asked ? field.from : field.to)
    if (user !== undefined) this.#connections.addUser(connId, user)
  }
}
