/**
 * Every live connection, and what they share: ids, clock, limits, counters, the watch.
 * It accepts and opens nothing itself.
 */
import { type Endpoint, unknownEndpoint } from '../base/address.js'
import { type MicroClock, microClock } from '../base/clock.js'
import { type Failure, failure } from '../base/errors.js'
import type { ConnectionFacts, Direction, Side, Transport } from '../base/facts.js'
import type { Config } from '../config/types.js'
import type { FramerLimits } from '../sip/framer.js'
import { AddressCounts, addressKey } from './address-counts.js'
import type { Association, AssociationHome } from './association.js'
import type { Connection, ConnectionHome } from './connection.js'
import { MessageCounters } from './message-counters.js'
import { ConnectionWatch } from './watch.js'

/** A connection on which nothing arrived for so long has no request or response under way. */
const quietMs = 1000
const drainStepMs = 50

/** One address may use this part of max_handshakes: silent connections of one host must not keep everybody else out. */
const largestShare = 0.25
const leastShare = 16

export class Connections implements ConnectionHome, AssociationHome {
  readonly framerLimits: FramerLimits
  readonly maxPostponed: number
  readonly watch: ConnectionWatch
  readonly nowMicros: MicroClock
  /** since start */
  readonly counters = { pings: 0 }
  readonly messages = new MessageCounters()
  readonly #newId: () => string
  readonly #limits: Config['limits']
  readonly #open = new Set<Connection>()
  /** connections, and associations over UDP */
  readonly #byId = new Map<string, Connection | Association>()
  #associations = 0
  readonly #acceptedFrom = new AddressCounts()
  readonly #acceptingFrom = new AddressCounts()
  /** accepted and not closed; of these, not established */
  #accepted = 0
  #accepting = 0
  #toFlush: Connection[] = []
  readonly #flush = (): void => {
    const connections = this.#toFlush
    this.#toFlush = []
    for (const connection of connections) connection.flush()
  }
  #whenEmpty: (() => void)[] = []
  #trusted: ReadonlySet<string>

  constructor(config: Pick<Config, 'proto_tls' | 'limits' | 'trust'>, newId: () => string, nowMicros = microClock()) {
    const { proto_tls, limits, trust } = config
    this.#newId = newId
    this.#trusted = new Set(trust.domains)
    this.#limits = limits
    this.nowMicros = nowMicros
    this.maxPostponed = proto_tls.tls_async_max_postponed_chunks
    this.framerLimits = {
      maxMessageBytes: limits.max_message_bytes,
      maxReads: proto_tls.tls_max_msg_chunks,
      crlfPingpong: proto_tls.tls_crlf_pingpong,
      crlfDrop: proto_tls.tls_crlf_drop,
      passCrlf: true,
    }
    this.watch = new ConnectionWatch(
      {
        sendTimeoutMs: proto_tls.tls_send_timeout,
        messageTimeoutMs: limits.message_timeout,
        idleMs: limits.tcp_connection_lifetime * 1000,
      },
      this.#open,
      undefined,
      (connection) => this.#quietSince(connection),
    )
  }

  /** Facts of a connection that begins now; `listener`: the socket of the configuration it came in by. */
  newFacts(
    direction: Direction,
    transport: Transport,
    side: Side,
    local?: Endpoint,
    peer?: Endpoint,
    listener?: string,
  ): ConnectionFacts {
    return {
      id: this.#newId(),
      direction,
      transport,
      side,
      local: local ?? unknownEndpoint,
      peer: peer ?? unknownEndpoint,
      proxiedBy: undefined,
      listener,
      openedMicros: this.nowMicros(),
      domain: undefined,
      sni: undefined,
      hello: undefined,
      tls: undefined,
      ownCertificate: undefined,
      peerCertificate: undefined,
      peerIdentities: [],
      trusted: undefined,
      users: [],
      keylog: [],
      connectMs: undefined,
      handshakeMs: undefined,
      bytesIn: 0,
      bytesOut: 0,
      messagesIn: 0,
      messagesOut: 0,
      relayedTo: undefined,
      closed: undefined,
      trace: undefined,
      span: undefined,
    }
  }

  /** May one more be accepted at all? The connection in question is counted already. */
  exceeded(): Failure | undefined {
    const { max_connections, max_handshakes } = this.#limits
    if (this.#accepted > max_connections) {
      return failure('limit-reached', `limits.max_connections (${max_connections}) reached`)
    }
    if (this.#accepting > max_handshakes) {
      return failure('limit-reached', `limits.max_handshakes (${max_handshakes}) reached`)
    }
    return undefined
  }

  /** May one more be accepted from this address? It is counted already. */
  exceededFor(ip: string): Failure | undefined {
    const { max_connections_per_address: most, max_handshakes } = this.#limits
    if (most > 0 && this.#acceptedFrom.get(ip) > most) {
      return failure('limit-reached', `limits.max_connections_per_address (${most}) reached for ${addressKey(ip)}`)
    }
    const share = Math.max(leastShare, Math.floor(max_handshakes * largestShare))
    if (this.#acceptingFrom.get(ip) > share) {
      return failure(
        'limit-reached',
        `${addressKey(ip)} has ${share} handshakes under way, its share of limits.max_handshakes`,
      )
    }
    return undefined
  }

  opened(connection: Connection | Association): void {
    this.#byId.set(connection.facts.id, connection)
    if (isAssociation(connection)) this.#associations++
    if (isAssociation(connection) || connection.facts.direction === 'out') return
    this.#accepted++
    this.#accepting++
    this.#acceptedFrom.add(connection.facts.peer.ip)
    this.#acceptingFrom.add(connection.facts.peer.ip)
  }

  /** PROXY protocol named the real client: from now on the limits are about that address. */
  renamed(from: Endpoint, to: Endpoint): void {
    for (const counts of [this.#acceptedFrom, this.#acceptingFrom]) {
      counts.remove(from.ip)
      counts.add(to.ip)
    }
  }

  established(connection: Connection): void {
    connection.facts.trusted = this.#trusts(connection.facts)
    this.#open.add(connection)
    if (connection.facts.direction === 'in') this.#leaveHandshake(connection)
  }

  closed(connection: Connection | Association): void {
    if (!this.#byId.delete(connection.facts.id)) return
    if (isAssociation(connection)) this.#associations--
    else this.#forget(connection)
    if (this.#byId.size === 0) {
      for (const done of this.#whenEmpty.splice(0)) done()
    }
  }

  #forget(connection: Connection): void {
    const wasOpen = this.#open.delete(connection)
    this.watch.forget(connection)
    if (connection.facts.direction === 'out') return
    this.#accepted--
    if (!wasOpen) this.#leaveHandshake(connection)
    this.#acceptedFrom.remove(connection.facts.peer.ip)
  }

  /** Lower case. From now on: whoever is taken off the list is trusted no more, on open connections too. */
  set trustDomains(domains: readonly string[]) {
    this.#trusted = new Set(domains)
    for (const { facts } of this.#open) facts.trusted = this.#trusts(facts)
  }

  /** Calls `flush` of the connection at the end of this turn of the event loop. */
  flushSoon(connection: Connection): void {
    if (this.#toFlush.push(connection) === 1) setImmediate(this.#flush)
  }

  get(id: string): Connection | Association | undefined {
    return this.#byId.get(id)
  }

  /** Facts of all connections, also of those in their handshake, oldest first. */
  *facts(): IterableIterator<ConnectionFacts> {
    for (const connection of this) yield connection.facts
  }

  [Symbol.iterator](): IterableIterator<Connection | Association> {
    return this.#byId.values()
  }

  get open(): number {
    return this.#open.size + this.#associations
  }

  /** connections being accepted or opened */
  get inHandshake(): number {
    return this.#byId.size - this.open
  }

  /**
   * Ends every connection: those that are quiet at once, the others when they become so, all of them
   * at the deadline. Resolves when none is left.
   */
  async drain(deadlineMs: number): Promise<void> {
    const untilMs = performance.now() + deadlineMs
    const step = (): void => {
      const now = performance.now()
      for (const connection of this) {
        if (now >= untilMs) connection.close('shutdown')
        else if (now - (this.#quietSince(connection) ?? now) >= quietMs) connection.end('shutdown')
      }
    }
    const timer = setInterval(step, drainStepMs)
    step()
    if (this.#byId.size > 0) await new Promise<void>((done) => this.#whenEmpty.push(done))
    clearInterval(timer)
  }

  stop(): void {
    this.watch.stop()
  }

  /**
   * Traffic on either leg of a tunnel keeps both: keep-alives of the client are answered here and never
   * reach its upstream leg, which therefore ends with the client and not on its own (undefined).
   */
  #quietSince({ lastActiveMs, facts }: Connection | Association): number | undefined {
    const other = facts.relayedTo === undefined ? undefined : this.#byId.get(facts.relayedTo)
    if (other === undefined) return lastActiveMs
    return facts.direction === 'out' ? undefined : Math.max(lastActiveMs, other.lastActiveMs)
  }

  /** There are identities only where a certificate came over TLS and was verified. Whole names: a pattern vouches for nobody. */
  #trusts({ side, peerIdentities }: ConnectionFacts): boolean {
    return side === 'core' || peerIdentities.some((domain) => this.#trusted.has(domain))
  }

  #leaveHandshake({ facts }: Connection): void {
    this.#accepting--
    this.#acceptingFrom.remove(facts.peer.ip)
  }
}

function isAssociation(one: Connection | Association): one is Association {
  return one.facts.transport === 'udp'
}
