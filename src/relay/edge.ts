/**
 * Edge mode: a stateless SIP proxy at the edge of a voice network (RFC 3261 §16.11, RFC 5626 §5). Phones
 * and trunks on the edge side, our own servers on the core side; each message is indexed, its way found,
 * edited and written in the turn in which it came. It keeps no transaction, no dialog, no timer per message.
 *
 *     edge ── request ──▶ our Routes off, Via on ──▶ upstream
 *     core ── request ──▶ flow token ──▶ exactly that connection, else 430
 *                     ──▶ no token   ──▶ by Route or Request-URI (RFC 3263), a connection opened if need be
 *     both ── response ─▶ our Via off ──▶ the leg its branch names
 */
import { endpointText } from '../base/address.js'
import { type Failure, failure } from '../base/errors.js'
import type { ConnectionFacts } from '../base/facts.js'
import { hashOfBytes } from '../base/hash.js'
import { checkRequest, checkResponse, type Refusal } from '../sip/check.js'
import type { Edit } from '../sip/edit.js'
import { field, type SipMessage } from '../sip/message.js'
import { SipUri } from '../sip/uri.js'
import { hostText } from '../sip/values.js'
import { Via } from '../sip/via.js'
import type { Connection } from '../tls/connection.js'
import type { MessageCounters } from '../tls/message-counters.js'
import type { ConnectionPool } from '../tls/pool.js'
import type { Tap } from '../trace/tap.js'
import { type Answers, undeliverable } from './answers.js'
import type { Branches } from './branch.js'
import type { CallSeals } from './call-seal.js'
import type { Complaints } from './complaints.js'
import type { EdgeCounters, ResponseDrop } from './edge-counters.js'
import type { FlowTokens } from './flow.js'
import { ResolvedHops, UpstreamHops } from './hops.js'
import type { Leg } from './leg.js'
import type { Legs } from './legs.js'
import type { Hops, Outbound, Traveller } from './outbound.js'
import type { Prober } from './prober.js'
import type { Question, Resolver } from './resolver.js'
import type { Rewrite } from './rewrite.js'
import { behindComma, knownTransport, type Routes } from './routes.js'
import type { Upstream, UpstreamList } from './upstreams.js'

export interface EdgeOptions {
  readonly message: SipMessage
  readonly edit: Edit
  readonly routes: Routes
  readonly rewrite: Rewrite
  readonly legs: Legs
  readonly branches: Branches
  readonly tokens: FlowTokens
  readonly pool: ConnectionPool
  readonly outbound: Outbound
  readonly resolver: Resolver
  readonly prober: Prober
  readonly answers: Answers
  readonly seals: CallSeals
  /** an error of our own; the message is lost */
  readonly onFault: (error: unknown, source: Leg) => void
  readonly upstreams: () => UpstreamList
  readonly counters: EdgeCounters
  readonly complaints: Complaints
  readonly messages: MessageCounters
  readonly tap: Tap
  readonly tlsPort: number
  /** tls_async */
  readonly async: boolean
  /** trace.probes */
  readonly traceProbes: boolean
}

/** RFC 3261 §19.1.2 */
const sipPort = 5060
/** One phone that does not read must not fill our memory: what may wait for an edge connection. */
const maxUnsentBytes = 1024 * 1024

export class Edge {
  readonly #options: EdgeOptions
  readonly #message: SipMessage
  readonly #via = new Via()
  readonly #uri = new SipUri()
  /** as it was on the wire, where `#message` is not */
  #asReceived: Wire | undefined
  /** where requests to an upstream went last */
  readonly #upstreamLegs = new Map<Upstream, Leg>()

  constructor(options: EdgeOptions) {
    this.#options = options
    this.#message = options.message
  }

  /** One whole message, buf[start, end), that came on `source`. A fault of ours costs that message, and nothing else. */
  received(source: Leg, buf: Buffer, start: number, bodyStart: number, end: number): void {
    const message = this.#message
    try {
      message.read(buf, start, bodyStart, end)
      this.#asReceived = undefined
      // A core leg follows the verdict on the edge leg, which is known only when the way is.
      if (source.facts.side === 'edge') this.#traceIn(source, source.facts)
      if (message.isRequest) this.#request(source)
      else this.#response(source)
    } catch (error) {
      this.#options.onFault(error, source)
    }
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
      if (upstream !== undefined && upstream !== firstUpstream) {
        this.#options.upstreams().went(callKey(this.#message), upstream)
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

  #takeUp({ source, buf, start, bodyStart, end, asReceived }: WaitingRequest): void {
    if (!this.#options.async) source.release()
    this.#message.read(buf, start, bodyStart, end)
    this.#asReceived = asReceived
    this.#readVia()
    this.#options.routes.read(this.#message)
  }

  #answerFailed(source: Leg, reason: Failure): void {
    this.#options.messages.lose(1, reason.cause)
    this.#answer(source, undeliverable(reason, source))
  }

  // ── requests ──

  #request(source: Leg): void {
    const { routes, answers } = this.#options
    const refusal = checkRequest(this.#message, this.#via)
    if (refusal !== undefined && refusal.status !== 483 && refusal.status !== 420) {
      this.#answer(source, refusal)
      return
    }
    routes.read(this.#message)
    if (routes.comesFromStrictRouter(this.#message)) this.#unstrict()
    if (routes.broken) this.#answer(source, badRoute)
    else if (this.#isForUs()) this.#answer(source, optionsAnswer)
    // Max-Forwards and Proxy-Require are about requests that go on.
    else if (refusal !== undefined) this.#answer(source, refusal)
    else if (this.#message.method === 'ACK' && answers.wasAnswered(this.#message)) this.#ackTaken(source)
    else if (source.facts.side === 'edge') this.#fromEdge(source)
    else this.#fromCore(source)
  }

  /** The ACK for an answer of our own ends here (RFC 3261 §8.2.7). */
  #ackTaken(source: Leg): void {
    if (source.facts.side === 'core') this.#traceIn(source, source.facts)
  }

  /** From here on the request is as a loose router would have sent it. */
  #unstrict(): void {
    const { routes, edit } = this.#options
    const message = this.#message
    const { buf, start, end, callIdStart, callIdEnd } = message
    this.#asReceived = { buf, start, end, callIdStart, callIdEnd }
    const bodyBytes = end - message.bodyStart
    const bytes = routes.unstrict(message, edit)
    message.read(bytes, 0, bytes.length - bodyBytes, bytes.length)
    this.#readVia()
    routes.read(message)
  }

  #readVia(): boolean {
    const message = this.#message
    const line = message.first(field.via)
    return this.#via.read(message.buf, message.valueStart(line), message.valueEnd(line))
  }

  /** To our servers, and nowhere else: whoever is outside cannot use us to reach third parties. */
  #fromEdge(source: Leg): void {
    this.#noteAlias(source)
    const { token } = this.#options.routes
    // RFC 5626 §5.3: with the token of its own flow the request is on its way out.
    if (token !== '' && token !== source.token) {
      const flow = this.#options.tokens.read(token)
      if (flow === undefined) {
        this.#answer(source, forgedToken)
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
    return this.#message.toHasTag() && seals.holds(token, this.#message, routes.sealStart, routes.sealEnd)
  }

  #toUpstream(source: Leg): void {
    const list = this.#options.upstreams()
    const order = list.order(list.size > 1 ? callKey(this.#message) : 0)
    const named = list.size > 1 ? this.#namedUpstream(list) : undefined
    const first = named ?? (order[0] as Upstream)
    const leg = this.#upstreamLegs.get(first)
    if (leg?.open === true) this.#forward(source, leg, false)
    else this.#wait(source, new UpstreamHops(named === undefined ? order : startingWith(named, order)))
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
      if (flow === undefined) this.#answer(source, forgedToken)
      else if (target === undefined) this.#answer(source, flowGone)
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
      this.#answer(source, noWay)
      return
    }
    if (this.#options.routes.isOwn(uri)) {
      this.#answer(source, notHere)
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
      this.#answer(source, noSuchTransport)
      return
    }
    const question: Question = {
      host: uri.target(),
      port: uri.port === 0 ? undefined : uri.port,
      transport,
      secure: uri.secure || this.#requestUriIsSecure(),
      // RFC 3263 §4.4: a stateless proxy has to choose alike for all requests of a transaction.
      share: callKey(this.#message) / 2 ** 32,
    }
    this.#wait(source, new ResolvedHops(this.#options.resolver, question))
  }

  /** A connection has to be found or opened first. */
  #wait(source: Leg, hops: Hops): void {
    if (!this.#options.async) source.hold()
    this.#options.outbound.send(new WaitingRequest(this, source, this.#message, this.#asReceived, hops))
  }

  #forward(source: Leg, target: Leg, byFlow: boolean): void {
    const bytes = this.#options.rewrite.request(this.#message, this.#via, source, target, byFlow)
    this.#send(source, target, bytes)
  }

  /** OPTIONS to the gateway itself: no user, our address, nowhere further to go (RFC 3261 §11). */
  #isForUs(): boolean {
    const { routes } = this.#options
    if (this.#message.method !== 'OPTIONS' || routes.nextStart >= 0 || routes.token !== '') return false
    const uri = this.#nextHopUri()
    return uri !== undefined && uri.userStart < 0 && routes.isOwn(uri)
  }

  /** Of the Route that is left, else of the request. */
  #nextHopUri(): SipUri | undefined {
    const { buf, uriStart, uriEnd } = this.#message
    const { nextStart, nextEnd } = this.#options.routes
    const [from, to] = nextStart >= 0 ? [nextStart, nextEnd] : [uriStart, uriEnd]
    return this.#uri.read(buf, from, to) ? this.#uri : undefined
  }

  /** RFC 3261 §26.2.2: sips: stays on TLS all the way. */
  #requestUriIsSecure(): boolean {
    const { buf, uriStart } = this.#message
    return ((buf[uriStart + 3] as number) | 0x20) === 0x73
  }

  /** RFC 5923 §8.1: the client wants its connection reused for requests to the address in its Via. */
  #noteAlias(source: Leg): void {
    if (!this.#via.alias || source.aliased || source.facts.transport !== 'tls') return
    source.aliased = true
    this.#options.pool.addAlias(source.carrier as Connection, this.#via.port || this.#options.tlsPort)
  }

  // ── responses ──

  #response(source: Leg): void {
    if (checkResponse(this.#message, this.#via) !== undefined) {
      this.#dropResponse(source, 'malformed')
      return
    }
    const { buf } = this.#message
    const { branchStart, branchEnd } = this.#via
    const id = this.#options.branches.source(buf, branchStart, branchEnd, source.facts.side)
    if (id === undefined) {
      if (!this.#isOfProbe(source)) this.#dropResponse(source, 'not-ours')
      return
    }
    const target = this.#options.legs.get(id) ?? this.#legBySentBy(source)
    if (target === undefined) {
      this.#dropResponse(source, 'flow-gone')
      return
    }
    if (!this.#via.hasMore && this.#message.next(this.#message.first(field.via)) < 0) {
      // RFC 3261 §16.7 step 3: no Via but ours means that it was meant for us, and we asked nothing.
      this.#dropResponse(source, 'malformed')
      return
    }
    if (target.facts.side === 'edge' && isRegisteredWithoutPath(this.#message)) this.#noteMissingPath(source)
    this.#send(source, target, this.#options.rewrite.response(this.#message, this.#via, source, target))
  }

  #noteMissingPath({ facts }: Leg): void {
    this.#options.counters.registrationsWithoutPath++
    this.#options.complaints.registrationWithoutPath(endpointText(facts.peer))
  }

  #isOfProbe(source: Leg): boolean {
    const { buf, status } = this.#message
    const { branchStart, branchEnd } = this.#via
    if (branchStart < 0 || !this.#options.prober.answered(buf.toString('latin1', branchStart, branchEnd), status))
      return false
    if (source.facts.side === 'core' && this.#options.traceProbes) this.#traceIn(source, source.facts)
    return true
  }

  /**
   * RFC 3261 §18.2.2: the connection is gone, but the Via below ours says where its request came from. Only
   * towards our own servers: nobody outside can make us send anything anywhere by what it writes there.
   */
  #legBySentBy(source: Leg): Leg | undefined {
    const via = this.#via
    if (source.facts.side === 'core' || !this.#readViaBelow()) return undefined
    const { buf } = this.#message
    const transport = knownTransport(buf.toString('latin1', via.transportStart, via.transportEnd).toLowerCase())
    if (transport === undefined) return undefined
    const ip =
      via.receivedStart >= 0
        ? buf.toString('latin1', via.receivedStart, via.receivedEnd)
        : hostText(buf, via.hostStart, via.hostEnd)
    // RFC 3581 §4: rport is for UDP; on a stream it is the port of the connection that is gone.
    const rport = transport === 'udp' ? via.rport : 0
    const port = rport || via.port || (transport === 'tls' ? this.#options.tlsPort : sipPort)
    const target = this.#options.legs.to('core', transport, { ip, port })
    this.#readVia()
    return target
  }

  /** The Via below ours. */
  #readViaBelow(): boolean {
    const message = this.#message
    const line = message.first(field.via)
    if (this.#via.hasMore) {
      const end = message.valueEnd(line)
      return this.#via.read(message.buf, behindComma(message.buf, this.#via.end, end), end)
    }
    const next = message.next(line)
    return next >= 0 && this.#via.read(message.buf, message.valueStart(next), message.valueEnd(next))
  }

  #dropResponse(source: Leg, reason: ResponseDrop): void {
    if (source.facts.side === 'core') this.#traceIn(source, source.facts)
    this.#options.counters.responseDropped(reason)
  }

  // ── sending ──

  #send(source: Leg, target: Leg, bytes: Buffer): void {
    const judge = source.facts.side === 'edge' ? source.facts : target.facts
    if (source.facts.side === 'core') this.#traceIn(source, judge)
    const { async, tap, rewrite, messages } = this.#options
    const taken =
      async || target.facts.transport === 'udp' ? target.carrier.write(bytes, 1) : target.writeHolding(source, bytes)
    if (!taken) messages.lose(1, 'relay-closed')
    if (tap.on) this.#traceOut(target, bytes, judge, rewrite)
    if (target.blocked) this.#slowDown(source, target)
  }

  /** Whoever fills a connection that takes no more is not read; but one slow phone does not hold up our servers. */
  #slowDown(source: Leg, target: Leg): void {
    if (source.facts.side === 'edge') target.holdBack(source)
    else if (target.facts.side === 'core') target.holdBack(source)
    else if (target.carrier.unsentBytes > maxUnsentBytes) {
      target.fail(failure('send-timeout', `more than ${maxUnsentBytes} bytes wait for a peer that does not read`))
    }
  }

  #answer(source: Leg, refusal: Refusal): void {
    if (source.facts.side === 'core') this.#traceIn(source, source.facts)
    this.#options.answers.send(this.#message, source, refusal)
    // Whoever asks and does not read the answers is not read either.
    if (source.blocked) source.holdBack(source)
  }

  // ── trace ──

  #traceIn(source: Leg, judge: ConnectionFacts): void {
    const { tap } = this.#options
    if (!tap.on) return
    const { buf, start, end, callIdStart, callIdEnd } = this.#asReceived ?? this.#message
    tap.message(source.facts, 'in', buf, start, end, callIdStart, callIdEnd, judge)
  }

  #traceOut(target: Leg, bytes: Buffer, judge: ConnectionFacts, rewrite: Rewrite): void {
    const { callIdStart, callIdEnd } = this.#message
    const from = rewrite.shifted(callIdStart)
    const to = from + callIdEnd - callIdStart
    this.#options.tap.message(target.facts, 'out', bytes, 0, bytes.length, from, to, judge)
  }
}

/** A message as the trace shows it. */
type Wire = Pick<SipMessage, 'buf' | 'start' | 'end' | 'callIdStart' | 'callIdEnd'>

/** A request as it was received; the framer never writes to its bytes again. */
class WaitingRequest implements Traveller {
  readonly source: Leg
  readonly buf: Buffer
  readonly start: number
  readonly bodyStart: number
  readonly end: number
  /** as it was on the wire, where it was changed since */
  readonly asReceived: Wire | undefined
  readonly hops: Hops
  readonly #edge: Edge

  constructor(
    edge: Edge,
    source: Leg,
    { buf, start, bodyStart, end }: SipMessage,
    asReceived: Wire | undefined,
    hops: Hops,
  ) {
    this.asReceived = asReceived
    this.#edge = edge
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
    this.#edge.resumed(this, leg)
  }

  failed(reason: Failure): void {
    this.#edge.undeliverable(this, reason)
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

/** RFC 3327 §5.3: a registrar that keeps the Path repeats it. One whose answer names no Contact has nothing to keep. */
function isRegisteredWithoutPath(message: SipMessage): boolean {
  const { status } = message
  if (status < 200 || status > 299 || message.first(field.path) >= 0 || message.first(field.contact) < 0) return false
  return message.cseqMethod() === 'REGISTER'
}

function startingWith(first: Upstream, order: readonly Upstream[]): readonly Upstream[] {
  return [first, ...order.filter((other) => other !== first)]
}

/** A number for all requests of one call, 32 bits. */
function callKey({ buf, callIdStart, callIdEnd }: SipMessage): number {
  return hashOfBytes(buf, callIdStart, callIdEnd) >>> 0
}
