/**
 * What the Route headers of a request say (RFC 3261 §16.4, §16.12, RFC 5626 §5.3): which values are
 * our own and go, which flow their token names, and what comes after them. It changes no byte itself.
 */
import type { Edit } from '../sip/edit.js'
import { field, type SipMessage } from '../sip/message.js'
import { SipUri } from '../sip/uri.js'
import { behindComma, COMMA, nextValue, paramValueEnd } from '../sip/values.js'
import type { OwnAddresses } from './own-addresses.js'

/**
 * User parts of our URIs on core legs begin so: such a URI is ours whatever its host, which need not say so
 * where we do not listen. What follows names the server that the leg leads to, or nothing (`leg`).
 */
const ownUserPrefix = 'hepgate-'
const noServer = 'leg'

/** The user part for a core leg: `hepgate-1f0c77aa` for a server, `hepgate-leg` for none. */
export function ownUser(serverKey: string): string {
  return ownUserPrefix + (serverKey === '' ? noServer : serverKey)
}

/** In our Record-Route beside a flow token; see call-seal.ts. */
export const sealParameter = ';seal='

const ownUserBytes = Buffer.from(ownUserPrefix)
const sealBytes = Buffer.from(sealParameter)

export class Routes {
  /** the token in the last of our values, which is that of the leg the request is to leave on; '' if it has none */
  token = ''
  /** the seal beside it, in the message; −1: none */
  sealStart = -1
  sealEnd = -1
  /** the server that the last of our values names; '' if none */
  serverKey = ''
  /** URI of the Route to follow next, in the message; −1: none, the Request-URI decides */
  nextStart = -1
  nextEnd = -1
  #nextValueStart = -1
  /** the server it names routes strictly (RFC 3261 §16.6 step 6) */
  nextIsStrict = false
  /** a Route cannot be read */
  broken = false
  readonly #own: OwnAddresses
  readonly #uri = new SipUri()
  /** pairs of offsets to remove */
  readonly #removals: number[] = []

  constructor(own: OwnAddresses) {
    this.#own = own
  }

  read(message: SipMessage): void {
    this.token = ''
    this.serverKey = ''
    this.sealStart = this.sealEnd = -1
    this.broken = false
    this.nextStart = this.nextEnd = -1
    this.nextIsStrict = false
    this.#removals.length = 0
    for (let line = message.first(field.route); line >= 0; line = message.next(line)) {
      if (this.#readLine(message, line)) return
    }
  }

  /** Takes our own values out. */
  strip(edit: Edit): void {
    for (let i = 0; i < this.#removals.length; i += 2) {
      edit.remove(this.#removals[i] as number, this.#removals[i + 1] as number)
    }
  }

  /** RFC 3261 §16.4: a strict router put our own URI into the request line, and the real one at the end of the Route. */
  comesFromStrictRouter(message: SipMessage): boolean {
    if (message.first(field.route) < 0) return false
    const uri = this.#uri
    return uri.read(message.buf, message.uriStart, message.uriEnd) && uri.lr && this.isOwn(uri)
  }

  /**
   * The request as a loose router would have sent it: the last Route is its Request-URI again, and our URI,
   * which may hold a token, is a Route.
   */
  unstrict(message: SipMessage, edit: Edit): Buffer {
    const { buf } = message
    let line = message.first(field.route)
    for (let later = line; later >= 0; later = message.next(later)) line = later
    const first = message.valueStart(line)
    const end = message.valueEnd(line)
    let last = first
    for (let at = first; at < end; at = behindComma(buf, nextValue(buf, at, end), end)) last = at
    edit.begin(buf, message.start, message.end)
    if (this.#uri.readAddress(buf, last, end)) {
      const own = buf.toString('latin1', message.uriStart, message.uriEnd)
      edit.replace(message.uriStart, message.uriEnd, buf.toString('latin1', this.#uri.uriStart, this.#uri.uriEnd))
      edit.insert(message.headersStart, `Route: <${own}>\r\n`)
      if (last === first) edit.remove(message.lineStart(line), message.lineEnd(line))
      else edit.remove(lastComma(buf, first, last), end)
    }
    return edit.finish()
  }

  /** The values that stay, the next hop first. */
  remaining(message: SipMessage): { start: number; end: number }[] {
    const values: { start: number; end: number }[] = []
    for (let line = message.first(field.route); line >= 0; line = message.next(line)) {
      const end = message.valueEnd(line)
      if (end <= this.#nextValueStart) continue
      let at = Math.max(message.valueStart(line), this.#nextValueStart)
      while (at < end && this.#uri.readAddress(message.buf, at, end)) {
        values.push({ start: at, end: this.#uri.valueEnd })
        at = behindComma(message.buf, this.#uri.valueEnd, end)
      }
    }
    return values
  }

  /** Is this URI one of ours? */
  isOwn(uri: SipUri): boolean {
    if (isOwnUser(uri)) return true
    return this.#own.isOurs(uri.host(), uri.port, knownTransport(uri.transport), uri.secure)
  }

  /** True when the next hop was found in this line, or nothing more can be read. */
  #readLine(message: SipMessage, line: number): boolean {
    const { buf } = message
    const uri = this.#uri
    const first = message.valueStart(line)
    const end = message.valueEnd(line)
    let at = first
    while (at < end) {
      if (!uri.readAddress(buf, at, end)) {
        this.broken = true
        return true
      }
      if (!this.isOwn(uri)) {
        if (at > first) this.#removals.push(first, at)
        this.#follow(uri, at)
        return true
      }
      this.#readUser(uri)
      at = behindComma(buf, uri.valueEnd, end)
    }
    this.#removals.push(message.lineStart(line), message.lineEnd(line))
    return false
  }

  /** Token or server, of the last value only: a phone that moved has its old flow in the one before. */
  #readUser(uri: SipUri): void {
    const { buf, userStart, userEnd } = uri
    this.token = ''
    this.serverKey = ''
    if (userStart < 0) return
    if (isOwnUser(uri)) {
      this.serverKey = buf.toString('latin1', userStart + ownUserBytes.length, userEnd)
      return
    }
    this.token = buf.toString('latin1', userStart, userEnd)
    this.sealStart = buf.subarray(0, uri.uriEnd).indexOf(sealBytes, userEnd)
    this.sealEnd = this.sealStart < 0 ? -1 : paramValueEnd(buf, this.sealStart + sealBytes.length, uri.uriEnd)
    if (this.sealStart >= 0) this.sealStart += sealBytes.length
  }

  #follow(uri: SipUri, valueStart: number): void {
    this.nextStart = uri.uriStart
    this.nextEnd = uri.uriEnd
    this.#nextValueStart = valueStart
    this.nextIsStrict = !uri.lr
  }
}

function isOwnUser({ buf, userStart, userEnd }: SipUri): boolean {
  const prefixEnd = userStart + ownUserBytes.length
  return userStart >= 0 && userEnd > prefixEnd && ownUserBytes.compare(buf, userStart, prefixEnd) === 0
}

/** The comma before the value that begins at `from`. */
function lastComma(buf: Buffer, first: number, from: number): number {
  let at = from
  while (at > first && buf[at] !== COMMA) at--
  return at
}

export function knownTransport(text: string): 'tls' | 'tcp' | 'udp' | undefined {
  return text === 'tls' || text === 'tcp' || text === 'udp' ? text : undefined
}
