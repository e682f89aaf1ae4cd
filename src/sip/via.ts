/**
 * Reads one Via value (RFC 3261 §20.42) and marks in it where a request really came from. White space
 * and folds may stand wherever the grammar lets them. It reads no byte outside the span it is given and
 * decodes nothing but ports.
 */
import type { Edit } from './edit.js'
import { isWhite } from './headers.js'
import {
  COLON,
  COMMA,
  decimal,
  digitsEnd,
  EQUALS,
  hostEnd,
  hostText,
  isName,
  paramValueEnd,
  SEMICOLON,
  SLASH,
  skipWhite,
  tokenEnd,
} from './values.js'

const names = {
  branch: Buffer.from('branch'),
  received: Buffer.from('received'),
  rport: Buffer.from('rport'),
  alias: Buffer.from('alias'),
} as const

/** Lower case; compared without it (RFC 3261 §7.3.1). */
const cookie = Buffer.from('z9hg4bk')

const nothing: Buffer = Buffer.alloc(0)

/** One instance is read again and again. Positions are offsets in the buffer; −1: not there. */
export class Via {
  buf = nothing
  transportStart = 0
  transportEnd = 0
  /** brackets of IPv6 included */
  hostStart = 0
  hostEnd = 0
  /** 0: none is written */
  port = 0
  branchStart = -1
  branchEnd = -1
  /** the value of `received` */
  receivedStart = -1
  receivedEnd = -1
  /** RFC 3581: `rport` is there, with or without a value */
  hasRport = false
  /** 0: it has no value */
  rport = 0
  /** the whole parameter, `rport` or `rport=5060` */
  rportStart = -1
  rportEnd = -1
  /** RFC 5923 §5 */
  alias = false
  /** where a parameter can be appended */
  paramsEnd = 0
  /** the comma behind the value, or the end of the span */
  end = 0
  /** a comma follows, and behind it another value of the same line */
  hasMore = false

  /** The value that begins at buf[from], in a header value that ends at `to`. False: it is no Via. */
  read(buf: Buffer, from: number, to: number): boolean {
    this.reset(buf)
    const at = this.readSentBy(this.readProtocol(from, to), to)
    return at >= 0 && this.readParams(at, to)
  }

  /** Lower case, without the brackets of IPv6. */
  host(): string {
    return hostText(this.buf, this.hostStart, this.hostEnd)
  }

  /** RFC 3261 §8.1.1.7: the branch begins with the magic cookie and says more than that. */
  get hasRfc3261Branch(): boolean {
    const { branchStart, branchEnd } = this
    return branchEnd - branchStart > cookie.length && isName(this.buf, branchStart, branchStart + cookie.length, cookie)
  }

  /** Is the host that IP address, in this spelling? */
  hostIs(ip: string): boolean {
    return this.host() === ip
  }

  private reset(buf: Buffer): void {
    this.buf = buf
    this.port = 0
    this.branchStart = this.branchEnd = -1
    this.receivedStart = this.receivedEnd = -1
    this.hasRport = false
    this.rport = 0
    this.rportStart = this.rportEnd = -1
    this.alias = false
    this.hasMore = false
  }

  /** `SIP / 2.0 / TLS`; where it ends, or −1. */
  private readProtocol(from: number, to: number): number {
    const version = this.behindSlash(from, to)
    const transport = version < 0 ? -1 : this.behindSlash(version, to)
    if (transport < 0) return -1
    this.transportStart = transport
    this.transportEnd = tokenEnd(this.buf, transport, to)
    return this.transportEnd > transport ? this.transportEnd : -1
  }

  /** Behind a token and a slash, or −1. */
  private behindSlash(from: number, to: number): number {
    const start = skipWhite(this.buf, from, to)
    const end = tokenEnd(this.buf, start, to)
    const slash = skipWhite(this.buf, end, to)
    return end > start && slash < to && this.buf[slash] === SLASH ? skipWhite(this.buf, slash + 1, to) : -1
  }

  /** `LWS host [: port]`; where it ends, or −1. */
  private readSentBy(from: number, to: number): number {
    const { buf } = this
    if (from < 0 || from >= to || !isWhite(buf[from])) return -1
    this.hostStart = skipWhite(buf, from, to)
    this.hostEnd = hostEnd(buf, this.hostStart, to)
    if (this.hostEnd === this.hostStart) return -1
    this.paramsEnd = this.hostEnd
    const at = skipWhite(buf, this.hostEnd, to)
    return at < to && buf[at] === COLON ? this.readPort(skipWhite(buf, at + 1, to), to) : at
  }

  private readPort(from: number, to: number): number {
    const end = digitsEnd(this.buf, from, to)
    this.port = decimal(this.buf, from, end)
    if (this.port < 1 || this.port > 65535) return -1
    this.paramsEnd = end
    return skipWhite(this.buf, end, to)
  }

  private readParams(from: number, to: number): boolean {
    const { buf } = this
    let at = from
    while (at < to && buf[at] === SEMICOLON) {
      const nameStart = skipWhite(buf, at + 1, to)
      const nameEnd = tokenEnd(buf, nameStart, to)
      if (nameEnd === nameStart) return false
      at = skipWhite(buf, nameEnd, to)
      let valueStart = nameEnd
      this.paramsEnd = nameEnd
      if (at < to && buf[at] === EQUALS) {
        valueStart = skipWhite(buf, at + 1, to)
        this.paramsEnd = paramValueEnd(buf, valueStart, to)
        at = skipWhite(buf, this.paramsEnd, to)
      }
      if (!this.take(nameStart, nameEnd, valueStart, this.paramsEnd)) return false
    }
    this.end = at
    this.hasMore = at < to && buf[at] === COMMA
    return at === to || this.hasMore
  }

  /** Notes a parameter. False: one that must not be there twice, or two readers may go by different ones. */
  private take(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): boolean {
    const { buf } = this
    switch (nameEnd - nameStart) {
      case 5:
        if (isName(buf, nameStart, nameEnd, names.alias)) this.alias = true
        else if (isName(buf, nameStart, nameEnd, names.rport)) return this.takeRport(nameStart, valueStart, valueEnd)
        return true
      case 6:
        if (!isName(buf, nameStart, nameEnd, names.branch)) return true
        if (this.branchStart >= 0) return false
        this.branchStart = valueStart
        this.branchEnd = valueEnd
        return true
      case 8:
        if (!isName(buf, nameStart, nameEnd, names.received)) return true
        if (this.receivedStart >= 0) return false
        this.receivedStart = valueStart
        this.receivedEnd = valueEnd
        return true
      default:
        return true
    }
  }

  private takeRport(start: number, valueStart: number, valueEnd: number): boolean {
    if (this.hasRport) return false
    this.hasRport = true
    this.rportStart = start
    this.rportEnd = valueEnd
    const digits = digitsEnd(this.buf, valueStart, valueEnd)
    this.rport = digits === valueEnd ? decimal(this.buf, valueStart, valueEnd) : 0
    return true
  }
}

/**
 * RFC 3261 §18.2.1: `received` where the host is not the address the request came from. RFC 3581 §4: a
 * client that asks by `rport` gets the port, and `received` in any case.
 */
export function markSource(edit: Edit, via: Via, ip: string, port: number): void {
  if (via.receivedStart >= 0) edit.replace(via.receivedStart, via.receivedEnd, ip)
  else if (via.hasRport || !via.hostIs(ip)) edit.insert(via.paramsEnd, `;received=${ip}`)
  if (via.hasRport) edit.replace(via.rportStart, via.rportEnd, `rport=${port}`)
}
