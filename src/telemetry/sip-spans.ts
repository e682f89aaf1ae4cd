/**
 * Spans of SIP requests: one from the receipt of a request to the final response that is given back on the same
 * connection, for the calls whose lot it is. What a call's spans have in common is its trace (`span-ids.ts`), not a
 * parent: nobody tells us which request led to which.
 *
 *     request in ─▶ request out          linked to the spans of both connections
 *     final response out                 ends it; 3 minutes without one do so too
 *
 * It looks at every message while traces are exported, so it first asks what is cheap. A request whose call is not
 * sampled costs the search for its Call-ID (0.3 µs); its response a look into a table while a sampled request of the same
 * connection is under way, and else nothing. It keeps no bytes, and no more than so many requests.
 */
import type { Tracer } from '@opentelemetry/api'
import type { MessageSeen } from '../base/channels.js'
import { type MicroClock, microClock } from '../base/clock.js'
import { hashOfBytes } from '../base/hash.js'
import { findHeader, type HeaderPlace, headerNames, headersStart } from '../sip/headers.js'
import { methodText } from '../sip/methods.js'
import { decimal, SLASH, tokenEnd } from '../sip/values.js'
import { type Outcome, type RequestSeen, RequestSpans } from './request-span.js'
import { callLot, callTraceId, type SpanIdSource } from './span-ids.js'
import { Transactions } from './transactions.js'

export interface SipSpansOptions {
  readonly tracer: Tracer
  readonly ids: SpanIdSource
  /** of the calls, 0 to 1 */
  readonly share: number
  readonly clock?: MicroClock
}

/** Under way at the same time: 6 MB. A call that is answered in a second leaves room for 10 000 a second. */
const maxRequests = 10_000
/** RFC 3261 §16.6 step 11: Timer C, after which a proxy may give up on an INVITE. */
const timerCMicros = 180_000_000
/** RFC 3261 §17.2.2 Timer J, 64·T1: so long may a request over UDP be repeated after its final response. */
const timerJMicros = 32_000_000
const sweepEveryMs = 5_000

/** behind `SIP/2.0 ` (RFC 3261 §7.2) */
const statusAt = 8

/** Of a text that a peer chose and we keep: a Call-ID, a method. */
const maxTextBytes = 255
/** More are repetitions. */
const maxProvisional = 16

interface RequestUnderWay extends RequestSeen {
  readonly transaction: number
  /** FNV-1a of its Call-ID */
  readonly hash: number
  dueMicros: number
}

export class SipSpans {
  /** requests that got no span because too many were under way */
  dropped = 0
  readonly #share: number
  readonly #clock: MicroClock
  readonly #spans: RequestSpans
  /** by transaction, the one that is due first at the front */
  readonly #requests = new Map<number, RequestUnderWay>()
  /** how many of them have a Call-ID with that hash, and how many came on that connection */
  readonly #hashes = new Map<number, number>()
  readonly #connections = new Map<string, number>()
  /** how many of them have not been seen on their way out */
  #unrelayed = 0
  /** transactions over UDP that have ended, and until when they are remembered; the oldest at the front */
  readonly #ended = new Map<number, number>()
  readonly #transactions = new Transactions()
  readonly #sweeper: NodeJS.Timeout

  constructor({ tracer, ids, share, clock = microClock() }: SipSpansOptions) {
    this.#share = share
    this.#clock = clock
    this.#spans = new RequestSpans(tracer, ids)
    this.#sweeper = setInterval(() => this.sweep(), sweepEveryMs).unref()
  }

  see(seen: MessageSeen): void {
    const { facts, buf, start, direction } = seen
    // No method has a slash (RFC 3261 §25.1 token): this is the one of `SIP/2.0` at the start of a response.
    const isResponse = buf[start + 3] === SLASH
    if (direction === 'in') {
      if (!isResponse) this.#received(seen)
    } else if (isResponse ? this.#connections.has(facts.id) : this.#unrelayed > 0) {
      this.#sent(seen, isResponse)
    }
  }

  /** Ends what has waited too long. */
  sweep(): void {
    const now = this.#clock()
    for (const request of this.#requests.values()) {
      if (request.dueMicros > now) break
      this.#end(request, { kind: 'no-answer' })
    }
    for (const [transaction, until] of this.#ended) {
      if (until > now) break
      this.#ended.delete(transaction)
    }
  }

  /** Nothing that is under way will be seen to end. */
  stop(): void {
    clearInterval(this.#sweeper)
    for (const request of this.#requests.values()) this.#end(request, { kind: 'shutdown' })
    this.#ended.clear()
  }

  #received(seen: MessageSeen): void {
    const { buf, start, end } = seen
    // RFC 3261 §17.1.1.3: ACK has no response.
    const callId = isAck(buf, start) ? undefined : callIdOf(buf, start, end)
    if (callId === undefined) return
    const hash = hashOfBytes(buf, callId.valueStart, callId.valueEnd)
    if (callLot(hash) >= this.#share) return
    const transaction = this.#transactions.topmost(buf, start, end, callId, hash)
    if (transaction === undefined || this.#requests.has(transaction) || this.#ended.has(transaction)) return
    if (this.#requests.size < maxRequests) this.#begin(seen, callId, hash, transaction)
    else this.dropped++
  }

  #begin({ facts, buf, start, end }: MessageSeen, callId: HeaderPlace, hash: number, transaction: number): void {
    const { valueStart, valueEnd } = callId
    const startMicros = this.#clock()
    this.#requests.set(transaction, {
      traceId: callTraceId(buf, valueStart, valueEnd),
      method: methodText(buf, start, tokenEnd(buf, start, Math.min(end, start + maxTextBytes))),
      callId: buf.toString('utf8', valueStart, Math.min(valueEnd, valueStart + maxTextBytes)),
      facts,
      startMicros,
      relayed: undefined,
      provisional: [],
      transaction,
      hash,
      dueMicros: startMicros + timerCMicros,
    })
    add(this.#hashes, hash, 1)
    add(this.#connections, facts.id, 1)
    this.#unrelayed++
  }

  #sent(seen: MessageSeen, isResponse: boolean): void {
    const { buf, start, end } = seen
    const callId = callIdOf(buf, start, end)
    if (callId === undefined) return
    const hash = hashOfBytes(buf, callId.valueStart, callId.valueEnd)
    if (!this.#hashes.has(hash)) return
    const transaction = this.#transactions.topmost(buf, start, end, callId, hash)
    if (transaction === undefined) return
    if (isResponse) this.#answered(this.#requests.get(transaction), seen)
    // Whose the Via below our own is, or in tunnel mode the topmost.
    else this.#relayed(this.#requests.get(transaction) ?? this.#requests.get(this.#transactions.below() ?? -1), seen)
  }

  #relayed(request: RequestUnderWay | undefined, { facts }: MessageSeen): void {
    if (request === undefined || request.relayed !== undefined) return
    request.relayed = { facts, micros: this.#clock() }
    this.#unrelayed--
  }

  #answered(request: RequestUnderWay | undefined, { facts, buf, start, heldMs }: MessageSeen): void {
    if (request === undefined || request.facts.id !== facts.id) return
    const status = decimal(buf, start + statusAt, start + statusAt + 3)
    if (status < 200) {
      this.#provisional(request, status)
      return
    }
    this.#end(request, { kind: 'answered', status, byUs: heldMs === undefined })
    if (facts.transport === 'udp') this.#remember(request.transaction)
  }

  /** RFC 3261 §16.7 step 2: what rings has another three minutes; 100 only says that it came. */
  #provisional(request: RequestUnderWay, status: number): void {
    const micros = this.#clock()
    if (request.provisional.length < maxProvisional) request.provisional.push({ status, micros })
    if (status === 100) return
    request.dueMicros = micros + timerCMicros
    this.#requests.delete(request.transaction)
    this.#requests.set(request.transaction, request)
  }

  #remember(transaction: number): void {
    const oldest = this.#ended.size < maxRequests ? undefined : this.#ended.keys().next().value
    if (oldest !== undefined) this.#ended.delete(oldest)
    this.#ended.set(transaction, this.#clock() + timerJMicros)
  }

  #end(request: RequestUnderWay, outcome: Outcome): void {
    this.#requests.delete(request.transaction)
    add(this.#hashes, request.hash, -1)
    add(this.#connections, request.facts.id, -1)
    if (request.relayed === undefined) this.#unrelayed--
    this.#spans.add(request, outcome, this.#clock())
  }
}

/** It ends with the message: where the head does is not known. The index of a message takes three times as long. */
function callIdOf(buf: Buffer, start: number, end: number): HeaderPlace | undefined {
  return findHeader(buf, headersStart(buf, start, end), end, headerNames.callId)
}

/** What has come down to 0 is not kept. */
function add<K>(counts: Map<K, number>, key: K, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}

/** `ACK ` */
function isAck(buf: Buffer, start: number): boolean {
  return buf[start] === 0x41 && buf[start + 1] === 0x43 && buf[start + 2] === 0x4b && buf[start + 3] === 0x20
}
