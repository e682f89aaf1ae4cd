/**
 * Brings what has to leave to a leg: one that is open, one that is being opened, or a new one; and on
 * failure to the next place, as long as `tls_async` says that the sender still waits for it. It knows
 * nothing of messages: who waits here is told `ready` or `failed`, exactly once.
 *
 *     Hops ─▶ hop 1 ─▶ open leg? ─────────────────────────────▶ ready
 *                  ─▶ being opened, or open it ─▶ opened ─────▶ ready
 *                                             ─▶ failed ─▶ hop 2, else failed
 */
import type { Endpoint } from '../base/address.js'
import { causeEntry, type Failure, failure } from '../base/errors.js'
import type { Side, Transport } from '../base/facts.js'
import type { Connection } from '../tls/connection.js'
import type { Connector } from '../tls/connector.js'
import type { ConnectionHandler } from '../tls/handler.js'
import type { MessageCounters } from '../tls/message-counters.js'
import type { ConnectionPool } from '../tls/pool.js'
import type { Leg, LegPeer } from './leg.js'

/** One place to try. */
export interface Hop {
  readonly address: Endpoint
  readonly transport: Transport
  /** what its certificate must name */
  readonly host: string
  readonly side: Side
  /** hears how the connect went */
  readonly peer: LegPeer | undefined
}

/** Places to try, one after the other. */
export interface Hops {
  /** at once where no name needs resolving; a Failure is a name that could not be; undefined: none is left */
  next(): Hop | Failure | undefined | Promise<Hop | Failure | undefined>
  /** connecting there failed */
  failed(hop: Hop): void
}

/** Who waits for a leg. */
export interface Traveller {
  readonly hops: Hops
  ready(leg: Leg): void
  failed(reason: Failure): void
}

export interface OutboundOptions {
  readonly connector: Connector
  readonly pool: ConnectionPool
  /** the leg of a connection that is open */
  readonly legOf: (connection: Connection) => Leg | undefined
  /** makes an opened connection a leg, and takes it over */
  readonly adopt: (connection: Connection, hop: Hop) => Leg
  /** undefined: there is no UDP socket that reaches it */
  readonly association: (address: Endpoint) => Leg | undefined
  /** a socket of ours, or of an upstream, listens there: no place to send to from the core side */
  readonly isInside: (address: Endpoint, transport: Transport) => boolean
  /** an open connection that somebody there opened to us */
  readonly acceptedFrom: (address: Endpoint, transport: Transport) => Leg | undefined
  /** tls_async, and how long its sender waits for connect and handshake, ms */
  readonly async: boolean
  readonly connectWindowMs: number
  readonly handshakeWindowMs: number
  readonly messages: MessageCounters
  /** tls_async_max_postponed_chunks */
  readonly maxPostponed: number
}

/** While a name is being resolved nothing bounds who waits but this. */
const maxResolving = 1024

export class Outbound {
  readonly options: OutboundOptions
  readonly #opening = new Map<Connection, Opening>()
  #resolving = 0

  constructor(options: OutboundOptions) {
    this.options = options
  }

  send(traveller: Traveller): void {
    this.next(traveller, failure('upstream-failed', 'there is no server to send to'))
  }

  /** A leg to one of these places, for ourselves. */
  legTo(hops: Hops): Promise<Leg | Failure> {
    return new Promise((done) => this.send({ hops, ready: done, failed: done }))
  }

  /** The next place of the traveller, after `reason`. */
  next(traveller: Traveller, reason: Failure): void {
    const hop = traveller.hops.next()
    if (!(hop instanceof Promise)) this.#go(traveller, hop, reason)
    else if (this.#resolving >= maxResolving)
      traveller.failed(failure('dns-failed', 'too many names are being resolved'))
    else void this.#goLater(traveller, hop, reason)
  }

  /** The connection is open, or has failed, and nobody waits for it any more. */
  forget(connection: Connection): void {
    this.#opening.delete(connection)
  }

  async #goLater(traveller: Traveller, hop: Promise<Hop | Failure | undefined>, reason: Failure): Promise<void> {
    this.#resolving++
    const found = await hop
    this.#resolving--
    this.#go(traveller, found, reason)
  }

  #go(traveller: Traveller, hop: Hop | Failure | undefined, reason: Failure): void {
    if (hop === undefined) traveller.failed(reason)
    else if ('cause' in hop) this.next(traveller, hop)
    else if (hop.transport === 'udp') this.#byDatagram(traveller, hop)
    else this.#byConnection(traveller, hop, hop.transport)
  }

  #byDatagram(traveller: Traveller, hop: Hop): void {
    const leg = this.options.association(hop.address)
    if (leg === undefined) this.next(traveller, failure('unreachable', 'no udp socket of ours reaches that address'))
    else traveller.ready(leg)
  }

  #byConnection(traveller: Traveller, hop: Hop, transport: 'tcp' | 'tls'): void {
    const { connector, pool, legOf, acceptedFrom } = this.options
    const target = { ...hop, transport, relayedTo: undefined, proxyHeader: undefined }
    const identity = connector.identityFor(target)
    const found = pool.find(target, identity)
    // RFC 3261 §18.1.1; a name would want a certificate that says it.
    const leg =
      (found && legOf(found)) ?? (hop.host === hop.address.ip ? acceptedFrom(hop.address, transport) : undefined)
    if (leg !== undefined) {
      traveller.ready(leg)
      return
    }
    const known = found && this.#opening.get(found)
    if (known !== undefined) {
      known.join(traveller)
      return
    }
    // By a name or maddr that leads to us it would come back as a request of our own side, again and again; and a
    // connection to a server of ours must not be one of the edge.
    if (hop.side === 'edge' && this.options.isInside(hop.address, transport)) {
      this.next(traveller, failure('unreachable', 'that address is one of our own side'))
      return
    }
    const opening = new Opening(this, hop)
    opening.join(traveller)
    const connection = connector.open(target, opening)
    opening.connection = connection
    this.#opening.set(connection, opening)
    pool.add(target, identity, connection)
  }
}

interface Passenger {
  readonly traveller: Traveller
  readonly sinceMs: number
}

/** One connection on its way, and who waits for it. */
class Opening implements ConnectionHandler {
  connection: Connection | undefined
  readonly #outbound: Outbound
  readonly #hop: Hop
  readonly #startedMs = performance.now()
  #passengers: Passenger[] = []

  constructor(outbound: Outbound, hop: Hop) {
    this.#outbound = outbound
    this.#hop = hop
  }

  join(traveller: Traveller): void {
    const most = this.#outbound.options.maxPostponed
    const isFull = this.#passengers.length >= most
    const overflow = isFull && failure('postponed-overflow', `more than ${most} messages waited for the connection`)
    // Strangers who send too much must not cost us the connection to our own servers: whoever comes late is refused.
    if (overflow && this.#hop.side === 'core') {
      traveller.failed(overflow)
      return
    }
    this.#outbound.options.messages.postponed++
    this.#passengers.push({ traveller, sinceMs: performance.now() })
    if (overflow) this.connection?.fail(overflow)
  }

  onConnected(): void {
    const connection = this.connection as Connection
    this.#outbound.forget(connection)
    const leg = this.#outbound.options.adopt(connection, this.#hop)
    leg.belongTo(this.#hop.peer)
    for (const { traveller } of this.#passengers) traveller.ready(leg)
  }

  onClosed(): void {
    const connection = this.connection as Connection
    const { options } = this.#outbound
    options.pool.remove(connection)
    this.#outbound.forget(connection)
    const { cause, message } = connection.facts.closed ?? failure('upstream-failed')
    const reason = { cause, message }
    // An operator, the shutdown or too many messages of ours that ended it say nothing about the peer.
    if (causeEntry(cause).fate !== 'ended' && cause !== 'postponed-overflow') this.#hop.peer?.failed(reason)
    const endMs = performance.now()
    for (const passenger of this.#passengers) this.#tellFailed(passenger, reason, endMs)
  }

  onMessage(): void {}
  onCrlf(): void {}
  onReadEnd(): void {}
  onPeerEnd(): void {}
  onBlocked(): void {}
  onDrain(): void {}

  #tellFailed({ traveller, sinceMs }: Passenger, reason: Failure, endMs: number): void {
    traveller.hops.failed(this.#hop)
    const waits = reason.cause !== 'postponed-overflow' && this.#stillWaits(sinceMs, endMs)
    if (waits) this.#outbound.next(traveller, reason)
    else traveller.failed(reason)
  }

  /**
   * With tls_async the sender waits tls_async_local_connect_timeout for the connect and then
   * tls_async_handshake_timeout for the handshake; afterwards its message is on its own. Without, it
   * waits as long as it takes.
   */
  #stillWaits(sinceMs: number, endMs: number): boolean {
    const { async, connectWindowMs, handshakeWindowMs } = this.#outbound.options
    if (!async) return true
    const { connectMs } = (this.connection as Connection).facts
    if (connectMs === undefined) return endMs - sinceMs <= connectWindowMs
    const connectedMs = this.#startedMs + connectMs
    return connectedMs - sinceMs <= connectWindowMs && endMs - Math.max(connectedMs, sinceMs) <= handshakeWindowMs
  }
}
