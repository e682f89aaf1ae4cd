/** What the relay did with messages, counted since start. */
import type { Cause } from '../base/errors.js'

export class RelayCounters {
  /** handed to the other leg */
  relayed = 0
  readonly #lost = new Map<Cause, number>()

  /** Messages taken from a peer that will never reach the other side. */
  lose(messages: number, cause: Cause): void {
    if (messages > 0) this.#lost.set(cause, (this.#lost.get(cause) ?? 0) + messages)
  }

  get lost(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#lost)
  }
}
