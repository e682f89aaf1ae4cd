/**
 * Index over the bytes of one framed SIP message: where the parts of the first line lie and the
 * headers a proxy reads. One pass over the head, no byte copied, nothing decoded that is not asked
 * for. It never throws, whatever the bytes, and judges nothing: that is `check.ts`.
 */
import { afterLine, CR, headerEnd, headerNames, isWhite, lineEnd, SP, skipBlanks } from './headers.js'
import { methodText } from './methods.js'
import { COLON, decimal, digitsEnd, isName, paramValue, paramValueEnd, skipWhite, tokenEnd } from './values.js'

/** Headers the index knows. */
export const field = {
  via: 0,
  from: 1,
  to: 2,
  callId: 3,
  cseq: 4,
  contact: 5,
  maxForwards: 6,
  route: 7,
  recordRoute: 8,
  path: 9,
  require: 10,
  proxyRequire: 11,
  supported: 12,
  expires: 13,
  alertInfo: 14,
  contentLength: 15,
  contentType: 16,
  flowTimer: 17,
  /** the header named to the constructor */
  extra: 18,
} as const
export type Field = (typeof field)[keyof typeof field]

const fieldCount = Object.keys(field).length

interface Spelling {
  readonly name: Buffer
  readonly field: Field
}

const tag = Buffer.from('tag')
const sip2 = Buffer.from('sip/2.0')
const sipSlash = Buffer.from('sip/')

/** One line takes five numbers of the table: its place, that of its value, and the next line of the same header. */
const place = { start: 0, valueStart: 1, valueEnd: 2, end: 3, next: 4, size: 5 } as const
/** Most messages have fewer lines of these headers; the table grows with the largest message seen. */
const firstLines = 64

const nothing: Buffer = Buffer.alloc(0)

/** One instance is read again and again. Positions are offsets in `buf` and valid until the next `read`. */
export class SipMessage {
  buf = nothing
  start = 0
  /** behind the first line */
  headersStart = 0
  /** the empty line */
  headersEnd = 0
  bodyStart = 0
  end = 0
  isRequest = false
  /** of a request, '' in a response */
  method = ''
  /** three digits of a response, else 0 */
  status = 0
  /** everything between the method's space and the last space of a request line, spaces included */
  uriStart = 0
  uriEnd = 0
  hasSipVersion2 = false
  /** a line of the header is neither `name:` nor goes on with the one before it */
  hasBrokenLine = false

  /** by length of the name: what arrives is compared with few */
  private readonly spellings: readonly (readonly Spelling[])[]
  private readonly firsts = new Int32Array(fieldCount)
  private readonly lasts = new Int32Array(fieldCount)
  private lines = new Int32Array(firstLines * place.size)
  private used = 0

  /** `extraHeader`: a header of the configuration's choice, found as `field.extra`. */
  constructor(extraHeader?: string) {
    this.spellings = spellingsWith(extraHeader)
  }

  /** The message buf[start, end), its body from bodyStart. */
  read(buf: Buffer, start: number, bodyStart: number, end: number): void {
    this.buf = buf
    this.start = start
    this.bodyStart = bodyStart
    this.end = end
    this.readFirstLine()
    this.readHeaders()
  }

  /** Lines of headers that the index knows. */
  get knownLines(): number {
    return this.used / place.size
  }

  /** The first line of that header, or −1. */
  first(name: Field): number {
    return this.firsts[name]
  }

  /** The next line of the same header, or −1. */
  next(line: number): number {
    return this.lines[line + place.next]
  }

  lineStart(line: number): number {
    return this.lines[line + place.start]
  }

  /** The value without white space around it; it may hold folds. */
  valueStart(line: number): number {
    return this.lines[line + place.valueStart]
  }

  valueEnd(line: number): number {
    return this.lines[line + place.valueEnd]
  }

  /** Behind the CRLF, folds included. */
  lineEnd(line: number): number {
    return this.lines[line + place.end]
  }

  /** 0 if there is none, as `callIdEnd`. */
  get callIdStart(): number {
    const line = this.firsts[field.callId]
    return line < 0 ? 0 : this.valueStart(line)
  }

  get callIdEnd(): number {
    const line = this.firsts[field.callId]
    return line < 0 ? 0 : this.valueEnd(line)
  }

  toHasTag(): boolean {
    return this.tagStart(field.to) >= 0
  }

  /** −1 if From has no tag, as `fromTagEnd`. */
  get fromTagStart(): number {
    return this.tagStart(field.from)
  }

  get fromTagEnd(): number {
    const start = this.fromTagStart
    return start < 0 ? -1 : paramValueEnd(this.buf, start, this.valueEnd(this.firsts[field.from]))
  }

  /** The digits of CSeq; both 0 if there is no CSeq. */
  get cseqNumberStart(): number {
    const line = this.firsts[field.cseq]
    return line < 0 ? 0 : this.valueStart(line)
  }

  get cseqNumberEnd(): number {
    const line = this.firsts[field.cseq]
    return line < 0 ? 0 : digitsEnd(this.buf, this.valueStart(line), this.valueEnd(line))
  }

  /** The method in CSeq, '' if there is none. */
  cseqMethod(): string {
    const line = this.firsts[field.cseq]
    if (line < 0) return ''
    const end = this.valueEnd(line)
    const from = skipWhite(this.buf, this.cseqNumberEnd, end)
    return methodText(this.buf, from, tokenEnd(this.buf, from, end))
  }

  private tagStart(name: Field): number {
    const line = this.firsts[name]
    return line < 0 ? -1 : paramValue(this.buf, this.valueStart(line), this.valueEnd(line), tag)
  }

  /** RFC 3261 §7.1, §7.2. Spaces too many are left in the Request-URI, where the check finds them. */
  private readFirstLine(): void {
    const { buf, start, bodyStart } = this
    const end = lineEnd(buf, start, bodyStart)
    this.headersStart = afterLine(end, bodyStart)
    this.isRequest = !isName(buf, start, Math.min(start + sipSlash.length, end), sipSlash)
    if (this.isRequest) this.readRequestLine(end)
    else this.readStatusLine(end)
  }

  private readRequestLine(end: number): void {
    const { buf, start } = this
    let methodEnd = start
    while (methodEnd < end && buf[methodEnd] !== SP) methodEnd++
    let version = end
    while (version > methodEnd + 1 && buf[version - 1] !== SP) version--
    this.method = methodText(buf, start, methodEnd)
    this.status = 0
    this.uriStart = Math.min(methodEnd + 1, end)
    this.uriEnd = Math.max(this.uriStart, version - 1)
    this.hasSipVersion2 = isName(buf, version, end, sip2)
  }

  private readStatusLine(end: number): void {
    const { buf, start } = this
    let versionEnd = start
    while (versionEnd < end && buf[versionEnd] !== SP) versionEnd++
    const from = versionEnd + 1
    const to = digitsEnd(buf, from, end)
    this.method = ''
    this.status = to - from === 3 && (to === end || buf[to] === SP) ? decimal(buf, from, to) : 0
    this.uriStart = this.uriEnd = 0
    this.hasSipVersion2 = isName(buf, start, versionEnd, sip2)
  }

  private readHeaders(): void {
    const { buf, bodyStart } = this
    this.used = 0
    this.hasBrokenLine = false
    // Three times as fast as `fill` for so few.
    for (let i = 0; i < fieldCount; i++) this.firsts[i] = -1
    let line = this.headersStart
    // An empty line ends the header.
    while (line < bodyStart && buf[line] !== CR) {
      const nameEnd = tokenEnd(buf, line, bodyStart)
      // RFC 3261 §25.1 HCOLON: white space may stand before the colon, but no fold.
      const colon = skipBlanks(buf, nameEnd, bodyStart)
      const end = headerEnd(buf, line, colon, bodyStart)
      const next = afterLine(end, bodyStart)
      if (nameEnd > line && colon < end && buf[colon] === COLON) this.readHeader(line, nameEnd, colon, end, next)
      else this.hasBrokenLine = true
      line = next
    }
    this.headersEnd = line
  }

  private readHeader(line: number, nameEnd: number, colon: number, end: number, next: number): void {
    const { buf } = this
    const candidates = this.spellings[nameEnd - line]
    if (candidates === undefined) return
    for (let i = 0; i < candidates.length; i++) {
      if (isName(buf, line, nameEnd, candidates[i].name)) {
        this.add(candidates[i].field, line, colon + 1, end, next)
        return
      }
    }
  }

  private add(found: Field, line: number, from: number, to: number, next: number): void {
    const { buf } = this
    const valueStart = skipWhite(buf, from, to)
    let valueEnd = to
    while (valueEnd > valueStart && isWhite(buf[valueEnd - 1])) valueEnd--
    const at = this.used
    if (at === this.lines.length) this.grow()
    this.used = at + place.size
    const { lines } = this
    lines[at + place.start] = line
    lines[at + place.valueStart] = valueStart
    lines[at + place.valueEnd] = valueEnd
    lines[at + place.end] = next
    lines[at + place.next] = -1
    if (this.firsts[found] < 0) this.firsts[found] = at
    else lines[this.lasts[found] + place.next] = at
    this.lasts[found] = at
  }

  private grow(): void {
    const larger = new Int32Array(this.lines.length * 2)
    larger.set(this.lines)
    this.lines = larger
  }
}

function spellingsWith(extraHeader: string | undefined): Spelling[][] {
  const byLength: Spelling[][] = []
  const add = (name: Buffer, of: Field): void => {
    byLength[name.length] ??= []
    byLength[name.length].push({ name, field: of })
  }
  for (const [key, { long, compact }] of Object.entries(headerNames)) {
    add(long, field[key as keyof typeof headerNames])
    if (compact !== undefined) add(compact, field[key as keyof typeof headerNames])
  }
  if (extraHeader !== undefined) add(Buffer.from(extraHeader.toLowerCase()), field.extra)
  return byLength
}
