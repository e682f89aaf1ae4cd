/** The connections that are traced on their own, each with its end. Traces nothing itself: it says when a time is up. */
import type { ConnectionFacts } from '../base/facts.js'
import type { PickedConnection } from '../base/status.js'
import { countDown, type Timer, type Timers } from '../base/timers.js'

interface Picked {
  readonly facts: ConnectionFacts
  /** Unix time in ms; undefined: until it is closed */
  readonly until: number | undefined
  readonly timer: Timer | undefined
}

export interface PicksOptions {
  readonly nowMs: () => number
  readonly timers: Timers
  /** its time is up; it is picked no longer */
  readonly passed: (facts: ConnectionFacts) => void
}

export class Picks {
  readonly #options: PicksOptions
  readonly #picked = new Map<string, Picked>()

  constructor(options: PicksOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#picked.size
  }

  /** One that is picked already gets its new end. */
  add(facts: ConnectionFacts, forMs: number | undefined): void {
    this.remove(facts)
    const { nowMs, timers } = this.#options
    const timer = forMs === undefined ? undefined : countDown(timers, forMs, () => this.#pass(facts))
    this.#picked.set(facts.id, { facts, until: forMs === undefined ? undefined : nowMs() + forMs, timer })
  }

  /** False: it was not picked. */
  remove({ id }: ConnectionFacts): boolean {
    this.#picked.get(id)?.timer?.cancel()
    return this.#picked.delete(id)
  }

  clear(): void {
    for (const { facts } of [...this.#picked.values()]) this.remove(facts)
  }

  *facts(): IterableIterator<ConnectionFacts> {
    for (const { facts } of this.#picked.values()) yield facts
  }

  list(): PickedConnection[] {
    return Array.from(this.#picked.values(), ({ facts, until }) => ({
      conn_id: facts.id,
      until: until === undefined ? undefined : new Date(until).toISOString(),
    }))
  }

  #pass(facts: ConnectionFacts): void {
    this.#picked.delete(facts.id)
    this.#options.passed(facts)
  }
}
