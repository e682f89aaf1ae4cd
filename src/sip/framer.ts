/**
 * Finds the SIP messages in a byte stream (RFC 3261 §7.5, §18.3): bytes in, whole messages, pings and
 * lone CRLFs out, in order. A message that lies in one read is handed on where it lies; one that is
 * split is put together in one growing buffer. Every byte is looked at once, however it is split.
 *
 * It knows no socket and no time, decodes nothing to a string, and checks only what it needs to find
 * the end of a message: the form of the first line, line ends, Content-Length. It never decides what
 * becomes of a connection; it answers a fault, which is final.
 */
import { type FramerFault, SipHead, tooLarge } from './head.js'
import { CR, LF } from './headers.js'

export type { FramerFault } from './head.js'

export interface FramerLimits {
  /** first line to the end of the body */
  readonly maxMessageBytes: number
  /** tls_max_msg_chunks: reads one message may take */
  readonly maxReads: number
  /** tls_crlf_pingpong: call `onPing`. Off, pings are swallowed */
  readonly crlfPingpong: boolean
  /** tls_crlf_drop: swallow a single CRLF */
  readonly crlfDrop: boolean
  /** call `onCrlf` for a single CRLF before a message (tunnel mode). Off, it is ignored (RFC 3261 §7.5) */
  readonly passCrlf: boolean
}

export interface FramerSink {
  /**
   * One whole SIP message: buf[start, end), its body from bodyStart. The framer never writes to buf
   * again, so the bytes may be kept. `callIdStart`, `callIdEnd` and `isRequest` of the framer are
   * valid during the call.
   */
  onMessage(buf: Buffer, start: number, bodyStart: number, end: number): void
  /** A CRLFCRLF was received and wants one CRLF back (RFC 5626 §4.4.1). */
  onPing(): void
  /** A single CRLF to pass on. */
  onCrlf(): void
}

/**
 * A TLS record carries at most this much, and one read of the socket may hold several records that
 * arrive here one by one: after a full one, more of the same read may follow.
 */
const fullTlsRecord = 16384

/** Smallest buffer for a message that did not arrive whole: most SIP messages fit. */
const firstHoldBytes = 2048

const nothing: Buffer = Buffer.alloc(0)

export class SipFramer {
  /** Call-ID of the message in `onMessage`, offsets in the same buffer; both 0 if it has none. */
  callIdStart = 0
  callIdEnd = 0
  /** The message in `onMessage` is a request. */
  isRequest = false
  /** We sent a CRLFCRLF: set by the owner, false again once its answer came. */
  awaitsPong = false

  private readonly limits: FramerLimits
  private readonly sink: FramerSink
  private readonly head: SipHead
  /** bytes of `\r\n\r\n` seen since the last message or ping, 0 to 3 */
  private gap = 0
  /** the message being put together is held[0, heldBytes) */
  private held = nothing
  private heldBytes = 0
  /** reads that brought bytes of it */
  private reads = 0
  private fault: FramerFault | undefined

  constructor(limits: FramerLimits, sink: FramerSink) {
    this.limits = limits
    this.sink = sink
    this.head = new SipHead(limits.maxMessageBytes)
  }

  /** True while part of a message is held: the owner runs the incomplete-message timer. Pings and lone CRLFs never count. */
  get incomplete(): boolean {
    return this.heldBytes > 0
  }

  /**
   * Takes the next bytes of the stream and calls the sink for what they complete.
   * `newRead` false: more bytes of the same read of the socket, which count as one towards `maxReads`.
   * A fault is final: later calls return it again and do nothing.
   *
   * A message must be complete with read number `maxReads`; if it is not, that call returns the fault,
   * except when it brought a full TLS record: then more of the same read may follow, and the next call decides.
   */
  push(chunk: Buffer, newRead = true): FramerFault | undefined {
    if (this.fault !== undefined || chunk.length === 0) return this.fault
    let from = 0
    if (this.heldBytes > 0) {
      if (newRead && this.reads++ >= this.limits.maxReads) return this.tooManyReads()
      // Once the length is known only the missing bytes are copied, the rest is framed where it lies.
      const missing = this.head.messageBytes - this.heldBytes
      from = missing > 0 ? Math.min(missing, chunk.length) : chunk.length
      this.append(chunk, 0, from)
      this.frame(this.held, 0, this.heldBytes)
    }
    if (from < chunk.length && this.fault === undefined) this.frame(chunk, from, chunk.length)
    if (this.heldBytes > 0 && this.reads >= this.limits.maxReads && chunk.length < fullTlsRecord) {
      this.tooManyReads()
    }
    return this.fault
  }

  /** Frames buf[from, end), which begins with the held message or between messages; holds what is incomplete. */
  private frame(buf: Buffer, from: number, end: number): void {
    const head = this.head
    let at = from
    for (;;) {
      if (this.heldBytes === 0) {
        at = this.skipGap(buf, at, end)
        if (at === end || this.fault !== undefined) return
        head.reset()
      }
      if (head.messageBytes === 0 && !this.scanHead(buf, at, end)) return
      const messageEnd = at + head.messageBytes
      if (messageEnd > end) {
        this.hold(buf, at, end)
        return
      }
      // Ours no more: the sink may keep these bytes.
      if (this.heldBytes > 0) this.release()
      this.callIdStart = head.callIdEnd === 0 ? 0 : at + head.callIdStart
      this.callIdEnd = head.callIdEnd === 0 ? 0 : at + head.callIdEnd
      this.isRequest = head.isRequest
      this.sink.onMessage(buf, at, at + head.headBytes, messageEnd)
      at = messageEnd
      if (at === end) return
    }
  }

  /** True once the head is complete; else the message is held, or this was a fault. */
  private scanHead(buf: Buffer, at: number, end: number): boolean {
    // Looking no further than a message may reach keeps the answer the same however the bytes are split.
    const limit = Math.min(end, at + this.limits.maxMessageBytes)
    const answer = this.head.scan(buf, at, limit)
    if (answer === 'done') return true
    if (answer !== 'more') this.fail(answer)
    else if (limit < end) this.fail(tooLarge(this.limits.maxMessageBytes))
    else this.hold(buf, at, end)
    return false
  }

  /**
   * Between messages: takes CRLFs and returns where a message begins, or `end`.
   *
   *     CRLF          pong, the first one while we await it (RFC 5626 §4.4.1)
   *     CRLF CRLF     ping, also when the four bytes come in four reads (RFC 5626 §4.4.1)
   *     CRLF message  a single CRLF (RFC 3261 §7.5)
   *
   * A CRLF at the end of what was received is held as a number: it may be half a ping. A pong is never
   * held, or two of them would look like a ping.
   */
  private skipGap(buf: Buffer, from: number, end: number): number {
    for (let at = from; at < end; at++) {
      const byte = buf[at]
      if ((this.gap & 1) === 1) {
        if (byte !== LF) return this.badGap('a CR between messages is not followed by LF', end)
        this.endOfGapLine()
      } else if (byte === CR) {
        this.gap++
      } else if (byte === LF) {
        return this.badGap('a line between messages ends in LF without CR', end)
      } else {
        if (this.gap === 2) {
          this.gap = 0
          if (this.limits.passCrlf && !this.limits.crlfDrop) this.sink.onCrlf()
        }
        return at
      }
    }
    return end
  }

  /** The LF of a CRLF between messages. */
  private endOfGapLine(): void {
    if (this.awaitsPong) {
      this.awaitsPong = false
      this.gap-- // takes its CR out of what may become a ping
      return
    }
    this.gap++
    if (this.gap < 4) return
    this.gap = 0
    if (this.limits.crlfPingpong) this.sink.onPing()
  }

  private badGap(message: string, end: number): number {
    this.fail({ cause: 'bad-sip', message })
    return end
  }

  private tooManyReads(): FramerFault {
    const message = `a SIP message is still incomplete after ${this.limits.maxReads} reads`
    return this.fail({ cause: 'too-many-chunks', message })
  }

  private fail(fault: FramerFault): FramerFault {
    this.fault = fault
    this.release()
    return fault
  }

  /** Keeps an incomplete message that begins at `at`; one that is held already stays where it is. */
  private hold(buf: Buffer, at: number, end: number): void {
    if (this.heldBytes > 0) return
    this.reads = 1
    this.append(buf, at, end)
  }

  private release(): void {
    this.held = nothing
    this.heldBytes = 0
  }

  /** Doubling keeps the copying linear in the bytes received, and memory in proportion to what the peer really sent. */
  private append(chunk: Buffer, from: number, to: number): void {
    const needed = this.heldBytes + to - from
    if (needed > this.held.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.held.length * 2, firstHoldBytes))
      this.held.copy(larger, 0, 0, this.heldBytes)
      this.held = larger
    }
    chunk.copy(this.held, this.heldBytes, from, to)
    this.heldBytes = needed
  }
}
