/**
 * The latest events of an audience, so that a viewer that was away for a moment or takes them slowly can go on where
 * it was. Bounded in events and in text, the oldest leave first.
 */

/** A minute of deltas. */
const eventsKept = 60
/** Who is so far behind is better off with a snapshot. */
const charsKept = 4 << 20

export interface NumberedEvent {
  readonly n: number
  /** whole text; empty: a snapshot, which leads here from nowhere and is sent to whom it was made for */
  readonly text: string
}

export class Backlog {
  readonly #events: NumberedEvent[] = []
  #chars = 0

  /** The newest stays, however long it is. */
  add(event: NumberedEvent): void {
    this.#events.push(event)
    this.#chars += event.text.length
    while (this.#events.length > eventsKept || (this.#chars > charsKept && this.#events.length > 1)) {
      this.#chars -= (this.#events.shift() as NumberedEvent).text.length
    }
  }

  clear(): void {
    this.#events.length = 0
    this.#chars = 0
  }

  /** What came after event `n`, oldest first. undefined: `n` was of another audience, or is too long ago. */
  after(n: number): readonly NumberedEvent[] | undefined {
    const at = this.#events.findIndex((event) => event.n === n)
    return at < 0 ? undefined : this.#events.slice(at + 1)
  }
}
