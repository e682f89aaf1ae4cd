/**
 * What a proxy makes sure of before it relays (RFC 3261 §16.3, §18.3): headers it acts on are there,
 * once, and readable, and two readers of the message would see the same in them. What a proxy must
 * not care about passes: unknown methods and headers, bodies, dates, contacts. It answers and drops
 * nothing itself, and holds no state from one message to the next.
 */
import { SP } from './headers.js'
import { type Field, field, type SipMessage } from './message.js'
import { SipUri } from './uri.js'
import {
  COLON,
  decimal,
  digitsEnd,
  isName,
  LESS,
  nextValue,
  quotesEnd,
  schemeEnd,
  skipWhite,
  tokenEnd,
} from './values.js'
import { Via } from './via.js'

/** The answer a request gets instead of being relayed. */
export interface Refusal {
  readonly status: number
  readonly reason: string
  /** whole header lines without CRLF */
  readonly extra: readonly string[]
}

/** RFC 3261 §8.1.1.5 */
const maxCseq = 0x7fffffff
/** RFC 3261 §20.22 */
const maxHops = 255
/** 70 hops leave some 200 lines of Via, Route and Record-Route; thousands, each to be taken out, are an attack. */
const maxKnownLines = 512

/** RFC 3261 §8.1.1: in every message, and once (§7.3.1). */
const single: readonly { readonly field: Field; readonly name: string }[] = [
  { field: field.to, name: 'To' },
  { field: field.from, name: 'From' },
  { field: field.callId, name: 'Call-ID' },
  { field: field.cseq, name: 'CSeq' },
]

const tel = Buffer.from('tel')

const versionNotSupported: Refusal = { status: 505, reason: 'Version Not Supported', extra: [] }
const unsupportedScheme: Refusal = { status: 416, reason: 'Unsupported URI Scheme', extra: [] }
const tooManyHops: Refusal = { status: 483, reason: 'Too Many Hops', extra: [] }

/** Read anew for each message, so that none is made for it. */
const uri = new SipUri()
const scratch = new Via()

/** RFC 3261 §16.3, in its order. Undefined: the request may be relayed, and `topmost` is read. */
export function checkRequest(message: SipMessage, topmost = scratch): Refusal | undefined {
  const lineFault = requestLineFault(message)
  if (lineFault !== undefined) return bad(lineFault)
  if (!message.hasSipVersion2) return versionNotSupported
  const fault = headerFault(message, topmost)
  if (fault !== undefined) return bad(fault)
  if (message.cseqMethod() !== message.method) return bad('CSeq names another method')
  if (uri.scheme === '' && !isTel(message)) return unsupportedScheme
  return checkMaxForwards(message) ?? checkProxyRequire(message)
}

/** Why the response is to be dropped (RFC 3261 §18.3: one that is broken is discarded), or undefined, and `topmost` is read. */
export function checkResponse(message: SipMessage, topmost = scratch): string | undefined {
  if (!message.hasSipVersion2) return 'Not SIP/2.0'
  // RFC 3261 §21: 1xx to 6xx.
  if (message.status < 100 || message.status > 699) return 'No status between 100 and 699'
  return headerFault(message, topmost)
}

/** Leaves `uri` read; its scheme stays empty if it is one we do not know. */
function requestLineFault({ buf, uriStart, uriEnd }: SipMessage): string | undefined {
  const readable = uri.read(buf, uriStart, uriEnd)
  // RFC 3261 §19.1.1: headers of a URI are not allowed in the request line.
  if (readable) return uri.hasHeaders ? 'Headers in the Request-URI' : undefined
  for (let at = uriStart; at < uriEnd; at++) if (buf[at] === SP) return 'Space in the request line'
  if (buf[uriStart] === LESS) return 'Angle brackets around the Request-URI'
  const isOther = uri.scheme === '' && buf[schemeEnd(buf, uriStart, uriEnd)] === COLON
  return isOther ? undefined : 'Unreadable Request-URI'
}

/** RFC 3966: carriers send it, and a proxy need not understand it where something else says the way. */
function isTel({ buf, uriStart, uriEnd }: SipMessage): boolean {
  return isName(buf, uriStart, Math.min(uriStart + tel.length, uriEnd), tel) && buf[uriStart + tel.length] === COLON
}

/** What requests and responses must have alike. */
function headerFault(message: SipMessage, topmost: Via): string | undefined {
  // Servers that unfold before the colon, or take control characters for white space, would find a header that we did not.
  if (message.hasBrokenLine) return 'Unreadable header line'
  if (message.knownLines > maxKnownLines) return 'Too many header lines'
  for (const { field: wanted, name } of single) {
    const line = message.first(wanted)
    if (line < 0 || message.valueStart(line) === message.valueEnd(line)) return `Missing ${name} header`
    if (message.next(line) >= 0) return `More than one ${name} header`
  }
  return (
    viaFault(message, topmost) ??
    quoteFault(message, field.to, 'To') ??
    quoteFault(message, field.from, 'From') ??
    cseqFault(message) ??
    contentLengthFault(message)
  )
}

/** RFC 3261 §16.3 wants no more read than is needed: the topmost. */
function viaFault(message: SipMessage, topmost: Via): string | undefined {
  const line = message.first(field.via)
  if (line < 0) return 'Missing Via header'
  const readable = topmost.read(message.buf, message.valueStart(line), message.valueEnd(line))
  return readable ? undefined : 'Unreadable Via header'
}

/** Behind a quote that never ends, one reader sees a tag and another sees none (RFC 4475 §3.1.2.6). */
function quoteFault(message: SipMessage, name: Field, text: string): string | undefined {
  const line = message.first(name)
  const ends = quotesEnd(message.buf, message.valueStart(line), message.valueEnd(line))
  return ends ? undefined : `Unbalanced quotes in the ${text} header`
}

function cseqFault(message: SipMessage): string | undefined {
  const { buf, cseqNumberStart, cseqNumberEnd } = message
  if (cseqNumberStart === cseqNumberEnd) return 'Unreadable CSeq header'
  if (decimal(buf, cseqNumberStart, cseqNumberEnd) > maxCseq) return 'CSeq number too large'
  const end = message.valueEnd(message.first(field.cseq))
  const method = skipWhite(buf, cseqNumberEnd, end)
  const readable = method > cseqNumberEnd && method < end && tokenEnd(buf, method, end) === end
  return readable ? undefined : 'Unreadable CSeq header'
}

/** RFC 3261 §18.3: a datagram that ends before its body does. On a stream the framer has judged all of this. */
function contentLengthFault(message: SipMessage): string | undefined {
  const { buf, bodyStart, end } = message
  let length = -1
  for (let line = message.first(field.contentLength); line >= 0; line = message.next(line)) {
    const value = wholeNumber(buf, message.valueStart(line), message.valueEnd(line))
    if (value < 0) return 'Unreadable Content-Length header'
    if (length >= 0 && value !== length) return 'Two Content-Length headers that differ'
    length = value
  }
  return bodyStart + length > end ? 'Content-Length larger than the message' : undefined
}

function checkMaxForwards(message: SipMessage): Refusal | undefined {
  const line = message.first(field.maxForwards)
  if (line < 0) return undefined
  if (message.next(line) >= 0) return bad('More than one Max-Forwards header')
  const hops = wholeNumber(message.buf, message.valueStart(line), message.valueEnd(line))
  if (hops < 0 || hops > maxHops) return bad('Unreadable Max-Forwards header')
  return hops === 0 ? tooManyHops : undefined
}

/** RFC 3261 §16.3 step 5. We support no extension; ACK and CANCEL are not refused for one (§8.2.2.3). */
function checkProxyRequire(message: SipMessage): Refusal | undefined {
  if (message.first(field.proxyRequire) < 0 || message.method === 'ACK' || message.method === 'CANCEL') return undefined
  const tags: string[] = []
  for (let line = message.first(field.proxyRequire); line >= 0; line = message.next(line)) {
    if (!addTags(message.buf, message.valueStart(line), message.valueEnd(line), tags)) {
      return bad('Unreadable Proxy-Require header')
    }
  }
  if (tags.length === 0) return undefined
  return { status: 420, reason: 'Bad Extension', extra: [`Unsupported: ${tags.join(', ')}`] }
}

/** Only tokens: what is added stands in our answer. */
function addTags(buf: Buffer, from: number, end: number, tags: string[]): boolean {
  let at = from
  while (at < end) {
    const comma = nextValue(buf, at, end)
    const start = skipWhite(buf, at, comma)
    const tagEnd = tokenEnd(buf, start, comma)
    if (tagEnd === start || skipWhite(buf, tagEnd, comma) !== comma) return false
    tags.push(buf.toString('latin1', start, tagEnd))
    at = comma + 1
  }
  return true
}

/** The number that is all of buf[from, to), or −1. */
function wholeNumber(buf: Buffer, from: number, to: number): number {
  return to > from && digitsEnd(buf, from, to) === to ? decimal(buf, from, to) : -1
}

function bad(reason: string): Refusal {
  return { status: 400, reason, extra: [] }
}
