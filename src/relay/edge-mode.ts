/**
 * Edge mode put together: what `edge.ts` decides with, who listens to each leg, and the upstreams and
 * trunks that are kept connected and probed. Made once the sockets are bound, because we have to know
 * how we are reached; it opens no socket that listens.
 */
import { randomBytes } from 'node:crypto'
import type { Endpoint } from '../base/address.js'
import type { Transport } from '../base/facts.js'
import type { Log } from '../base/log.js'
import type { EdgeStatus, UpstreamStatus } from '../base/status.js'
import type { Config, TrunkConfig } from '../config/types.js'
import { Edit } from '../sip/edit.js'
import type { Via } from '../sip/via.js'
import type { Association } from '../tls/association.js'
import { Connection } from '../tls/connection.js'
import type { Connector } from '../tls/connector.js'
import type { TlsContexts } from '../tls/contexts.js'
import type { DatagramListener } from '../tls/datagram.js'
import type { ConnectionHandler } from '../tls/handler.js'
import type { MessageCounters } from '../tls/message-counters.js'
import { ConnectionPool } from '../tls/pool.js'
import type { Tap } from '../trace/tap.js'
import { Answers } from './answers.js'
import { Branches } from './branch.js'
import type { CallSeals } from './call-seal.js'
import { Complaints } from './complaints.js'
import { Edge } from './edge.js'
import { EdgeCounters } from './edge-counters.js'
import type { FlowTokens } from './flow.js'
import { ResolvedHops, UpstreamHops } from './hops.js'
import { KeepAlive } from './keepalive.js'
import { Keeper, type Kept } from './keeper.js'
import type { Leg } from './leg.js'
import { Legs } from './legs.js'
import { type Hop, type Hops, Outbound } from './outbound.js'
import type { OwnAddresses } from './own-addresses.js'
import { Passage } from './passage.js'
import { PeerLog } from './peer-log.js'
import { Prober, type ProbeTarget } from './prober.js'
import { RecordRoute } from './record-route.js'
import type { Resolver } from './resolver.js'
import { Rewrite } from './rewrite.js'
import { Routes } from './routes.js'
import { Trunk } from './trunk.js'
import { Trust } from './trust.js'
import { Upstream, UpstreamList } from './upstreams.js'

export interface EdgeModeOptions {
  /** asked for what a reload may change */
  readonly config: () => Config
  readonly own: OwnAddresses
  readonly tokens: FlowTokens
  readonly seals: CallSeals
  readonly resolver: Resolver
  readonly connector: Connector
  readonly contexts: () => TlsContexts
  readonly datagrams: readonly DatagramListener[]
  readonly messages: MessageCounters
  readonly tap: Tap
  readonly log: Log
  readonly userAgent: string
}

/** A peer that has closed its half is still answered for so long: `openssl s_client` and scripts end that way. */
const answerAfterEndMs = 2000

export class EdgeMode {
  readonly #options: EdgeModeOptions
  readonly #counters = new EdgeCounters()
  readonly #pool: ConnectionPool
  readonly #legs: Legs
  readonly #outbound: Outbound
  readonly #answers: Answers
  readonly #prober: Prober
  readonly #keeper = new Keeper()
  readonly #keepAlive = new KeepAlive()
  readonly #edge: Edge
  #upstreams = new UpstreamList([])
  readonly #trunks = new Map<string, Trunk>()
  readonly #kept = new Map<Upstream | Trunk, Kept>()
  readonly #complaints: Complaints
  readonly #peerLog: PeerLog

  constructor(options: EdgeModeOptions) {
    this.#options = options
    const { proto_tls, relay, trace } = options.config()
    this.#complaints = new Complaints(options.log)
    this.#peerLog = new PeerLog({ log: options.log, upstreams: () => this.#upstreams })
    this.#pool = new ConnectionPool(proto_tls.cert_check_on_conn_reusage)
    this.#legs = new Legs(options.own, options.tokens, this)
    this.#outbound = new Outbound({
      connector: options.connector,
      pool: this.#pool,
      legOf: (connection) => this.#legs.get(connection.facts.id),
      adopt: (connection, hop) => this.#adopt(connection, hop),
      association: (address) => this.#associationTo(address),
      isInside: (address, transport) => options.own.listensAt(address, transport) || this.#upstreams.listensAt(address),
      acceptedFrom: (address, transport) => this.#acceptedFrom(address, transport),
      messages: options.messages,
      async: proto_tls.tls_async,
      connectWindowMs: proto_tls.tls_async_local_connect_timeout,
      handshakeWindowMs: proto_tls.tls_async_handshake_timeout,
      maxPostponed: proto_tls.tls_async_max_postponed_chunks,
    })
    this.#answers = new Answers(options.tap, this.#counters, randomBytes(16))
    this.#prober = new Prober({
      port: {
        leg: (target) => this.#outbound.legTo(this.#hopsTo(target as Upstream | Trunk)),
        send: (leg, bytes) => this.#answers.sendOwn(leg, bytes, trace.probes ? leg.facts : undefined),
      },
      timeoutMs: relay.options_timeout,
      userAgent: options.userAgent,
    })
    this.#edge = this.#makeEdge()
  }

  /** A client or server has connected to us. */
  accept(connection: Connection): void {
    this.#take(connection, false)
  }

  /** A peer on one of our UDP sockets is new. */
  associate(association: Association): void {
    const leg = this.#legs.add(association, false)
    association.handler = new LegHandler(this, leg)
  }

  /** RFC 3261 §18.3: a request that a datagram holds only part of is answered 400. */
  truncated(association: Association, buf: Buffer, start: number, bodyStart: number, end: number): void {
    const leg = this.#legs.get(association.facts.id)
    if (leg !== undefined) this.received(leg, buf, start, bodyStart, end)
  }

  largeDatagram(bytes: number, peer: Endpoint): void {
    this.#counters.largeDatagrams++
    this.#complaints.largeDatagram(bytes, peer.ip)
  }

  /** What requests of the edge go to, and whom we keep connected. Those that are there already stay as they are. */
  use(upstreams: readonly Upstream[], trunks: readonly TrunkConfig[]): void {
    this.#upstreams = new UpstreamList(upstreams)
    const wanted = new Set<Upstream | Trunk>(upstreams)
    for (const config of trunks) wanted.add(this.#trunkFor(config))
    for (const peer of [...this.#kept.keys()]) if (!wanted.has(peer)) this.#release(peer)
    for (const peer of wanted) if (!this.#kept.has(peer)) this.#keep(peer)
  }

  status(): EdgeStatus {
    return this.#counters.status()
  }

  trunkStatus(): UpstreamStatus[] {
    return Array.from(this.#trunks.values(), (trunk) => trunk.status())
  }

  /** Opens nothing by itself any more. What is open goes on. */
  stop(): void {
    this.#keeper.stop()
    this.#prober.stop()
    this.#keepAlive.stop()
    this.#peerLog.stop()
  }

  // ── for the handlers ──

  received(leg: Leg, buf: Buffer, start: number, bodyStart: number, end: number): void {
    this.#edge.received(leg, buf, start, bodyStart, end)
  }

  /** The peer sends nothing more: it is still answered for a while, and gets no requests. */
  leaving(leg: Leg): void {
    leg.leaving = true
    if (leg.carrier instanceof Connection) this.#pool.remove(leg.carrier)
    this.#edge.noRequestsTo(leg)
    setTimeout(() => leg.carrier.end('peer-closed'), answerAfterEndMs).unref()
  }

  closed(leg: Leg): void {
    this.#legs.remove(leg)
    if (leg.carrier instanceof Connection) {
      this.#pool.remove(leg.carrier)
      this.#keepAlive.forget(leg.carrier)
    }
    this.#edge.noRequestsTo(leg)
    leg.closed()
    leg.belongTo(undefined)
    this.#keeper.closed(leg)
  }

  #makeEdge(): Edge {
    const { own, seals, tokens, resolver, messages, tap } = this.#options
    const { proto_tls, relay, trust, trace } = this.#options.config()
    const [edit, routes, branches] = [new Edit(), new Routes(own), new Branches()]
    const rewrite = new Rewrite(edit, {
      branches,
      routes,
      trust: new Trust({ header: trust.header, alertInfo: () => this.#options.config().trust.alert_info }),
      recordRoute: new RecordRoute({
        seals,
        serverKey: (leg, via) => this.#serverKey(leg, via),
        flowToken: relay.flow_token,
      }),
      flowTimer: relay.flow_timer,
    })
    const parts = { rewrite, answers: this.#answers, messages, tap, async: proto_tls.tls_async }
    return new Edge({
      ...parts,
      passage: new Passage({ ...parts, extraHeader: trust.header }),
      edit,
      routes,
      branches,
      legs: this.#legs,
      tokens,
      seals,
      pool: this.#pool,
      outbound: this.#outbound,
      resolver,
      prober: this.#prober,
      upstreams: () => this.#upstreams,
      counters: this.#counters,
      complaints: this.#complaints,
      tlsPort: proto_tls.tls_port,
      traceProbes: trace.probes,
      onFault: (error, source) => this.#lost(error, source),
    })
  }

  // ── legs ──

  #adopt(connection: Connection, { address, host, side, transport }: Hop): Leg {
    const alias =
      side === 'edge' && transport === 'tls' && this.#options.contexts().clientFor({ ...address, host }).config.alias
    return this.#take(connection, alias)
  }

  #take(connection: Connection, alias: boolean): Leg {
    const leg = this.#legs.add(connection, alias)
    connection.handler = new LegHandler(this, leg)
    return leg
  }

  /** Not one that we opened, which the pool knows better, nor one whose peer is about to leave. */
  #acceptedFrom(address: Endpoint, transport: Transport): Leg | undefined {
    const leg = this.#legs.to('edge', transport, address)
    return leg?.facts.direction === 'in' && !leg.leaving ? leg : undefined
  }

  #associationTo(address: Endpoint): Leg | undefined {
    const socket = this.#options.datagrams.find((one) => one.reaches(address.ip))
    return socket && this.#legs.get(socket.associationTo(address).facts.id)
  }

  /** Nothing a peer sends may end the process. */
  #lost(error: unknown, { facts }: Leg): void {
    this.#options.messages.lose(1, 'relay-closed')
    this.#complaints.messageLost(error, facts.id)
  }

  // ── upstreams and trunks ──

  /** Of the upstream at the other end of a core leg; who connected to us is known by address and Via. */
  #serverKey(leg: Leg, via: Via | undefined): string {
    if (this.#upstreams.size < 2) return ''
    const upstream = leg.peer instanceof Upstream ? leg.peer : this.#upstreams.at(leg.facts.peer.ip, via?.port ?? 0)
    return upstream?.key ?? ''
  }

  #keep(peer: Upstream | Trunk): void {
    const kept: Kept = {
      leg: () => this.#outbound.legTo(this.#hopsTo(peer)),
      onLeg: (leg) => {
        // It may have been opened for a message, or for this peer before a reload.
        leg.belongTo(peer)
        this.#keepAlivesOn(leg, peer)
        this.#prober.probeNow(peer)
      },
    }
    this.#kept.set(peer, kept)
    this.#peerLog.watch(peer)
    this.#prober.add(peer)
    if (peer.config.transport !== 'udp') this.#keeper.keep(kept)
  }

  #release(peer: Upstream | Trunk): void {
    const kept = this.#kept.get(peer)
    const leg = kept && this.#keeper.release(kept)
    // Idle from now on, it ends by itself; with other settings it is kept alive by those.
    if (leg?.carrier instanceof Connection) this.#keepAlive.forget(leg.carrier)
    this.#kept.delete(peer)
    this.#peerLog.forget(peer)
    this.#prober.remove(peer)
    // One whose settings changed has its successor there already.
    if (peer instanceof Trunk && this.#trunks.get(peer.config.uri) === peer) this.#trunks.delete(peer.config.uri)
  }

  #keepAlivesOn(leg: Leg, peer: Upstream | Trunk): void {
    if (!(peer instanceof Trunk) || !(leg.carrier instanceof Connection)) return
    const { pong_timeout } = this.#options.config().relay
    this.#keepAlive.watch(leg.carrier, { intervalMs: peer.config.keepalive * 1000, pongTimeoutMs: pong_timeout })
  }

  /** One whose settings changed is another trunk. */
  #trunkFor(config: TrunkConfig): Trunk {
    const known = this.#trunks.get(config.uri)
    if (known !== undefined && JSON.stringify(known.config) === JSON.stringify(config)) return known
    const { options_threshold } = this.#options.config().relay
    const probing = config.options > 0 ? { intervalMs: config.options * 1000, threshold: options_threshold } : undefined
    const trunk = new Trunk(config, probing)
    this.#trunks.set(config.uri, trunk)
    return trunk
  }

  #hopsTo(peer: ProbeTarget & (Upstream | Trunk)): Hops {
    if (!(peer instanceof Trunk)) return new UpstreamHops([peer])
    const { host, port, transport } = peer.config
    return new ResolvedHops(this.#options.resolver, { host, port, transport, secure: false }, peer)
  }
}

class LegHandler implements ConnectionHandler {
  readonly #mode: EdgeMode
  readonly #leg: Leg

  constructor(mode: EdgeMode, leg: Leg) {
    this.#mode = mode
    this.#leg = leg
  }

  onMessage(buf: Buffer, start: number, bodyStart: number, end: number): void {
    this.#leg.receive(buf, start, bodyStart, end)
  }

  onPeerEnd(): void {
    this.#mode.leaving(this.#leg)
  }

  onBlocked(): void {
    this.#leg.blocked = true
  }

  onDrain(): void {
    this.#leg.letGo()
  }

  onClosed(): void {
    this.#mode.closed(this.#leg)
  }

  onConnected(): void {}
  onCrlf(): void {}
  onReadEnd(): void {}
}
