/**
 * Reads the head of one SIP message as far as framing needs it: is the first line SIP, where does the
 * head end, what do Content-Length and Call-ID say. It can stop at any byte and go on when more has
 * come, and looks again only at bytes of the first line and of the two headers it reads.
 *
 * All offsets are counted from the first byte of the message, because the bytes may move between
 * calls. It does not judge headers it does not need and keeps no bytes.
 */
import { afterName, CR, headerNames, isBlank, LF, SP, skipBlanks, skipText, TAB } from './headers.js'

export interface FramerFault {
  readonly cause: 'bad-sip' | 'http-on-sip-port' | 'message-too-large' | 'too-many-chunks'
  /** one sentence for a person; holds none of the peer's text */
  readonly message: string
}

/** `done`: `messageBytes`, `headBytes`, `isRequest` and the Call-ID are known. `more`: the head is not complete. */
export type HeadScan = 'done' | 'more' | FramerFault

/** The place in the first line (RFC 3261 §7.1, §7.2). */
const place = { method: 0, target: 1, rest: 2, lineFeed: 3, over: 4 } as const
type Place = (typeof place)[keyof typeof place]

/** What a continuation line belongs to. */
const field = { firstLine: 0, other: 1, emptyLength: 2, length: 3, emptyCallId: 4 } as const
type Field = (typeof field)[keyof typeof field]

const SLASH = 0x2f
/** set in lower-case letters, clear in upper-case ones */
const lowerCase = 0x20

/** RFC 3261 §25.1 token: what a method is made of. */
const isToken = new Uint8Array(256)
for (const c of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~")) isToken[c] = 1

export class SipHead {
  /** the whole message; 0 while the head is not complete */
  messageBytes = 0
  headBytes = 0
  isRequest = false
  /** both 0 if there is none */
  callIdStart = 0
  callIdEnd = 0

  private readonly maxMessageBytes: number
  private place: Place = place.method
  /** where the Request-URI begins */
  private target = 0
  /** where to go on */
  private scanned = 0
  /** start of the header line to go on with */
  private lineStart = 0
  private field: Field = field.firstLine
  /** −1: no Content-Length yet */
  private contentLength = -1

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes
  }

  /** Before the first byte of the next message. */
  reset(): void {
    this.messageBytes = 0
    this.headBytes = 0
    this.callIdStart = 0
    this.callIdEnd = 0
    this.place = place.method
    this.scanned = 0
    this.lineStart = 0
    this.field = field.firstLine
    this.contentLength = -1
  }

  /** Goes on in buf[start, end), where `start` is the first byte of the message. Not to be called again after `done`. */
  scan(buf: Buffer, start: number, end: number): HeadScan {
    if (this.place !== place.over) {
      const answer = this.scanFirstLine(buf, start, end)
      if (answer !== 'done') return answer
    }
    return this.scanHeaders(buf, start, end)
  }

  /**
   * What is not SIP is to be known at the first byte that proves it, or at the end of the line, so that
   * a scanner or a browser does not hold a connection until a timeout. What RFC 4475 lets a receiver be
   * liberal about (§3.1.2: spaces in the Request-URI and around it, unknown versions, huge status
   * codes) is framed: the server behind answers it, and the other calls on the connection go on.
   */
  private scanFirstLine(buf: Buffer, start: number, end: number): HeadScan {
    let now = this.place
    for (let at = start + this.scanned; at < end; at++) {
      const c = buf[at]
      switch (now) {
        case place.method:
          if (isToken[c] === 1) break
          this.isRequest = c === SP && at > start
          if (!this.isRequest && !(c === SLASH && at === start + 3 && isSip(buf, start))) return notSip(c, at - start)
          now = this.isRequest ? place.target : place.rest
          break
        case place.target:
          if (c === SP) break
          // No URI begins with a slash, every HTTP request for a page has one here.
          if (c === SLASH) return httpRequest
          if (isControl(c)) return notSip(c, at - start)
          this.target = at - start
          now = place.rest
          break
        case place.rest:
          if (!isControl(c)) break
          if (c !== CR) return notSip(c, at - start)
          if (!this.isFirstLine(buf, start, at)) return bad('the first line is neither a SIP request nor a SIP reply')
          now = place.lineFeed
          break
        case place.lineFeed:
          if (c !== LF) return notSip(c, at - start)
          this.place = place.over
          this.scanned = this.lineStart = at + 1 - start
          return 'done'
      }
    }
    this.place = now
    this.scanned = end - start
    return 'more'
  }

  /** `… SP SIP/2.0` behind a Request-URI, or `SIP/2.0 SP 2…`; any version, which RFC 3261 §7.1 makes the server's matter. */
  private isFirstLine(buf: Buffer, start: number, end: number): boolean {
    if (!this.isRequest) {
      let at = start + 4
      while (isVersion(buf[at])) at++
      return buf[at] === SP && isDigit(buf[at + 1])
    }
    let at = end
    while (isBlank(buf[at - 1])) at--
    while (isVersion(buf[at - 1])) at--
    const sip = at - 4
    return sip - 1 > start + this.target && buf[sip - 1] === SP && isSip(buf, sip) && buf[sip + 3] === SLASH
  }

  private scanHeaders(buf: Buffer, start: number, end: number): HeadScan {
    let at = start + this.scanned
    let line = start + this.lineStart
    for (;;) {
      at = skipText(buf, at, end)
      if (at === end) break
      if (buf[at] === CR) {
        if (at + 1 === end) break
        // A reader behind us might take a CR alone for a line end, and see other headers than we do.
        if (buf[at + 1] !== LF) return bad('a CR in the header is not followed by LF')
        if (at === line) return this.complete(at + 2 - start)
        const fault = this.header(buf, start, line, at)
        if (fault !== undefined) return fault
        at += 2
        line = at
      } else if (buf[at] === LF) {
        return bad('a header line ends in LF without CR')
      } else {
        at++ // TAB, and what RFC 3261 §25.1 lets a quoted-pair hide
      }
    }
    this.scanned = at - start
    this.lineStart = line - start
    return 'more'
  }

  /** One line of the header, buf[line, end) without its CRLF. */
  private header(buf: Buffer, start: number, line: number, end: number): FramerFault | undefined {
    const first = buf[line]
    if (isBlank(first)) return this.continuation(buf, start, line, end)
    if (this.field === field.emptyLength) return emptyContentLength
    this.field = field.other
    switch (first | lowerCase) {
      case 0x63: // c
      case 0x69: // i
      case 0x6c: // l
        return this.wantedHeader(buf, start, line, end)
      default:
        return undefined
    }
  }

  private wantedHeader(buf: Buffer, start: number, line: number, end: number): FramerFault | undefined {
    const length = afterName(buf, line, end, headerNames.contentLength)
    if (length >= 0) return this.readLength(buf, start, length, end)
    const callId = afterName(buf, line, end, headerNames.callId)
    if (callId >= 0) this.readCallId(buf, start, callId, end)
    return undefined
  }

  /** RFC 3261 §7.3.1: a line that begins with white space belongs to the header before it. */
  private continuation(buf: Buffer, start: number, line: number, end: number): FramerFault | undefined {
    switch (this.field) {
      case field.emptyLength:
        return this.readLength(buf, start, line, end)
      case field.length:
        return skipBlanks(buf, line, end) === end ? undefined : badContentLength
      case field.emptyCallId:
        this.readCallId(buf, start, line, end)
        return undefined
      case field.firstLine:
        return bad('the first line is folded')
      default:
        return undefined
    }
  }

  /**
   * RFC 3261 §20.14: digits and nothing else. Several that agree are harmless; several that differ
   * (RFC 4475 §3.3.9) leave the end of the message to each reader's taste, and that must not be passed on.
   */
  private readLength(buf: Buffer, start: number, from: number, end: number): FramerFault | undefined {
    let at = skipBlanks(buf, from, end)
    if (at === end) {
      this.field = field.emptyLength
      return undefined
    }
    let value = 0
    const digits = at
    for (; at < end; at++) {
      const digit = buf[at] - 0x30
      if (digit < 0 || digit > 9) break
      // Stops growing above the limit, so that no number of digits is too long to read.
      if (value <= this.maxMessageBytes) value = value * 10 + digit
    }
    if (at === digits || skipBlanks(buf, at, end) !== end) return badContentLength
    if (this.contentLength >= 0 && this.contentLength !== value) return differingContentLengths
    this.field = field.length
    this.contentLength = value
    return end + 2 - start + value > this.maxMessageBytes ? tooLarge(this.maxMessageBytes) : undefined
  }

  /** The first Call-ID counts. */
  private readCallId(buf: Buffer, start: number, from: number, end: number): void {
    if (this.callIdEnd > 0) return
    const first = skipBlanks(buf, from, end)
    if (first === end) {
      this.field = field.emptyCallId
      return
    }
    let last = end
    while (isBlank(buf[last - 1])) last--
    this.field = field.other
    this.callIdStart = first - start
    this.callIdEnd = last - start
  }

  private complete(headBytes: number): HeadScan {
    if (this.field === field.emptyLength) return emptyContentLength
    // RFC 3261 §18.3: on a stream the body ends where Content-Length says. Without it the next message
    // cannot be found.
    if (this.contentLength < 0) return bad('no Content-Length, which RFC 3261 §18.3 requires on a stream')
    if (headBytes + this.contentLength > this.maxMessageBytes) return tooLarge(this.maxMessageBytes)
    this.headBytes = headBytes
    this.messageBytes = headBytes + this.contentLength
    return 'done'
  }
}

/** The three bytes of `SIP`, which RFC 3261 §7.1 compares without case. */
function isSip(buf: Buffer, at: number): boolean {
  return (buf[at] | lowerCase) === 0x73 && (buf[at + 1] | lowerCase) === 0x69 && (buf[at + 2] | lowerCase) === 0x70
}

function isVersion(c: number): boolean {
  return isDigit(c) || c === 0x2e
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

function isControl(c: number): boolean {
  return (c < SP && c !== TAB) || c === 0x7f
}

function notSip(byte: number, offset: number): FramerFault {
  const hex = byte.toString(16).padStart(2, '0')
  return bad(`the first line is not SIP: byte 0x${hex} at position ${offset}`)
}

const httpRequest: FramerFault = { cause: 'http-on-sip-port', message: 'an HTTP request where SIP is spoken' }
const badContentLength = bad('Content-Length is not a number')
const emptyContentLength = bad('Content-Length is empty')
const differingContentLengths = bad('two Content-Length headers differ')

function bad(message: string): FramerFault {
  return { cause: 'bad-sip', message }
}

/** There is a Content-Length, and it does not say where the message ends. */
export function isLengthFault(fault: FramerFault): boolean {
  return fault === badContentLength || fault === emptyContentLength || fault === differingContentLengths
}

export function tooLarge(maxMessageBytes: number): FramerFault {
  return { cause: 'message-too-large', message: `a SIP message is larger than ${maxMessageBytes} bytes` }
}
