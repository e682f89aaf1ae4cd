/** The SIP messages in the store by the connection they came over, and whose they were. Bounded by the store. */
import { Fifo } from './fifo.js'
import type { Stored } from './stored.js'

/** A phone has one or two; of a trunk, which many share, the latest must do. */
const maxUsers = 64

interface Connection {
  readonly entries: Fifo<Stored>
  /** latest last */
  readonly users: Set<string>
}

export class ConnectionMessages {
  readonly #byId = new Map<string, Connection>()

  /** Oldest first. */
  of(connId: string): Iterable<Stored> {
    return this.#byId.get(connId)?.entries ?? []
  }

  /** Oldest first, at most so many of the newest. */
  newestOf(connId: string, limit: number): Stored[] {
    return this.#byId.get(connId)?.entries.newest(limit) ?? []
  }

  /** Of at most so many calls, those heard of last, in the order of their last message. */
  callIdsOf(connId: string, limit: number): string[] {
    const entries = this.#byId.get(connId)?.entries
    const ids = new Set<string>()
    for (let i = (entries?.length ?? 0) - 1; i >= 0 && ids.size < limit; i--) {
      const callId = entries?.at(i)?.callId
      if (callId !== undefined) ids.add(callId)
    }
    return [...ids].reverse()
  }

  usersOf(connId: string): Iterable<string> {
    return this.#byId.get(connId)?.users ?? []
  }

  /** True for the first of a connection. */
  add(entry: Stored): boolean {
    const { connId } = entry.leg
    if (connId === undefined) return false
    const known = this.#byId.get(connId)
    const connection = known ?? { entries: new Fifo<Stored>(), users: new Set<string>() }
    if (known === undefined) this.#byId.set(connId, connection)
    connection.entries.push(entry)
    return known === undefined
  }

  addUser(connId: string, user: string): void {
    const users = this.#byId.get(connId)?.users
    if (users === undefined) return
    users.delete(user)
    users.add(user)
    if (users.size > maxUsers) users.delete(users.values().next().value as string)
  }

  /** The oldest of its connection. */
  forget({ leg: { connId } }: Stored): void {
    const entries = connId === undefined ? undefined : this.#byId.get(connId)?.entries
    entries?.shift()
    if (entries?.length === 0) this.#byId.delete(connId as string)
  }
}
