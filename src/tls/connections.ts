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
import type { Connection } from './connection.js'
import { MessageCounters } from './message-counters.js'
import { ConnectionWatch } from './watch.js'

/** Counted since start. */
export interface ConnectionCounters {
  pings: number
}

/** A connection on which nothing arrived for so long has no request or response under way. */
const quietMs = 1000
const drainStepMs = 50

export class Connections {
  readonly framerLimits: FramerLimits
  readonly maxPostponed: number
  readonly watch: ConnectionWatch
  readonly nowMicros: MicroClock
  readonly counters: ConnectionCounters = { pings: 0 }
  readonly messages = new MessageCounters()
  readonly #newId: () => string
  readonly #limits: Config['limits']
  readonly #open = new Set<Connection>()
  readonly #byId = new Map<string, Connection>()
  readonly #perAddress = new Map<string, number>()
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

  constructor(config: Pick<Config, 'proto_tls' | 'limits'>, newId: () => string, nowMicros = microClock()) {
    const { proto_tls, limits } = config
    this.#newId = newId
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
    )
  }

  /** Facts of a connection that begins now. */
  newFacts(direction: Direction, transport: Transport, side: Side, local?: Endpoint, peer?: Endpoint): ConnectionFacts {
    return {
      id: this.#newId(),
      direction,
      transport,
      side,
      local: local ?? unknownEndpoint,
      peer: peer ?? unknownEndpoint,
      proxiedBy: undefined,
      openedMicros: this.nowMicros(),
      domain: undefined,
      sni: undefined,
      hello: undefined,
      tls: undefined,
      ownCertificate: undefined,
      peerCertificate: undefined,
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
    const most = this.#limits.max_connections_per_address
    const key = addressKey(ip)
    if (most === 0 || (this.#perAddress.get(key) ?? 0) <= most) return undefined
    return failure('limit-reached', `limits.max_connections_per_address (${most}) reached for ${key}`)
  }

  opened(connection: Connection): void {
    this.#byId.set(connection.facts.id, connection)
    if (connection.facts.direction === 'out') return
    this.#accepted++
    this.#accepting++
    this.#count(connection.facts.peer.ip, 1)
  }

  /** PROXY protocol named the real client: from now on the limits are about that address. */
  renamed(from: Endpoint, to: Endpoint): void {
    this.#count(from.ip, -1)
    this.#count(to.ip, 1)
  }

  established(connection: Connection): void {
    this.#open.add(connection)
    if (connection.facts.direction === 'in') this.#accepting--
  }

  closed(connection: Connection): void {
    if (!this.#byId.delete(connection.facts.id)) return
    const wasOpen = this.#open.delete(connection)
    this.watch.forget(connection)
    if (connection.facts.direction === 'in') {
      this.#accepted--
      if (!wasOpen) this.#accepting--
      this.#count(connection.facts.peer.ip, -1)
    }
    if (this.#byId.size === 0) {
      for (const done of this.#whenEmpty.splice(0)) done()
    }
  }

  /** Calls `flush` of the connection at the end of this turn of the event loop. */
  flushSoon(connection: Connection): void {
    if (this.#toFlush.push(connection) === 1) setImmediate(this.#flush)
  }

  get(id: string): Connection | undefined {
    return this.#byId.get(id)
  }

  /** Facts of established connections, oldest first. */
  *openFacts(): IterableIterator<ConnectionFacts> {
    for (const connection of this.#open) yield connection.facts
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#byId.values()
  }

  get open(): number {
    return this.#open.size
  }

  /** connections being accepted or opened */
  get inHandshake(): number {
    return this.#byId.size - this.#open.size
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
        else if (this.#endsOnItsOwn(connection) && now - this.#lastActiveMs(connection) >= quietMs) {
          connection.end('shutdown')
        }
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

  /** The upstream leg of a tunnel ends with its client, which has the last word on what is under way. */
  #endsOnItsOwn({ facts }: Connection): boolean {
    return facts.direction === 'in' || facts.relayedTo === undefined
  }

  /** Traffic on either leg of a tunnel keeps both. */
  #lastActiveMs({ lastActiveMs, facts }: Connection): number {
    const other = facts.relayedTo === undefined ? undefined : this.#byId.get(facts.relayedTo)
    return Math.max(lastActiveMs, other?.lastActiveMs ?? 0)
  }

  #count(ip: string, by: 1 | -1): void {
    const key = addressKey(ip)
    const count = (this.#perAddress.get(key) ?? 0) + by
    if (count <= 0) this.#perAddress.delete(key)
    else this.#perAddress.set(key, count)
  }
}

/** IPv6: one customer is a /64, so that is what a limit must count. */
export function addressKey(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length
    while (groups.length + after < 8) groups.push('0')
    if (tail !== '') groups.push(...tail.split(':'))
  }
  return `${groups.slice(0, 4).join(':')}::/64`
}
