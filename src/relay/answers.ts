/** Our own answers to requests (RFC 3261 §8.2.6, §16.7): built, sent back where the request came from, counted, traced. */
import type { ConnectionFacts } from '../base/facts.js'
import { SipHash } from '../base/siphash.js'
import type { Refusal } from '../sip/check.js'
import { findHeader, headerNames, headersStart } from '../sip/headers.js'
import { field, type SipMessage } from '../sip/message.js'
import { buildReply, toTagOf } from '../sip/reply.js'
import type { Tap } from '../trace/tap.js'
import type { EdgeCounters, RequestDrop } from './edge-counters.js'
import type { Leg } from './leg.js'

export class Answers {
  readonly #tap: Tap
  readonly #counters: EdgeCounters
  /** RFC 3261 §8.2.7: the tag of a stateless answer is the same for every retransmission */
  readonly #hash: SipHash

  constructor(tap: Tap, counters: EdgeCounters, key: Buffer) {
    this.#tap = tap
    this.#counters = counters
    this.#hash = new SipHash(key)
  }

  /** Nothing is sent for an ACK, nor where there is no Via to answer by. */
  send(message: SipMessage, source: Leg, { status, reason, extra }: Refusal): void {
    if (message.method === 'ACK' || message.first(field.via) < 0) {
      this.#counters.requestDropped(dropReason(status))
      return
    }
    const { buf, start, bodyStart } = message
    const toTag = toTagOf(buf, start, bodyStart, this.#hash)
    const reply = buildReply(buf, start, bodyStart, status, reason, { toTag, extra, source: source.facts.peer })
    this.sendOwn(source, reply, source.facts)
    this.#counters.answered(status)
  }

  /** Sends bytes of our own, one message, and traces them by the verdict on `judge`; undefined: not traced. */
  sendOwn(leg: Leg, bytes: Buffer, judge: ConnectionFacts | undefined): boolean {
    const taken = leg.carrier.write(bytes, 1)
    if (taken && judge !== undefined && this.#tap.on) {
      const callId = findHeader(bytes, headersStart(bytes, 0, bytes.length), bytes.length, headerNames.callId)
      const [from, to] = callId === undefined ? [0, 0] : [callId.valueStart, callId.valueEnd]
      this.#tap.message(leg.facts, 'out', bytes, 0, bytes.length, from, to, judge)
    }
    return taken
  }
}

function dropReason(status: number): RequestDrop {
  if (status === 430) return 'flow-gone'
  return status < 408 || status === 416 || status === 420 ? 'malformed' : 'not-routable'
}
