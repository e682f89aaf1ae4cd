/**
 * Open and opening connections by where they lead, for reuse. It opens, checks and closes none: whoever
 * opens a connection adds it, and removes it when it is closed.
 *
 * Without cert_check_on_conn_reusage, address and transport decide, as in OpenSIPS; and that is a trap:
 * where two domains live at one address, what is meant for one leaves by the connection whose
 * certificate was checked for the other. With it, a connection is found only by the TLS identity it was
 * made with.
 */
import { isIP } from 'node:net'
import type { Endpoint } from '../base/address.js'
import type { Side } from '../base/facts.js'
import type { Connection } from './connection.js'
import { bareName } from './domain-match.js'

export interface PoolTarget {
  readonly address: Endpoint
  readonly transport: 'tcp' | 'tls'
  /** whose servers are there: one address may be both, and a connection is of one side */
  readonly side: Side
  /** what the certificate there must name */
  readonly host: string
}

/** A client behind one connection has one port, or a few virtual servers; what claims more is up to something. */
const maxAliases = 4

export class ConnectionPool {
  readonly #checksIdentity: boolean
  /** by address, then by port: found without making a text of them, once for each message */
  readonly #places = new Map<string, Map<number, Entry[]>>()
  readonly #entries = new Map<Connection, Entry[]>()

  /** `checkIdentity`: cert_check_on_conn_reusage */
  constructor(checkIdentity: boolean) {
    this.#checksIdentity = checkIdentity
  }

  /** A connection that may carry what is meant for `target`: an open one, else one that is opening. `identity`: see `Connector`. */
  find(target: PoolTarget, identity: string): Connection | undefined {
    const entries = this.#places.get(target.address.ip)?.get(target.address.port)
    if (entries === undefined) return undefined
    let opening: Connection | undefined
    // The newest first: an older one of the same peer may be dead, and nobody has noticed yet.
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i] as Entry
      const { state } = entry.connection
      if ((state !== 'open' && state !== 'opening') || !this.#serves(entry, target, identity)) continue
      if (state === 'open') return entry.connection
      opening ??= entry.connection
    }
    return opening
  }

  add(target: PoolTarget, identity: string, connection: Connection): void {
    const { ip, port } = target.address
    this.#put({ connection, ip, port, transport: target.transport, identity })
  }

  /**
   * RFC 5923 §8.2: the client of an accepted connection asks, by `;alias` in its Via, for requests to its
   * `port` there to come on this connection. True: they may, if its certificate names whom they are for
   * (§9): only then has the peer shown more than that it can connect from that address.
   */
  addAlias(connection: Connection, port: number): boolean {
    const { direction, peer, peerIdentities } = connection.facts
    if (direction !== 'in' || peerIdentities.length === 0) return false
    const known = this.#entries.get(connection)
    if (known?.some((entry) => entry.port === port)) return true
    if (known !== undefined && known.length >= maxAliases) return false
    this.#put({ connection, ip: peer.ip, port, transport: 'tls', identity: undefined })
    return true
  }

  remove(connection: Connection): void {
    for (const entry of this.#entries.get(connection) ?? []) this.#drop(entry)
    this.#entries.delete(connection)
  }

  #serves({ connection, transport, identity }: Entry, target: PoolTarget, wanted: string): boolean {
    if (transport !== target.transport || connection.facts.side !== target.side) return false
    if (identity !== undefined) return !this.#checksIdentity || identity === wanted
    // RFC 5922 §7.1: an identity is a domain; a common name that looks like an address is none.
    return isIP(target.host) === 0 && connection.facts.peerIdentities.includes(bareName(target.host))
  }

  #put(entry: Entry): void {
    const ports = this.#places.get(entry.ip) ?? new Map<number, Entry[]>()
    this.#places.set(entry.ip, ports)
    append(ports, entry.port, entry)
    append(this.#entries, entry.connection, entry)
  }

  #drop(entry: Entry): void {
    const ports = this.#places.get(entry.ip)
    const left = ports?.get(entry.port)?.filter((other) => other !== entry) ?? []
    if (left.length > 0) ports?.set(entry.port, left)
    else ports?.delete(entry.port)
    if (ports?.size === 0) this.#places.delete(entry.ip)
  }
}

interface Entry {
  readonly connection: Connection
  readonly ip: string
  readonly port: number
  readonly transport: 'tcp' | 'tls'
  /** undefined: an alias, for which its certificate vouches */
  readonly identity: string | undefined
}

function append<K>(lists: Map<K, Entry[]>, key: K, entry: Entry): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [entry])
  else list.push(entry)
}
