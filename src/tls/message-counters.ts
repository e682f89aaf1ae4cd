/** What became of SIP messages, counted since start. */
import type { Cause } from '../base/errors.js'

export class MessageCounters {
  /** written to an established connection */
  sent = 0
  /** had to wait for a connection that was not there yet; one that is tried on several waits for each */
  postponed = 0
  readonly #lost = new Map<Cause, number>()

  /** Messages taken from a peer that will never reach the other side. */
  lose(messages: number, cause: Cause): void {
    if (messages > 0) this.#lost.set(cause, (this.#lost.get(cause) ?? 0) + messages)
  }

  get lost(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#lost)
  }
}
