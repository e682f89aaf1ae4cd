/** Our own answers to requests (RFC 3261 §8.2.6, §16.7): built, sent back where the request came from, counted, traced. */
import { channels, publishSent } from '../base/channels.js'
import { causeEntry, type Failure } from '../base/errors.js'
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
    if (!this.sendOwn(source, reply, source.facts)) return
    this.#counters.answered(status)
    if (message.method === 'REGISTER' && source.facts.side === 'edge') this.#counters.registrationAnswered(status)
  }

  /** Is this ACK for an answer of ours? By its tag, which nobody else gives (RFC 3261 §8.2.7). */
  wasAnswered(message: SipMessage): boolean {
    const line = message.first(field.to)
    const tag = `;tag=${toTagOf(message.buf, message.start, message.bodyStart, this.#hash)}`
    return message.buf.subarray(message.valueStart(line), message.valueEnd(line)).includes(tag)
  }

  /** Sends bytes of our own, one message, and traces them by the verdict on `judge`; undefined: not traced. */
  sendOwn(leg: Leg, bytes: Buffer, judge: ConnectionFacts | undefined): boolean {
    const taken = leg.carrier.write(bytes, 1)
    if (taken && (this.#tap.on || channels.message.hasSubscribers)) this.#tell(leg.facts, bytes, judge)
    return taken
  }

  #tell(facts: ConnectionFacts, bytes: Buffer, judge: ConnectionFacts | undefined): void {
    const { length } = bytes
    const callId = findHeader(bytes, headersStart(bytes, 0, length), length, headerNames.callId)
    const [from, to] = callId === undefined ? [0, 0] : [callId.valueStart, callId.valueEnd]
    publishSent(facts, bytes, 0, length, from, to, undefined)
    if (judge !== undefined && this.#tap.on) this.#tap.message(facts, 'out', bytes, 0, length, from, to, judge)
  }
}

/** What a request is answered for which no connection could be had. */
export function undeliverable(reason: Failure, source: Leg): Refusal {
  const status = causeEntry(reason.cause).sipStatus
  // RFC 3261 §20.43. Only our own side is told: no names and addresses go to strangers.
  const extra = source.facts.side === 'core' ? [`Warning: 399 hepgate "${warnText(reason)}"`] : []
  return { status, reason: status === 408 ? 'Request Timeout' : 'Service Unavailable', extra }
}

/** A name with all its SRV targets makes a long story. */
const maxWarnChars = 400

/** Fit for a quoted-string (RFC 3261 §25.1). Some of it may be a peer's choice. */
function warnText({ cause, message }: Failure): string {
  return `${cause}: ${message}`
    .slice(0, maxWarnChars)
    .replace(/["\\]/g, "'")
    .replace(/[^ -~]/g, '?')
}

function dropReason(status: number): RequestDrop {
  switch (status) {
    case 400:
      return 'malformed'
    case 430:
      return 'flow-gone'
    case 404:
    case 408:
    case 503:
      return 'not-routable'
    default:
      return 'refused'
  }
}
