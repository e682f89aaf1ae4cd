/**
 * Spans of SIP requests: one from the receipt of a request to the final response that is given back on the same
 * connection, for the calls whose lot it is. What a call's spans have in common is its trace (`span-ids.ts`), not a
 * parent: nobody tells us which request led to which.
 *
 *     request in ─▶ request out          linked to the spans of both connections
 *     final response out                 ends it; so do the end of its connection, and 3 minutes without one
 *
 * It looks at every message while traces are exported, so it first asks what is cheap. A request whose call is not
 * sampled costs the hash of its Call-ID (40 ns); its response a look into a table while a sampled request of the same
 * connection is under way, and else nothing. It keeps no bytes, and no more than so many requests.
 */
import type { Tracer } from '@opentelemetry/api'
import type { MessageSeen } from '../../base/channels.js'
import { type MicroClock, microClock } from '../../base/clock.js'
import type { ConnectionEvent } from '../../base/facts.js'
import { hashOfBytes } from '../../base/hash.js'
import { methodText } from '../../sip/methods.js'
import { decimal, SLASH, tokenEnd } from '../../sip/values.js'
import { type Outcome, type RequestSeen, RequestSpans } from './request-span.js'
import { callLot, callTraceId, type SpanIdSource } from './span-ids.js'
import { Transactions } from './transactions.js'

export interface SipSpansOptions {
  readonly tracer: Tracer
  readonly ids: SpanIdSource
  /** of the calls, 0 to 1 */
  readonly share: number
  /** for the times of spans */
  readonly clock?: MicroClock
  /** for waiting: monotonic, whatever is done to the wall clock */
  readonly nowMs?: () => number
}

/** Under way at the same time: 6 MB. A call that is answered in a second leaves room for 10 000 a second. */
const maxRequests = 10_000
/** Of these on one connection: a peer that knows the hash and lets nothing be answered takes no more places than that. */
const maxOfConnection = 1000
/** RFC 3261 §16.6 step 11: Timer C, after which a proxy may give up on an INVITE. */
const timerCMs = 180_000
/** RFC 3261 §17.2.2 Timer J, 64·T1: so long may a request over UDP be repeated after its final response. */
const timerJMs = 32_000
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
  dueMs: number
}

export class SipSpans {
  /** requests that got no span because too many were under way, or too many of their connection */
  dropped = 0
  readonly #share: number
  readonly #clock: MicroClock
  readonly #nowMs: () => number
  readonly #spans: RequestSpans
  /** by transaction, the one that is due first at the front */
  readonly #requests = new Map<number, RequestUnderWay>()
  /** how many of them have a Call-ID with that hash */
  readonly #hashes = new Map<number, number>()
  /** those that came on the connection of that id; none is empty */
  readonly #connections = new Map<string, Set<RequestUnderWay>>()
  /** how many of them have not been seen on their way out */
  #unrelayed = 0
  /** transactions over UDP that have ended, and until when they are remembered; the oldest at the front */
  readonly #ended = new Map<number, number>()
  readonly #transactions = new Transactions()
  readonly #sweeper: NodeJS.Timeout

  constructor({ tracer, ids, share, clock = microClock(), nowMs = () => performance.now() }: SipSpansOptions) {
    this.#share = share
    this.#clock = clock
    this.#nowMs = nowMs
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

  /** A connection that closes takes with it what was to be answered on it. */
  seeConnection({ name, cause, facts }: ConnectionEvent): void {
    if (name !== 'CLOSED' || cause === undefined) return
    for (const request of this.#connections.get(facts.id) ?? []) this.#end(request, { kind: 'closed', cause })
  }

  /** Ends what has waited too long. */
  sweep(): void {
    const nowMs = this.#nowMs()
    for (const request of this.#requests.values()) {
      if (request.dueMs > nowMs) break
      this.#end(request, { kind: 'no-answer' })
    }
    for (const [transaction, untilMs] of this.#ended) {
      if (untilMs > nowMs) break
      this.#ended.delete(transaction)
    }
  }

  /** Nothing that is under way will be seen to end. */
  stop(): void {
    clearInterval(this.#sweeper)
    for (const request of this.#requests.values()) this.#end(request, { kind: 'closed', cause: 'shutdown' })
    this.#ended.clear()
  }

  #received(seen: MessageSeen): void {
    const { facts, buf, start, callIdStart, callIdEnd } = seen
    // RFC 3261 §17.1.1.3: ACK has no response.
    if (callIdEnd === 0 || isAck(buf, start)) return
    const hash = hashOfBytes(buf, callIdStart, callIdEnd)
    if (callLot(hash) >= this.#share) return
    const transaction = this.#transactions.topmost(seen, hash)
    if (transaction === undefined || this.#requests.has(transaction) || this.#ended.has(transaction)) return
    const ofConnection = this.#connections.get(facts.id)?.size ?? 0
    if (this.#requests.size < maxRequests && ofConnection < maxOfConnection) this.#begin(seen, hash, transaction)
    else this.dropped++
  }

  #begin({ facts, buf, start, end, callIdStart, callIdEnd }: MessageSeen, hash: number, transaction: number): void {
    const request: RequestUnderWay = {
      traceId: callTraceId(buf, callIdStart, callIdEnd),
      method: methodText(buf, start, tokenEnd(buf, start, Math.min(end, start + maxTextBytes))),
      callId: buf.toString('utf8', callIdStart, Math.min(callIdEnd, callIdStart + maxTextBytes)),
      facts,
      startMicros: this.#clock(),
      relayed: undefined,
      provisional: [],
      transaction,
      hash,
      dueMs: this.#nowMs() + timerCMs,
    }
    this.#requests.set(transaction, request)
    this.#hashes.set(hash, (this.#hashes.get(hash) ?? 0) + 1)
    const ofConnection = this.#connections.get(facts.id)
    if (ofConnection === undefined) this.#connections.set(facts.id, new Set([request]))
    else ofConnection.add(request)
    this.#unrelayed++
  }

  #sent(seen: MessageSeen, isResponse: boolean): void {
    const { buf, callIdStart, callIdEnd } = seen
    if (callIdEnd === 0) return
    const hash = hashOfBytes(buf, callIdStart, callIdEnd)
    if (!this.#hashes.has(hash)) return
    const transaction = this.#transactions.topmost(seen, hash)
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

  #answered(request: RequestUnderWay | undefined, { facts, buf, start, own }: MessageSeen): void {
    if (request === undefined || request.facts.id !== facts.id) return
    const status = decimal(buf, start + statusAt, start + statusAt + 3)
    if (status < 200) {
      this.#provisional(request, status)
      return
    }
    this.#end(request, { kind: 'answered', status, byUs: own })
    if (facts.transport === 'udp') this.#remember(request.transaction)
  }

  /** RFC 3261 §16.7 step 2: what rings has another three minutes; 100 only says that it came. */
  #provisional(request: RequestUnderWay, status: number): void {
    if (request.provisional.length < maxProvisional) request.provisional.push({ status, micros: this.#clock() })
    if (status === 100) return
    request.dueMs = this.#nowMs() + timerCMs
    this.#requests.delete(request.transaction)
    this.#requests.set(request.transaction, request)
  }

  #remember(transaction: number): void {
    const oldest = this.#ended.size < maxRequests ? undefined : this.#ended.keys().next().value
    if (oldest !== undefined) this.#ended.delete(oldest)
    this.#ended.set(transaction, this.#nowMs() + timerJMs)
  }

  #end(request: RequestUnderWay, outcome: Outcome): void {
    const { transaction, hash, facts, relayed } = request
    this.#requests.delete(transaction)
    const ofCall = (this.#hashes.get(hash) ?? 0) - 1
    if (ofCall > 0) this.#hashes.set(hash, ofCall)
    else this.#hashes.delete(hash)
    const ofConnection = this.#connections.get(facts.id)
    ofConnection?.delete(request)
    if (ofConnection?.size === 0) this.#connections.delete(facts.id)
    if (relayed === undefined) this.#unrelayed--
    this.#spans.add(request, outcome, this.#clock())
  }
}

/** `ACK ` */
function isAck(buf: Buffer, start: number): boolean {
  return buf[start] === 0x41 && buf[start + 1] === 0x43 && buf[start + 2] === 0x4b && buf[start + 3] === 0x20
}
