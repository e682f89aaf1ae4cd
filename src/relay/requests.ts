/**
 * Where a request goes, and what we answer ourselves (RFC 3261 §16.3 to §16.6, RFC 5626 §5.3). It decides for the
 * message under way and keeps nothing of it, except while its connection is being opened.
 *
 *     edge ──▶ our Routes off ──▶ upstream
 *     core ──▶ flow token ──▶ exactly that connection, else 430
 *          ──▶ no token   ──▶ by Route or Request-URI (RFC 3263), a connection opened if need be
 */
import { sipPort } from '../base/address.js'
import type { Failure } from '../base/errors.js'
import { hashOfBytes } from '../base/hash.js'
import { checkRequest, type Refusal } from '../sip/check.js'
import type { Edit } from '../sip/edit.js'
import type { SipMessage } from '../sip/message.js'
import { isSips, SipUri } from '../sip/uri.js'
import type { Connection } from '../tls/connection.js'
import type { MessageCounters } from '../tls/message-counters.js'
import type { ConnectionPool } from '../tls/pool.js'
import { type Answers, undeliverable } from './answers.js'
import type { CallSeals } from './call-seal.js'
import type { Complaints } from './complaints.js'
import type { FlowTokens } from './flow.js'
import { ResolvedHops, UpstreamHops } from './hops.js'
import type { Leg } from './leg.js'
import type { Legs } from './legs.js'
import type { Hops, Outbound, Traveller } from './outbound.js'
import type { Passage, Wire } from './passage.js'
import { noteRegistration } from './registered.js'
import type { Question, Resolver } from './resolver.js'
import type { Rewrite } from './rewrite.js'
import { knownTransport, type Routes } from './routes.js'
import type { Upstream, UpstreamList } from './upstreams.js'

export interface RequestsOptions {
  readonly passage: Passage
  readonly edit: Edit
  readonly routes: Routes
  readonly rewrite: Rewrite
  readonly legs: Legs
  readonly tokens: FlowTokens
  readonly seals: CallSeals
  readonly pool: ConnectionPool
  readonly outbound: Outbound
  readonly resolver: Resolver
  readonly answers: Answers
  readonly upstreams: () => UpstreamList
  readonly complaints: Complaints
  readonly messages: MessageCounters
  readonly tlsPort: number
  /** tls_async */
  readonly async: boolean
  /** an error of our own; the message is lost */
  readonly onFault: (error: unknown, source: Leg) => void
}

export class Requests {
  readonly #options: RequestsOptions
  readonly #passage: Passage
  readonly #uri = new SipUri()
  /** where requests to an upstream went last */
  readonly #upstreamLegs = new Map<Upstream, Leg>()

  constructor(options: RequestsOptions) {
    this.#options = options
    this.#passage = options.passage
  }

  /** The request under way, which came on `source`. */
  take(source: Leg): void {
    const { routes, answers } = this.#options
    const refusal = checkRequest(this.#passage.message, this.#passage.via)
    if (refusal !== undefined && refusal.status !== 483 && refusal.status !== 420) {
      this.#passage.answer(source, refusal)
      return
    }
    routes.read(this.#passage.message)
    if (routes.comesFromStrictRouter(this.#passage.message)) this.#unstrict()
    if (routes.broken) this.#passage.answer(source, badRoute)
    else if (this.#isForUs()) this.#passage.answer(source, optionsAnswer)
    else if (this.#passage.message.method === 'ACK' && answers.wasAnswered(this.#passage.message))
      this.#ackTaken(source)
    // Max-Forwards and Proxy-Require are about requests that go on.
    else if (refusal !== undefined) this.#passage.answer(source, refusal)
    else if (source.facts.side === 'edge') this.#fromEdge(source)
    else this.#fromCore(source)
  }

  /** The leg has closed, or is about to. */
  noRequestsTo(leg: Leg): void {
    for (const [upstream, to] of this.#upstreamLegs) if (to === leg) this.#upstreamLegs.delete(upstream)
  }

  /** A request that waited for its connection, on its way at last. */
  resumed(waiting: WaitingRequest, target: Leg): void {
    const { source, upstream, firstUpstream } = waiting
    try {
      this.#takeUp(waiting)
      if (upstream !== undefined) this.#upstreamLegs.set(upstream, target)
      if (upstream !== undefined && firstUpstream !== undefined && upstream !== firstUpstream) {
        this.#options.upstreams().went(callKey(this.#passage.message), upstream)
      }
      this.#forward(source, target, false)
    } catch (error) {
      this.#options.onFault(error, source)
    }
  }

  /** A request for which no connection could be had. */
  undeliverable(waiting: WaitingRequest, reason: Failure): void {
    const { hops } = waiting
    try {
      this.#takeUp(waiting)
      if (hops instanceof ResolvedHops) this.#options.complaints.unreachable(hops.host, reason)
      this.#answerFailed(waiting.source, reason)
    } catch (error) {
      this.#options.onFault(error, waiting.source)
    }
  }

  #takeUp(waiting: WaitingRequest): void {
    if (!this.#options.async) waiting.source.release()
    this.#passage.resume(waiting)
    this.#options.routes.read(this.#passage.message)
  }

  #answerFailed(source: Leg, reason: Failure): void {
    this.#options.messages.lose(1, reason.cause)
    this.#passage.answer(source, undeliverable(reason, source))
  }

  /** The ACK for an answer of our own ends here (RFC 3261 §8.2.7). */
  #ackTaken(source: Leg): void {
    if (source.facts.side === 'core') this.#passage.traceIn(source, source.facts)
  }

  /** From here on the request is as a loose router would have sent it. */
  #unstrict(): void {
    const { routes, edit } = this.#options
    const message = this.#passage.message
    this.#passage.keepAsReceived()
    const bodyBytes = message.end - message.bodyStart
    const bytes = routes.unstrict(message, edit)
    message.read(bytes, 0, bytes.length - bodyBytes, bytes.length)
    this.#passage.readVia()
    routes.read(message)
  }

  /** To our servers, and nowhere else: whoever is outside cannot use us to reach third parties. */
  #fromEdge(source: Leg): void {
    this.#noteAlias(source)
    if (this.#passage.message.method === 'REGISTER') noteRegistration(source.facts, this.#passage.message)
    const { token } = this.#options.routes
    // RFC 5626 §5.3: with the token of its own flow the request is on its way out.
    if (token !== '' && token !== source.token) {
      const flow = this.#options.tokens.read(token)
      if (flow === undefined) {
        this.#passage.answer(source, forgedToken)
        return
      }
      const target = this.#legOf(flow.connId, token)
      if (target?.facts.side === 'edge' && this.#isOfThisCall(token)) {
        this.#forward(source, target, true)
        return
      }
    }
    this.#toUpstream(source)
  }

  /** RFC 5626 §5.3: the leg of exactly that flow, if it takes requests. */
  #legOf(connId: string, token: string): Leg | undefined {
    const leg = this.#options.legs.get(connId)
    // Two gateways with one secret may give one id to two connections; addresses and all are in the token.
    return leg !== undefined && !leg.leaving && leg.token === token ? leg : undefined
  }

  /** A dialog between two phones that our servers left: the token was given out for this call, and not for another. */
  #isOfThisCall(token: string): boolean {
    const { routes, seals } = this.#options
    return (
      this.#passage.message.toHasTag() && seals.holds(token, this.#passage.message, routes.sealStart, routes.sealEnd)
    )
  }

  #toUpstream(source: Leg): void {
    const list = this.#options.upstreams()
    const order = list.order(list.size > 1 ? callKey(this.#passage.message) : 0)
    const named = list.size > 1 ? this.#namedUpstream(list) : undefined
    const first = named ?? (order[0] as Upstream)
    const leg = this.#upstreamLegs.get(first)
    if (leg?.open === true) this.#forward(source, leg, false)
    else if (named === undefined) this.#wait(source, new UpstreamHops(order, true))
    else this.#wait(source, new UpstreamHops(startingWith(named, order)))
  }

  /** Where the dialog lives: what our Record-Route, the next Route, or else the Request-URI names. */
  #namedUpstream(list: UpstreamList): Upstream | undefined {
    const { serverKey } = this.#options.routes
    const byKey = serverKey === '' ? undefined : list.byKey(serverKey)
    if (byKey !== undefined) return byKey
    const uri = this.#nextHopUri()
    return uri && list.named(uri.host(), uri.port, knownTransport(uri.transport))
  }

  #fromCore(source: Leg): void {
    const { routes, tokens } = this.#options
    if (routes.token !== '') {
      const flow = tokens.read(routes.token)
      const target = flow && this.#legOf(flow.connId, routes.token)
      if (flow === undefined) this.#passage.answer(source, forgedToken)
      else if (target === undefined) this.#passage.answer(source, flowGone)
      else if (target.facts.side === 'edge') this.#forward(source, target, true)
      else this.#outward(source)
      return
    }
    this.#outward(source)
  }

  /** RFC 3261 §16.6 step 7: where the next Route or the Request-URI says. */
  #outward(source: Leg): void {
    const uri = this.#nextHopUri()
    if (uri === undefined) {
      this.#passage.answer(source, noWay)
      return
    }
    if (this.#options.routes.isOwn(uri)) {
      this.#passage.answer(source, notHere)
      return
    }
    const transport = uri.transport === '' ? undefined : knownTransport(uri.transport)
    // One of our servers to another, through us: that is no connection of the edge.
    const port = uri.port || (uri.secure || transport === 'tls' ? this.#options.tlsPort : sipPort)
    const upstream = this.#options.upstreams().named(uri.target(), port, transport)
    if (upstream !== undefined) {
      this.#wait(source, new UpstreamHops([upstream]))
      return
    }
    if (transport === 'udp' || (uri.transport !== '' && transport === undefined)) {
      this.#passage.answer(source, noSuchTransport)
      return
    }
    const { message } = this.#passage
    const question: Question = {
      host: uri.target(),
      port: uri.port === 0 ? undefined : uri.port,
      transport,
      // RFC 3261 §26.2.2: sips: stays on TLS all the way, whatever the Route says.
      secure: uri.secure || isSips(message.buf, message.uriStart),
      // RFC 3263 §4.4: a stateless proxy has to choose alike for all requests of a transaction.
      share: callKey(message) / 2 ** 32,
    }
    this.#wait(source, new ResolvedHops(this.#options.resolver, question))
  }

  /** A connection has to be found or opened first. */
  #wait(source: Leg, hops: Hops): void {
    if (!this.#options.async) source.hold()
    this.#options.outbound.send(new WaitingRequest(this, source, this.#passage, hops))
  }

  #forward(source: Leg, target: Leg, byFlow: boolean): void {
    const bytes = this.#options.rewrite.request(this.#passage.message, this.#passage.via, source, target, byFlow)
    this.#passage.send(source, target, bytes)
  }

  /** OPTIONS to the gateway itself: no user, our address, nowhere further to go (RFC 3261 §11). */
  #isForUs(): boolean {
    const { routes } = this.#options
    if (this.#passage.message.method !== 'OPTIONS' || routes.nextStart >= 0 || routes.token !== '') return false
    const uri = this.#nextHopUri()
    return uri !== undefined && uri.userStart < 0 && routes.isOwn(uri)
  }

  /** Of the Route that is left, else of the request. */
  #nextHopUri(): SipUri | undefined {
    const { buf, uriStart, uriEnd } = this.#passage.message
    const { nextStart, nextEnd } = this.#options.routes
    const [from, to] = nextStart >= 0 ? [nextStart, nextEnd] : [uriStart, uriEnd]
    return this.#uri.read(buf, from, to) ? this.#uri : undefined
  }

  /** RFC 5923 §8.1: the client wants its connection reused for requests to the address in its Via. */
  #noteAlias(source: Leg): void {
    if (!this.#passage.via.alias || source.aliased || source.facts.transport !== 'tls') return
    source.aliased = true
    this.#options.pool.addAlias(source.carrier as Connection, this.#passage.via.port || this.#options.tlsPort)
  }
}

/** A request as it was received; the framer never writes to its bytes again. */
class WaitingRequest implements Traveller {
  readonly source: Leg
  readonly buf: Buffer
  readonly start: number
  readonly bodyStart: number
  readonly end: number
  /** as it was on the wire, where it was changed since */
  readonly asReceived: Wire | undefined
  readonly arrivedMs: number
  readonly hops: Hops
  readonly #requests: Requests

  constructor(requests: Requests, source: Leg, { message, asReceived, arrivedMs }: Passage, hops: Hops) {
    const { buf, start, bodyStart, end } = message
    this.asReceived = asReceived
    this.arrivedMs = arrivedMs
    this.#requests = requests
    this.source = source
    this.buf = buf
    this.start = start
    this.bodyStart = bodyStart
    this.end = end
    this.hops = hops
  }

  /** the upstream it goes to in the end */
  get upstream(): Upstream | undefined {
    return this.hops instanceof UpstreamHops ? this.hops.upstream : undefined
  }

  /** and the one it should have gone to */
  get firstUpstream(): Upstream | undefined {
    return this.hops instanceof UpstreamHops ? this.hops.first : undefined
  }

  ready(leg: Leg): void {
    this.#requests.resumed(this, leg)
  }

  failed(reason: Failure): void {
    this.#requests.undeliverable(this, reason)
  }
}

/** A scheme that may be relayed (tel:) and leads nowhere by itself. */
const noWay: Refusal = { status: 416, reason: 'Unsupported URI Scheme', extra: [] }
const badRoute: Refusal = { status: 400, reason: 'Unreadable Route', extra: [] }
/** RFC 5626 §5.3.1 */
const forgedToken: Refusal = { status: 403, reason: 'Invalid Flow Token', extra: [] }
const flowGone: Refusal = { status: 430, reason: 'Flow Failed', extra: [] }
const notHere: Refusal = { status: 404, reason: 'No Flow Token and Nobody Here', extra: [] }
const noSuchTransport: Refusal = { status: 503, reason: 'Transport Not Supported Towards the Edge', extra: [] }
const optionsAnswer: Refusal = {
  status: 200,
  reason: 'OK',
  extra: ['Accept: application/sdp', 'Accept-Language: en', 'Supported: path, outbound', 'Server: hepgate'],
}

function startingWith(first: Upstream, order: readonly Upstream[]): readonly Upstream[] {
  return [first, ...order.filter((other) => other !== first)]
}

/** A number for all requests of one call, 32 bits. */
function callKey({ buf, callIdStart, callIdEnd }: SipMessage): number {
  return hashOfBytes(buf, callIdStart, callIdEnd) >>> 0
}
