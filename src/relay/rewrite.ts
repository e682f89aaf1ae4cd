/**
 * What edge mode changes in the bytes of a message on its way from one leg to another: Via,
 * Max-Forwards, Route, Record-Route, Path, and the headers of trusted calls. Whatever is not named
 * here leaves as it came. It decides nowhere to send anything.
 */
import type { Edit } from '../sip/edit.js'
import { type Field, field, type SipMessage } from '../sip/message.js'
import { isSips } from '../sip/uri.js'
import { behindComma, isName, nextValue, tokenEnd } from '../sip/values.js'
import { markSource, type Via } from '../sip/via.js'
import type { Branches } from './branch.js'
import type { Leg } from './leg.js'
import type { RecordRoute } from './record-route.js'
import type { Routes } from './routes.js'
import type { Trust } from './trust.js'

/** RFC 3261 §16.6 step 3: what a request without Max-Forwards gets. */
const firstMaxForwards = 'Max-Forwards: 70\r\n'

export interface RewriteOptions {
  readonly branches: Branches
  readonly trust: Trust
  readonly routes: Routes
  readonly recordRoute: RecordRoute
  /** relay.flow_timer, SECONDS; 0: none */
  readonly flowTimer: number
}

export class Rewrite {
  readonly #options: RewriteOptions
  readonly #edit: Edit

  constructor(edit: Edit, options: RewriteOptions) {
    this.#edit = edit
    this.#options = options
  }

  /**
   * The request as it leaves on `target`. `via` is its topmost Via; `byFlow`: it was sent here for the
   * flow token it carried. `routes` holds what its Routes say.
   */
  request(message: SipMessage, via: Via, source: Leg, target: Leg, byFlow: boolean): Buffer {
    const edit = this.#edit
    const { branches, routes } = this.#options
    edit.begin(message.buf, message.start, message.end)
    const top = message.lineStart(message.first(field.via))
    const branch = branches.make(source.facts.id, target.facts.side, message, via)
    edit.insert(top, `${target.own.viaHead}${branch}${target.own.viaTail}\r\n`)
    markSource(edit, via, source.facts.peer.ip, source.facts.peer.port)
    this.#countHop(message, top)
    routes.strip(edit)
    if (routes.nextIsStrict) this.#routeStrictly(message)
    if (message.method === 'REGISTER') this.#addPath(message, via, source, target, top)
    else if (this.#options.recordRoute.isWanted(message)) this.#recordRoute(message, via, source, target, byFlow, top)
    this.#options.trust.rewriteRequest(message, edit, source, target, top)
    this.#addLength(message)
    return edit.finish()
  }

  /** The response as it leaves on `target`: without our Via, which is the topmost. */
  response(message: SipMessage, via: Via, source: Leg, target: Leg): Buffer {
    const edit = this.#edit
    edit.begin(message.buf, message.start, message.end)
    const line = message.first(field.via)
    if (via.hasMore) {
      edit.remove(message.valueStart(line), behindComma(message.buf, via.end, message.valueEnd(line)))
    } else {
      edit.remove(message.lineStart(line), message.lineEnd(line))
    }
    this.#options.trust.rewriteResponse(message, edit, source)
    this.#addLength(message)
    if (this.#options.flowTimer > 0 && target.facts.side === 'edge') this.#addFlowTimer(message)
    return edit.finish()
  }

  /** Offset of the Call-ID in what was written last. */
  shifted(position: number): number {
    return this.#edit.shifted(position)
  }

  #countHop(message: SipMessage, top: number): void {
    const line = message.first(field.maxForwards)
    if (line < 0) {
      this.#edit.insert(top, firstMaxForwards)
      return
    }
    const from = message.valueStart(line)
    const to = message.valueEnd(line)
    this.#edit.replace(from, to, String(Number(message.buf.toString('latin1', from, to)) - 1))
  }

  /** RFC 3261 §18.3: over UDP it may be missing, on a stream it ends the message. */
  #addLength(message: SipMessage): void {
    if (message.first(field.contentLength) >= 0) return
    this.#edit.insert(message.headersEnd, `Content-Length: ${message.end - message.bodyStart}\r\n`)
  }

  /**
   * RFC 3261 §16.6 step 6: a strict router finds its own URI in the request line, and the real one as the
   * last Route. Each value takes the place of the one before it, so that no line is left empty.
   */
  #routeStrictly(message: SipMessage): void {
    const edit = this.#edit
    const { buf, uriStart, uriEnd } = message
    const values = this.#options.routes.remaining(message)
    edit.replace(uriStart, uriEnd, buf.toString('latin1', this.#options.routes.nextStart, this.#options.routes.nextEnd))
    for (const [i, value] of values.entries()) {
      const next = values[i + 1]
      const text =
        next === undefined
          ? `<${buf.toString('latin1', uriStart, uriEnd)}>`
          : buf.toString('latin1', next.start, next.end)
      edit.replace(value.start, value.end, text)
    }
  }

  /** RFC 3327 §5.2, RFC 5626 §5.1: with `ob` only when we are the first hop. */
  #addPath(message: SipMessage, via: Via, source: Leg, target: Leg, top: number): void {
    // A REGISTER of our own servers at a carrier: they are no client behind an edge.
    if (source.facts.side === 'core') return
    const firstHop = !via.hasMore && message.next(message.first(field.via)) < 0
    const line = message.first(field.path)
    const at = line < 0 ? top : message.lineStart(line)
    const uri = `<sip:${source.token}@${target.own.hostPort}${target.own.uriTail}${firstHop ? ';ob' : ''}>`
    // A registrar that finds a Path and no such option may refuse the registration (Asterisk does), and few phones say it.
    const supported = lists(message, field.supported, pathOption) ? '' : 'Supported: path\r\n'
    this.#edit.insert(at, `Path: ${uri}\r\n${supported}`)
  }

  #recordRoute(message: SipMessage, via: Via, source: Leg, target: Leg, byFlow: boolean, top: number): void {
    const line = message.first(field.recordRoute)
    const at = line < 0 ? top : message.lineStart(line)
    const secure = this.#isSecure(message)
    const values = this.#options.recordRoute.values(message, via, source, target, byFlow, secure)
    this.#edit.insert(at, `Record-Route: ${values}\r\n`)
  }

  /** RFC 3261 §16.6 step 4: by the Request-URI, or by the topmost of the Routes that are left. */
  #isSecure({ buf, uriStart }: SipMessage): boolean {
    const { nextStart } = this.#options.routes
    return isSips(buf, uriStart) || (nextStart >= 0 && isSips(buf, nextStart))
  }

  /** RFC 5626 §10 */
  #addFlowTimer(message: SipMessage): void {
    const { status } = message
    if (status < 200 || status > 299 || message.first(field.flowTimer) >= 0) return
    if (message.cseqMethod() !== 'REGISTER') return
    const top = message.lineStart(message.first(field.callId))
    this.#edit.insert(top, `Flow-Timer: ${this.#options.flowTimer}\r\n`)
  }
}

const pathOption = Buffer.from('path')

/** Does a header that lists tokens have this one (lower case)? */
function lists(message: SipMessage, name: Field, token: Buffer): boolean {
  const { buf } = message
  for (let line = message.first(name); line >= 0; line = message.next(line)) {
    const end = message.valueEnd(line)
    let at = message.valueStart(line)
    while (at < end) {
      const tokenTo = tokenEnd(buf, at, end)
      if (isName(buf, at, tokenTo, token)) return true
      at = behindComma(buf, nextValue(buf, at, end), end)
    }
  }
  return false
}
