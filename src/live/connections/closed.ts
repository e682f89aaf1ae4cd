/**
 * Connections closed lately, those that never came to be among them: they are what people look for. A bounded
 * ring, the oldest go first. SECRET: of traced ones it holds the key log, as long as it holds the connection.
 */
import type { ConnectionFacts } from '../../base/facts.js'
import type { TimelineEvent } from './timelines.js'

export interface ClosedConnection {
  /** as they were at the end; `keylog` is SECRET, and empty unless it was traced */
  readonly facts: ConnectionFacts
  readonly traced: boolean
  readonly events: readonly TimelineEvent[]
}

/**
 * A host that fails a hundred handshakes a second shall not push out everybody else: above this part of a full
 * ring, its newest takes the place of its own oldest. While there is room anyone may use it, since at a small
 * site, or behind one load balancer, all connections come from one address.
 */
const largestShare = 0.25

export class ClosedConnections {
  readonly #kept: number
  readonly #peerKey: (ip: string) => string
  /** oldest first */
  readonly #byId = new Map<string, ClosedConnection>()
  /** conn_ids by who the peer is, oldest first */
  readonly #byPeer = new Map<string, Set<string>>()

  /** `kept`: at most so many. `peerKey`: which addresses count as one host. */
  constructor(kept: number, peerKey: (ip: string) => string) {
    this.#kept = kept
    this.#peerKey = peerKey
  }

  /** Keeps a copy: others hold the facts as well, and trace/ its memory of the connection in them. */
  add(facts: ConnectionFacts, traced: boolean, events: readonly TimelineEvent[]): void {
    if (this.#kept === 0) return
    const key = this.#peerKey(facts.peer.ip)
    if (this.#byId.size >= this.#kept) this.#makeRoom(key)
    const keylog = traced ? [...facts.keylog] : []
    this.#byId.set(facts.id, { facts: { ...facts, keylog, trace: undefined }, traced, events })
    const ofPeer = this.#byPeer.get(key)
    if (ofPeer === undefined) this.#byPeer.set(key, new Set([facts.id]))
    else ofPeer.add(facts.id)
  }

  get(id: string): ClosedConnection | undefined {
    return this.#byId.get(id)
  }

  /** Oldest first. */
  values(): Iterable<ClosedConnection> {
    return this.#byId.values()
  }

  get size(): number {
    return this.#byId.size
  }

  clear(): void {
    for (const { facts } of this.#byId.values()) facts.keylog.length = 0
    this.#byId.clear()
    this.#byPeer.clear()
  }

  #makeRoom(key: string): void {
    const ofPeer = this.#byPeer.get(key)
    const isFlood = ofPeer !== undefined && ofPeer.size >= Math.max(1, this.#kept * largestShare)
    const [oldest] = isFlood ? ofPeer : this.#byId.keys()
    if (oldest !== undefined) this.#forget(oldest)
  }

  #forget(id: string): void {
    const facts = this.#byId.get(id)?.facts as ConnectionFacts
    facts.keylog.length = 0
    this.#byId.delete(id)
    const key = this.#peerKey(facts.peer.ip)
    const ofPeer = this.#byPeer.get(key)
    ofPeer?.delete(id)
    if (ofPeer?.size === 0) this.#byPeer.delete(key)
  }
}
