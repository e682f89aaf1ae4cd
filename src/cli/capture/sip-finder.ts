/**
 * Finds the SIP messages in a sequence of packets, each with its direction and time: a datagram is a
 * message, a TCP direction is a stream of them. Counts what it skips, and why. Memory is bounded by
 * the number of conversations it follows.
 */
import { endpointText } from '../../base/address.js'
import { connectionIds } from '../../base/clock.js'
import { SipFramer } from '../../sip/framer.js'
import { findHeader, headerNames, headersStart } from '../../sip/headers.js'
import type { TracedLeg, TraceSinks } from '../../trace/sinks.js'
import type { CapturedPacket } from './file.js'
import { PacketDecoder, type PacketSkip, type TcpPacket, type UdpPacket } from './packet.js'
import { TcpOrder } from './reorder.js'

export type SkipReason = PacketSkip | 'no payload' | 'keep-alive' | 'not SIP' | 'without Call-ID' | 'retransmission'

/** Takes the messages found; what it is given is not kept after the call. */
export type OnSip = TraceSinks['sip']

/** Both directions between two endpoints: one id, one clock. */
interface Conversation {
  readonly id: string
  lastMicros: number
}

interface Direction {
  readonly conversation: Conversation
  readonly leg: TracedLeg
  /** TCP only */
  readonly stream: TcpStream | undefined
}

/** The conversation that was silent for longest is forgotten beyond this. */
const maxDirections = 20_000
/** What one message may have: a UDP datagram holds no more, and HEP neither. */
const maxMessageBytes = 65_535
/** Messages of one read have one time; later than this after the first it is no such tie. */
const tieMicros = 1_000

export class SipFinder {
  packets = 0
  messages = 0
  /** places where TCP segments are missing in the capture */
  gaps = 0
  readonly skipped = new Map<SkipReason, number>()
  readonly #onSip: OnSip
  readonly #decoder = new PacketDecoder()
  readonly #newId = connectionIds()
  /** by transport, source and destination; the one used last is last */
  readonly #directions = new Map<string, Direction>()

  constructor(onSip: OnSip) {
    this.#onSip = onSip
  }

  push(captured: CapturedPacket): void {
    this.packets++
    const packet = this.#decoder.decode(captured)
    if (packet === undefined) return
    if (typeof packet === 'string') this.#skip(packet)
    else if (packet.transport === 'udp') this.#datagram(packet)
    else this.#segment(packet)
  }

  /** The last packet was pushed: what waits for one that never came is looked at. */
  end(): void {
    for (const { stream } of this.#directions.values()) stream?.giveUp()
    const fragments = this.#decoder.end()
    if (fragments > 0) this.skipped.set('IP fragment without the others', fragments)
  }

  #datagram(packet: UdpPacket): void {
    const { payload } = packet
    const callId = datagramCallId(payload)
    if (typeof callId === 'string') {
      this.#skip(callId)
    } else {
      const { leg, conversation } = this.#direction(packet)
      this.#found(leg, conversation, packet.micros, payload, 0, payload.length, callId.valueStart, callId.valueEnd)
    }
  }

  #segment(packet: TcpPacket): void {
    const { payload, syn, ack, fin, rst } = packet
    if (payload.length === 0 && !syn && !fin && !rst) {
      this.#skip('no payload')
      return
    }
    // the ports may have been used before, by another connection
    if (syn && !ack) this.#forget(directionKey(packet), reverseKey(packet))
    const outcome = this.#direction(packet).stream?.push(packet)
    if (outcome !== undefined) this.#skip(outcome)
  }

  #direction(packet: UdpPacket | TcpPacket): Direction {
    const key = directionKey(packet)
    const known = this.#directions.get(key)
    if (known !== undefined) this.#directions.delete(key)
    const direction = known ?? this.#newDirection(packet)
    this.#directions.set(key, direction)
    if (this.#directions.size > maxDirections) {
      const [oldest] = this.#directions.keys()
      this.#forget(oldest)
    }
    return direction
  }

  #forget(...keys: string[]): void {
    for (const key of keys) {
      this.#directions.get(key)?.stream?.giveUp()
      this.#directions.delete(key)
    }
  }

  #newDirection(packet: UdpPacket | TcpPacket): Direction {
    const { transport, source, destination } = packet
    const reverse = this.#directions.get(reverseKey(packet))
    const conversation = reverse?.conversation ?? { id: this.#newId(), lastMicros: 0 }
    const leg: TracedLeg = { source, destination, transport, connId: conversation.id, heads: [] }
    const onMessage: OnStreamSip = (micros, buf, start, end, callIdStart, callIdEnd) => {
      if (callIdEnd === 0) this.#skip('without Call-ID')
      else this.#found(leg, conversation, micros, buf, start, end, callIdStart, callIdEnd)
    }
    const onGap = (): void => {
      this.gaps++
    }
    return { conversation, leg, stream: transport === 'tcp' ? new TcpStream(onMessage, onGap) : undefined }
  }

  #found(
    leg: TracedLeg,
    conversation: Conversation,
    packetMicros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): void {
    this.messages++
    // Several messages of one packet must not be shown in the wrong order.
    const after = conversation.lastMicros - packetMicros
    const micros = after >= 0 && after < tieMicros ? conversation.lastMicros + 1 : packetMicros
    conversation.lastMicros = micros
    this.#onSip(leg, micros, buf, start, end, callIdStart, callIdEnd)
  }

  #skip(reason: SkipReason): void {
    this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1)
  }
}

type OnStreamSip = (
  micros: number,
  buf: Buffer,
  start: number,
  end: number,
  callIdStart: number,
  callIdEnd: number,
) => void

/** One direction of a TCP connection. A capture may begin in the middle of it, or be of something else. */
class TcpStream {
  readonly #onMessage: OnStreamSip
  readonly #onGap: () => void
  readonly #order = new TcpOrder((payload, gap) => this.#read(payload, gap))
  #framer: SipFramer
  #micros = 0
  #isSip = true

  constructor(onMessage: OnStreamSip, onGap: () => void) {
    this.#onMessage = onMessage
    this.#onGap = onGap
    this.#framer = this.#newFramer()
  }

  /** A reason to count the packet as skipped, undefined when it was of use. */
  push({ sequence, syn, fin, rst, payload, micros }: TcpPacket): SkipReason | undefined {
    this.#micros = micros
    this.#isSip = true
    if (syn) {
      this.#order.restart(sequence)
      this.#framer = this.#newFramer()
    }
    // RFC 9293 §3.4: a SYN takes a number of its own
    const isNew = payload.length === 0 || this.#order.push((sequence + (syn ? 1 : 0)) >>> 0, payload)
    if (fin || rst) this.#order.giveUp()
    if (!isNew) return 'retransmission'
    if (!this.#isSip) return 'not SIP'
    return payload.length === 0 ? 'no payload' : undefined
  }

  giveUp(): void {
    this.#order.giveUp()
  }

  /** After a gap, or what is not SIP, each segment may be the one a message begins with. */
  #read(payload: Buffer, gap: boolean): void {
    if (gap) {
      this.#onGap()
      this.#framer = this.#newFramer()
    }
    if (this.#framer.push(payload) === undefined) return
    this.#isSip = false
    this.#framer = this.#newFramer()
  }

  #newFramer(): SipFramer {
    const framer: SipFramer = new SipFramer(
      { maxMessageBytes, maxReads: Number.MAX_SAFE_INTEGER, crlfPingpong: false, crlfDrop: true, passCrlf: false },
      {
        onMessage: (buf, start, _bodyStart, end) =>
          this.#onMessage(this.#micros, buf, start, end, framer.callIdStart, framer.callIdEnd),
        onPing() {},
        onCrlf() {},
      },
    )
    return framer
  }
}

function directionKey({ transport, source, destination }: UdpPacket | TcpPacket): string {
  return `${transport} ${endpointText(source)} ${endpointText(destination)}`
}

function reverseKey({ transport, source, destination }: UdpPacket | TcpPacket): string {
  return `${transport} ${endpointText(destination)} ${endpointText(source)}`
}

/**
 * Where the Call-ID of a datagram is, or why it is no SIP message. RFC 3261 §18.3: a datagram needs no
 * Content-Length, so that its end is not looked for.
 */
function datagramCallId(payload: Buffer): { valueStart: number; valueEnd: number } | SkipReason {
  if (payload.length === 0) return 'no payload'
  // RFC 5626 §3.5.1 and what phones send besides: CRLFs, zeros
  if (payload.length <= 4 && payload.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0)) return 'keep-alive'
  const headersAt = headersStart(payload, 0, payload.length)
  const firstLine = payload.toString('latin1', 0, Math.max(0, headersAt - 2))
  if (!isFirstLine(firstLine)) return 'not SIP'
  const headEnd = payload.indexOf('\r\n\r\n')
  const place = findHeader(payload, headersAt, headEnd < 0 ? payload.length : headEnd + 4, headerNames.callId)
  return place === undefined || place.valueStart === place.valueEnd ? 'without Call-ID' : place
}

const requestBegin = /^[A-Za-z0-9.!%*_+`'~-]+ /
const requestEnd = / SIP\/\d+\.\d+ *$/i
const statusLine = /^SIP\/\d+\.\d+ +\d/i
/** Longer than ` SIP/2.0`, and short enough to look at from every place. */
const lineTail = 24

/** RFC 3261 §7.1, §7.2; spaces at the end as RFC 4475 §3.1.2.10 lets a receiver tolerate them. */
function isFirstLine(line: string): boolean {
  return statusLine.test(line) || (requestBegin.test(line) && requestEnd.test(line.slice(-lineTail)))
}
