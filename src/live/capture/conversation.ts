/**
 * The packets of one connection, made up around its messages: what a capture of the wire would show had nobody
 * encrypted it. TCP has a handshake, segments of real size, acknowledgements and an end, UDP its datagrams. Holds
 * sequence numbers and no message; writes nowhere.
 *
 * Addresses and ports are the true ones. Clear SIP is found by Wireshark on 5061 too (tshark 4.0): its TLS dissector
 * refuses what is no TLS record, and the heuristic of SIP takes it. What is made up is made up of the gateway's
 * knowledge: it sees messages, not segments, so handshake and acknowledgements take no time.
 */
import { type Endpoint, endpointText } from '../../base/address.js'
import { hashOfText, scramble } from '../../base/hash.js'
import { tcpFlags, tcpFrame, udpFrame, type Way, wayBetween } from './frame.js'

export type Party = 'initiator' | 'responder'

export interface Frame {
  /** Unix time in µs; never before that of the frame before */
  readonly micros: number
  readonly from: Party
  readonly bytes: Buffer
  readonly comments: readonly string[]
}

export interface Parties {
  readonly initiator: Endpoint
  readonly responder: Endpoint
}

/** One end of it. */
interface End {
  readonly party: Party
  /** to the other end */
  readonly way: Way
  /** sequence number of its next octet; grows beyond 2^32, which frame.ts takes off */
  next: number
  /** up to here the other end has said that it got it */
  acknowledged: number
}

const { fin, syn, rst, psh, ack } = tcpFlags
const nothing = Buffer.alloc(0)
/** RFC 9293 §3.8.6.3: an acknowledgement at least for every second full segment */
const segmentsPerAck = 2

export class Conversation {
  readonly #isUdp: boolean
  readonly #initiatorText: string
  readonly #initiator: End
  readonly #responder: End
  #comments: string[] = []
  #frames: Frame[] = []
  #latestMicros = 0

  /**
   * `seed` makes the initial sequence numbers: two conversations between the same ports need different ones, or
   * a reader takes the second for retransmissions of the first.
   */
  constructor(parties: Parties, isUdp: boolean, seed: string) {
    const { initiator, responder } = parties
    this.#isUdp = isUdp
    this.#initiatorText = endpointText(initiator)
    this.#initiator = endOf('initiator', wayBetween(initiator, responder), seed)
    this.#responder = endOf('responder', wayBetween(responder, initiator), seed)
  }

  /** Stands at the next frame. */
  note(comment: string): void {
    this.#comments.push(comment)
  }

  /** The handshake. Over UDP there is none. */
  open(micros: number): Frame[] {
    if (this.#isUdp) return []
    this.#latestMicros = micros
    const { next: theirs } = this.#initiator
    const { next: ours } = this.#responder
    this.#add(this.#initiator, tcpFrame(this.#initiator.way, theirs - 1, 0, syn, nothing))
    this.#add(this.#responder, tcpFrame(this.#responder.way, ours - 1, theirs, syn | ack, nothing))
    this.#acknowledge(this.#initiator)
    return this.#take()
  }

  /** One message, on TCP in segments of its own. */
  message(source: Endpoint, micros: number, bytes: Buffer): Frame[] {
    this.#latestMicros = Math.max(this.#latestMicros, micros)
    const from = endpointText(source) === this.#initiatorText ? this.#initiator : this.#responder
    if (this.#isUdp) this.#add(from, udpFrame(from.way, bytes))
    else this.#segments(from, bytes)
    return this.#take()
  }

  /** An orderly end: `first` says that it is done, then the other. */
  close(micros: number, first: Party): Frame[] {
    if (this.#isUdp) return []
    this.#latestMicros = Math.max(this.#latestMicros, micros)
    const end = first === 'initiator' ? this.#initiator : this.#responder
    const other = this.#otherOf(end)
    for (const one of [end, other]) {
      this.#send(one, fin | ack, nothing)
      one.next++ // RFC 9293 §3.4: FIN counts as one octet
    }
    this.#acknowledge(end)
    return this.#take()
  }

  /** A failure: `by` breaks it. */
  reset(micros: number, by: Party): Frame[] {
    if (this.#isUdp) return []
    this.#latestMicros = Math.max(this.#latestMicros, micros)
    this.#send(by === 'initiator' ? this.#initiator : this.#responder, rst | ack, nothing)
    return this.#take()
  }

  #segments(from: End, bytes: Buffer): void {
    const { maxSegment } = from.way
    for (let at = 0; at < bytes.length; at += maxSegment) {
      const segment = bytes.subarray(at, at + maxSegment)
      this.#send(from, at + maxSegment < bytes.length ? ack : psh | ack, segment)
      from.next += segment.length
      if (from.next - from.acknowledged >= segmentsPerAck * maxSegment) this.#acknowledge(this.#otherOf(from))
    }
  }

  #acknowledge(end: End): void {
    this.#send(end, ack, nothing)
  }

  /** Every segment says what its sender has got so far. */
  #send(end: End, flags: number, payload: Buffer): void {
    const other = this.#otherOf(end)
    other.acknowledged = other.next
    this.#add(end, tcpFrame(end.way, end.next, other.next, flags, payload))
  }

  #add(end: End, bytes: Buffer): void {
    this.#frames.push({ micros: this.#latestMicros, from: end.party, bytes, comments: this.#comments })
    if (this.#comments.length > 0) this.#comments = []
  }

  #take(): Frame[] {
    const frames = this.#frames
    this.#frames = []
    return frames
  }

  #otherOf(end: End): End {
    return end === this.#initiator ? this.#responder : this.#initiator
  }
}

function endOf(party: Party, way: Way, seed: string): End {
  const next = scramble(hashOfText(`${seed} ${party}`)) >>> 0
  return { party, way, next, acknowledged: next }
}
