/**
 * Reads sip: and sips: URIs (RFC 3261 §19.1.1), alone or as the address in a header value. It reads no
 * byte outside the span it is given, resolves nothing, and unescapes nothing: what a proxy acts on, it
 * has written itself, unescaped.
 */
import {
  COLON,
  COMMA,
  decimal,
  digitsEnd,
  EQUALS,
  GREATER,
  hostEnd,
  hostText,
  isName,
  isUriText,
  LESS,
  nextValue,
  QUOTE,
  quoteEnd,
  SEMICOLON,
  skipWhite,
} from './values.js'

const AT = 0x40
const QUESTION = 0x3f

const names = {
  sip: Buffer.from('sip'),
  sips: Buffer.from('sips'),
  transport: Buffer.from('transport'),
  lr: Buffer.from('lr'),
  ob: Buffer.from('ob'),
  maddr: Buffer.from('maddr'),
} as const

/** IANA SIP transports registry, as text that is not made anew for each message. */
const transports = ['udp', 'tcp', 'tls', 'sctp', 'ws', 'wss'].map((text) => ({ text, bytes: Buffer.from(text) }))

const nothing: Buffer = Buffer.alloc(0)

/** One instance is read again and again. Positions are offsets in the buffer; −1: not there. */
export class SipUri {
  buf = nothing
  /** '' for other schemes and for what is no URI */
  scheme: 'sip' | 'sips' | '' = ''
  secure = false
  /** without password */
  userStart = -1
  userEnd = -1
  /** brackets of IPv6 included */
  hostStart = 0
  hostEnd = 0
  /** 0: none is written */
  port = 0
  /** the parameter in lower case, '' without */
  transport = ''
  lr = false
  /** RFC 5626 §5.1 */
  ob = false
  maddrStart = -1
  maddrEnd = -1
  uriStart = 0
  /** before the headers of the URI (`?…`), parameters included */
  uriEnd = 0
  /** the URI has headers (`?…`) */
  hasHeaders = false
  /** `readAddress`: the comma behind the value, or the end of the span */
  valueEnd = 0

  /** The URI buf[from, to). False: it is no sip: or sips: URI. */
  read(buf: Buffer, from: number, to: number): boolean {
    this.reset(buf, from, to)
    const user = this.readScheme(from, to)
    if (user < 0) return false
    const host = this.readUser(user, to)
    return host >= 0 && this.readParams(this.readHostPort(host, to), to)
  }

  /**
   * The first value in buf[from, to) of a header that lists addresses: `"name" <uri>;params` or, without
   * <>, the URI alone, whose parameters are then those of the header (RFC 3261 §20).
   */
  readAddress(buf: Buffer, from: number, to: number): boolean {
    const less = addressStart(buf, from, to)
    if (less < to && buf[less] === LESS) {
      let greater = less + 1
      while (greater < to && buf[greater] !== GREATER) greater++
      this.valueEnd = nextValue(buf, greater, to)
      if (greater < to) return this.read(buf, less + 1, greater)
      this.reset(buf, less + 1, to)
      return false
    }
    this.valueEnd = nextValue(buf, less, to)
    const start = skipWhite(buf, from, less)
    let end = start
    while (end < less && buf[end] > 0x20) end++
    return this.read(buf, start, end) && skipWhite(buf, end, less) === less
  }

  /** Lower case, without the brackets of IPv6. */
  host(): string {
    return hostText(this.buf, this.hostStart, this.hostEnd)
  }

  /** Where a request for it goes (RFC 3263 §4): `maddr`, else the host; written as `host()`. */
  target(): string {
    return this.maddrStart < 0 ? this.host() : hostText(this.buf, this.maddrStart, this.maddrEnd)
  }

  /** `example.com:5061`, `[2001:db8::1]:0`: lower case, port 0 when none is written. */
  hostPort(): string {
    return `${this.buf.toString('latin1', this.hostStart, this.hostEnd).toLowerCase()}:${this.port}`
  }

  private reset(buf: Buffer, from: number, to: number): void {
    this.buf = buf
    this.scheme = ''
    this.secure = false
    this.userStart = this.userEnd = -1
    this.hostStart = this.hostEnd = from
    this.port = 0
    this.transport = ''
    this.lr = false
    this.ob = false
    this.maddrStart = this.maddrEnd = -1
    this.uriStart = from
    this.uriEnd = to
    this.hasHeaders = false
  }

  /** Behind the colon, or −1. */
  private readScheme(from: number, to: number): number {
    const { buf } = this
    if (from + 3 < to && buf[from + 3] === COLON && isName(buf, from, from + 3, names.sip)) {
      this.scheme = 'sip'
      return from + 4
    }
    if (from + 4 < to && buf[from + 4] === COLON && isName(buf, from, from + 4, names.sips)) {
      this.scheme = 'sips'
      this.secure = true
      return from + 5
    }
    return -1
  }

  /** Where the host begins, or −1. */
  private readUser(from: number, to: number): number {
    const { buf } = this
    const user = indexOfAt(buf, from, to)
    // Of two, one reader takes the first and the next the last: two hosts in one URI.
    if (!isUriText(buf, from, to) || (user >= 0 && indexOfAt(buf, user + 1, to) >= 0)) return -1
    if (user < 0) return from
    this.userStart = from
    this.userEnd = from
    while (this.userEnd < user && buf[this.userEnd] !== COLON) this.userEnd++
    return this.userEnd > from ? user + 1 : -1
  }

  /** Where it ends, or −1. */
  private readHostPort(from: number, to: number): number {
    const { buf } = this
    this.hostStart = from
    this.hostEnd = hostEnd(buf, from, to)
    if (this.hostEnd === from) return -1
    if (this.hostEnd >= to || buf[this.hostEnd] !== COLON) return this.hostEnd
    const end = digitsEnd(buf, this.hostEnd + 1, to)
    this.port = decimal(buf, this.hostEnd + 1, end)
    return this.port < 1 || this.port > 65535 ? -1 : end
  }

  private readParams(from: number, to: number): boolean {
    if (from < 0) return false
    const { buf } = this
    let at = from
    while (at < to && buf[at] === SEMICOLON) {
      const nameStart = at + 1
      const nameEnd = partEnd(buf, nameStart, to, EQUALS)
      at = nameEnd < to && buf[nameEnd] === EQUALS ? partEnd(buf, nameEnd + 1, to, SEMICOLON) : nameEnd
      if (!this.take(nameStart, nameEnd, Math.min(nameEnd + 1, at), at)) return false
    }
    this.uriEnd = at
    this.hasHeaders = at < to && buf[at] === QUESTION
    return at === to || this.hasHeaders
  }

  /** Notes a parameter. False: one that is broken, or there twice with two meanings. */
  private take(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): boolean {
    const { buf } = this
    switch (nameEnd - nameStart) {
      case 2:
        if (isName(buf, nameStart, nameEnd, names.lr)) this.lr = true
        else if (isName(buf, nameStart, nameEnd, names.ob)) this.ob = true
        return true
      case 5:
        if (!isName(buf, nameStart, nameEnd, names.maddr)) return true
        if (this.maddrStart >= 0 || hostEnd(buf, valueStart, valueEnd) !== valueEnd) return false
        this.maddrStart = valueStart
        this.maddrEnd = valueEnd
        return valueEnd > valueStart
      case 9:
        if (!isName(buf, nameStart, nameEnd, names.transport)) return true
        if (this.transport !== '') return false
        this.transport = transportText(buf, valueStart, valueEnd)
        return true
      default:
        return true
    }
  }
}

/** Of two spellings, `sip:` and `sips:`, has the URI at `uriStart` the second? What is neither must not be asked. */
export function isSips(buf: Buffer, uriStart: number): boolean {
  return (buf[uriStart + 3] | 0x20) === 0x73
}

/** The `<` of a name-addr; of an addr-spec its end: `;`, the comma, or `to`. */
function addressStart(buf: Buffer, from: number, to: number): number {
  let at = from
  while (at < to) {
    const c = buf[at]
    if (c === LESS || c === SEMICOLON || c === COMMA) return at
    at = c === QUOTE ? Math.min(quoteEnd(buf, at, to) + 1, to) : at + 1
  }
  return to
}

/** Behind a name or a value among the parameters of a URI. */
function partEnd(buf: Buffer, from: number, to: number, last: number): number {
  let at = from
  while (at < to && buf[at] !== last && buf[at] !== SEMICOLON && buf[at] !== QUESTION) at++
  return at
}

function transportText(buf: Buffer, from: number, to: number): string {
  for (const { text, bytes } of transports) if (isName(buf, from, to, bytes)) return text
  return buf.toString('latin1', from, to).toLowerCase()
}

function indexOfAt(buf: Buffer, from: number, to: number): number {
  for (let at = from; at < to; at++) if (buf[at] === AT) return at
  return -1
}
