/**
 * When each live connection changed, found by comparing its facts with what they were at the look before. Kept once
 * for all viewers; each of them is sent what changed since its own last look. Not by events: users, the verdict of
 * the trace and the other leg change without one.
 */
import type { ConnectionFacts } from '../../base/facts.js'
import type { CounterUpdate } from '../../base/live.js'
import { Slices } from '../../base/slices.js'

/** One connection, and the look each kind of change was found in. Looks are numbered, growing. */
export class Mark {
  readonly facts: ConnectionFacts
  seenIn = 0
  countersIn = 0
  /** anything but its counters */
  rowIn = 0
  #counted = -1
  readonly #row: unknown[] = []

  constructor(facts: ConnectionFacts) {
    this.facts = facts
  }

  get counters(): CounterUpdate {
    const { id, bytesIn, bytesOut, messagesIn, messagesOut } = this.facts
    return [id, bytesIn, bytesOut, messagesIn, messagesOut]
  }

  compare(look: number, traced: boolean): void {
    this.seenIn = look
    if (this.#countersGrew()) this.countersIn = look
    if (this.#rowChanged(traced)) this.rowIn = look
  }

  /** Counters only grow, so their sum tells. */
  #countersGrew(): boolean {
    const { bytesIn, bytesOut, messagesIn, messagesOut } = this.facts
    const counted = bytesIn + bytesOut + messagesIn + messagesOut
    const grew = counted !== this.#counted
    this.#counted = counted
    return grew
  }

  #rowChanged(traced: boolean): boolean {
    const row = this.#row
    let changed = row[rowParts.length] !== traced
    row[rowParts.length] = traced
    for (let i = 0; i < rowParts.length; i++) {
      const part = (rowParts[i] as RowPart)(this.facts)
      if (part === row[i]) continue
      row[i] = part
      changed = true
    }
    return changed
  }
}

type RowPart = (facts: ConnectionFacts) => unknown

/** What changes in a row during the life of a connection. Objects are set anew, never changed; of users the latest is last. */
const rowParts: readonly RowPart[] = [
  ({ local }) => local,
  ({ peer }) => peer,
  ({ hello }) => hello,
  ({ sni }) => sni,
  ({ domain }) => domain,
  ({ tls }) => tls,
  ({ peerCertificate }) => peerCertificate,
  ({ trusted }) => trusted,
  ({ connectMs }) => connectMs,
  ({ handshakeMs }) => handshakeMs,
  ({ relayedTo }) => relayedTo,
  ({ users }) => users.length,
  ({ users }) => users.at(-1),
  ({ closed }) => closed,
]

/** Who wants to know which connections match. */
export interface Finder {
  matches(facts: ConnectionFacts): boolean
  found(mark: Mark): void
}

export class Marks {
  readonly #byId = new Map<string, Mark>()

  /** One walk over all of them for all finders, in slices. */
  async look(
    look: number,
    connections: Iterable<ConnectionFacts>,
    traced: (facts: ConnectionFacts) => boolean,
    finders: readonly Finder[],
  ): Promise<void> {
    const slices = new Slices()
    for (const facts of connections) {
      const mark = this.#of(facts)
      mark.compare(look, traced(facts))
      for (const finder of finders) if (finder.matches(facts)) finder.found(mark)
      if (slices.isOver) await slices.next()
    }
    for (const [id, { seenIn }] of this.#byId) if (seenIn !== look) this.#byId.delete(id)
  }

  /** Nobody looks any more. */
  clear(): void {
    this.#byId.clear()
  }

  #of(facts: ConnectionFacts): Mark {
    let mark = this.#byId.get(facts.id)
    if (mark === undefined) {
      mark = new Mark(facts)
      this.#byId.set(facts.id, mark)
    }
    return mark
  }
}

/** The newest `limit` of those found, and how many there are. Connections are found oldest first. */
export class Newest implements Finder {
  readonly matches: (facts: ConnectionFacts) => boolean
  readonly #limit: number
  readonly #ring: Mark[] = []
  #found = 0

  constructor(limit: number, matches: (facts: ConnectionFacts) => boolean) {
    this.#limit = limit
    this.matches = matches
  }

  get total(): number {
    return this.#found
  }

  found(mark: Mark): void {
    if (this.#limit > 0) this.#ring[this.#found % this.#limit] = mark
    this.#found++
  }

  /** By conn_id, newest first. */
  rows(): ReadonlyMap<string, Mark> {
    const rows = new Map<string, Mark>()
    for (let back = 1; back <= this.#ring.length; back++) {
      const mark = this.#ring[(this.#found - back) % this.#limit] as Mark
      rows.set(mark.facts.id, mark)
    }
    return rows
  }
}
