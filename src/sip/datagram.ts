/**
 * Reads the one SIP message of a datagram (RFC 3261 §18.3): the same head as on a stream, but the
 * length of the body is known without Content-Length, and what is wrong concerns no other message.
 *
 * It knows no socket, keeps no bytes and changes none. Who is to be answered is decided elsewhere.
 */
import { type FramerFault, isLengthFault, SipHead, tooLarge } from './head.js'
import { CR, findHeader, headerNames, headersStart, LF } from './headers.js'

/**
 * `message`: the offsets are set, and what lies behind Content-Length is left out. `truncated`: the same
 * for a request of which bytes are missing, or whose Content-Length cannot be read; it ends with the datagram,
 * is to be answered 400 and never passed on. `keepalive`: nothing that wants an answer. Else it holds no SIP
 * message.
 */
export type DatagramContent = 'message' | 'truncated' | 'keepalive' | FramerFault

const headEnd = Buffer.from('\r\n\r\n')
const NUL = 0x00

/** One instance reads datagram after datagram; its offsets are those of the last. */
export class SipDatagram {
  /** the message is buf[start, end), its body from bodyStart */
  start = 0
  bodyStart = 0
  end = 0
  /** both 0 if there is none */
  callIdStart = 0
  callIdEnd = 0
  isRequest = false

  private readonly maxMessageBytes: number
  /** without limit: a length that is too large is to be told from bytes that are missing, and costs no memory here */
  private readonly head = new SipHead(Number.POSITIVE_INFINITY)

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes
  }

  read(buf: Buffer): DatagramContent {
    const start = skipKeepalive(buf)
    if (start === buf.length) return 'keepalive'
    const { head } = this
    head.reset()
    const answer = head.scan(buf, start, buf.length)
    if (answer === 'more') return incompleteHead
    if (answer === 'done') return this.found(buf, start, head.headBytes, head.messageBytes)
    if (isLengthFault(answer)) return this.withoutEnd(buf, start, answer)
    const bodyStart = this.bodyWithoutLength(buf, start)
    if (bodyStart < 0) return answer
    return this.found(buf, start, bodyStart - start, buf.length - start)
  }

  private found(buf: Buffer, start: number, headBytes: number, messageBytes: number): DatagramContent {
    const { head } = this
    const isTruncated = start + messageBytes > buf.length
    // RFC 3261 §18.3: bytes that are missing end a response here, and are answered in a request.
    if (isTruncated && !head.isRequest) return truncatedResponse
    this.start = start
    this.bodyStart = start + headBytes
    this.end = isTruncated ? buf.length : start + messageBytes
    this.isRequest = head.isRequest
    this.callIdStart = head.callIdEnd === 0 ? 0 : start + head.callIdStart
    this.callIdEnd = head.callIdEnd === 0 ? 0 : start + head.callIdEnd
    if (this.end - start > this.maxMessageBytes) return tooLarge(this.maxMessageBytes)
    return isTruncated ? 'truncated' : 'message'
  }

  /** RFC 4475 §3.1.2.3, §3.3.9: whoever sends a request that ends nobody knows where is told so. */
  private withoutEnd(buf: Buffer, start: number, fault: FramerFault): DatagramContent {
    const emptyLine = buf.indexOf(headEnd, start)
    if (!this.head.isRequest || emptyLine < 0) return fault
    return this.found(buf, start, emptyLine + headEnd.length - start, Number.POSITIVE_INFINITY)
  }

  /**
   * RFC 3261 §18.3: without Content-Length the body ends with the datagram. To a stream that is a fault
   * like any other, so look again: was it the only one? Then says where the body begins, else −1.
   */
  private bodyWithoutLength(buf: Buffer, start: number): number {
    const emptyLine = buf.indexOf(headEnd, start) + 2
    if (emptyLine < 2) return -1
    const { head } = this
    head.reset()
    if (head.scan(buf, start, emptyLine) !== 'more') return -1
    const bodyStart = emptyLine + 2
    const hasLength =
      findHeader(buf, headersStart(buf, start, bodyStart), bodyStart, headerNames.contentLength) !== undefined
    return hasLength ? -1 : bodyStart
  }
}

/**
 * Where a message begins: behind CRLFs (RFC 3261 §7.5). A datagram of nothing else, or of the NULs by
 * which Kamailio and OpenSIPS keep a NAT open, ends here.
 */
function skipKeepalive(buf: Buffer): number {
  let at = 0
  while (at < buf.length && buf[at] === NUL) at++
  if (at === buf.length) return at
  at = 0
  while (buf[at] === CR && buf[at + 1] === LF) at += 2
  return at
}

const incompleteHead: FramerFault = { cause: 'bad-sip', message: 'the datagram ends within the head of a message' }
const truncatedResponse: FramerFault = {
  cause: 'bad-sip',
  message: 'a response is longer by its Content-Length than its datagram',
}
