/**
 * The one message that is under way now: its index, its topmost Via, how it was on the wire; and the last
 * steps of every message, writing and tracing both its legs. It decides nothing about where it goes.
 */
import { arrivalMs, channels, publishSent } from '../base/channels.js'
import { failure } from '../base/errors.js'
import type { ConnectionFacts } from '../base/facts.js'
import type { Refusal } from '../sip/check.js'
import { field, SipMessage } from '../sip/message.js'
import { behindComma } from '../sip/values.js'
import { Via } from '../sip/via.js'
import type { MessageCounters } from '../tls/message-counters.js'
import type { Tap } from '../trace/tap.js'
import type { Answers } from './answers.js'
import type { Leg } from './leg.js'
import type { Rewrite } from './rewrite.js'

export interface PassageOptions {
  /** trust.header, which the index has to find */
  readonly extraHeader: string
  readonly rewrite: Rewrite
  readonly answers: Answers
  readonly messages: MessageCounters
  readonly tap: Tap
  /** tls_async */
  readonly async: boolean
}

/** A message as the trace shows it. */
export type Wire = Pick<SipMessage, 'buf' | 'start' | 'end' | 'callIdStart' | 'callIdEnd'>

/** A message that waited, with what it was on the wire where it was changed since. */
export type Waited = Pick<SipMessage, 'buf' | 'start' | 'bodyStart' | 'end'> & {
  readonly asReceived: Wire | undefined
  readonly arrivedMs: number
}

/** One phone that does not read must not fill our memory: what may wait for an edge connection. */
const maxUnsentBytes = 1024 * 1024

export class Passage {
  readonly message: SipMessage
  readonly via = new Via()
  /** as it was on the wire, where `message` is not */
  asReceived: Wire | undefined
  /** its `arrivalMs()` */
  arrivedMs = 0
  readonly #options: PassageOptions

  constructor(options: PassageOptions) {
    this.#options = options
    this.message = new SipMessage(options.extraHeader)
  }

  /** One whole message, buf[start, end), that came on `source`. */
  begin(source: Leg, buf: Buffer, start: number, bodyStart: number, end: number): void {
    this.message.read(buf, start, bodyStart, end)
    this.asReceived = undefined
    this.arrivedMs = arrivalMs()
    // A core leg follows the verdict on the edge leg, which is known only when the way is; a response may be to a probe.
    if (source.facts.side === 'edge' && this.message.isRequest) this.traceIn(source, source.facts)
  }

  /** One that was begun before and had to wait. */
  resume({ buf, start, bodyStart, end, asReceived, arrivedMs }: Waited): void {
    this.message.read(buf, start, bodyStart, end)
    this.asReceived = asReceived
    this.arrivedMs = arrivedMs
    this.readVia()
  }

  /** From now on `message` may be another than what was received. */
  keepAsReceived(): void {
    const { buf, start, end, callIdStart, callIdEnd } = this.message
    this.asReceived = { buf, start, end, callIdStart, callIdEnd }
  }

  readVia(): boolean {
    const message = this.message
    const line = message.first(field.via)
    return this.via.read(message.buf, message.valueStart(line), message.valueEnd(line))
  }

  /** The Via below ours. */
  readViaBelow(): boolean {
    const message = this.message
    const line = message.first(field.via)
    if (this.via.hasMore) {
      const end = message.valueEnd(line)
      return this.via.read(message.buf, behindComma(message.buf, this.via.end, end), end)
    }
    const next = message.next(line)
    return next >= 0 && this.via.read(message.buf, message.valueStart(next), message.valueEnd(next))
  }

  /** The bytes that `message` became, on their way. */
  send(source: Leg, target: Leg, bytes: Buffer): void {
    const judge = source.facts.side === 'edge' ? source.facts : target.facts
    if (source.facts.side === 'core' || !this.message.isRequest) this.traceIn(source, judge)
    const { async, tap, messages } = this.#options
    const taken =
      async || target.facts.transport === 'udp' ? target.carrier.write(bytes, 1) : target.writeHolding(source, bytes)
    if (!taken) messages.lose(1, 'relay-closed')
    else if (tap.on || channels.message.hasSubscribers) this.#tellSent(target.facts, bytes, judge)
    if (target.blocked) this.#slowDown(source, target)
  }

  /** Whoever fills a connection that takes no more is not read; but one slow phone does not hold up our servers. */
  #slowDown(source: Leg, target: Leg): void {
    if (source.facts.side === 'edge') target.holdBack(source)
    else if (target.facts.side === 'core') target.holdBack(source)
    else if (target.carrier.unsentBytes > maxUnsentBytes) {
      target.fail(failure('send-timeout', `more than ${maxUnsentBytes} bytes wait for a peer that does not read`))
    }
  }

  /** Our own answer to the request. */
  answer(source: Leg, refusal: Refusal): void {
    if (source.facts.side === 'core') this.traceIn(source, source.facts)
    this.#options.answers.send(this.message, source, refusal)
    // Whoever asks and does not read the answers is not read either.
    if (source.blocked) source.holdBack(source)
  }

  traceIn(source: Leg, judge: ConnectionFacts): void {
    const { tap } = this.#options
    if (!tap.on) return
    const { buf, start, end, callIdStart, callIdEnd } = this.asReceived ?? this.message
    tap.message(source.facts, 'in', buf, start, end, callIdStart, callIdEnd, judge)
  }

  #tellSent(facts: ConnectionFacts, bytes: Buffer, judge: ConnectionFacts): void {
    const { tap, rewrite } = this.#options
    const { callIdStart, callIdEnd } = this.message
    const from = callIdEnd === 0 ? 0 : rewrite.shifted(callIdStart)
    const to = from + callIdEnd - callIdStart
    publishSent(facts, bytes, 0, bytes.length, from, to, this.arrivedMs)
    if (tap.on) tap.message(facts, 'out', bytes, 0, bytes.length, from, to, judge)
  }
}
