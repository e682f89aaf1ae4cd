/** SIP messages as they came in: all of them kept, and handed out one by one in their order. */
import { until } from './wait.js'

export class SipInbox {
  /** every message received so far, also those that were taken */
  readonly received: Buffer[] = []
  /** no more messages can come */
  over = false
  #taken = 0

  /** The next message that was not taken yet. */
  async next(deadlineMs?: number): Promise<Buffer> {
    await until('a SIP message', () => this.received.length > this.#taken || this.over, deadlineMs)
    const message = this.received[this.#taken]
    if (message === undefined) throw new Error('the connection was closed before a SIP message came')
    this.#taken++
    return message
  }
}
