/**
 * The latest events of an audience, so that a viewer that was away for a moment or takes them slowly can go on where
 * it was. Bounded in events, and in text when it is told to be; the oldest leave first.
 */

/** A minute of deltas. */
const eventsKept = 60
/** Who is so far behind is better off with a snapshot. */
const mostChars = 4 << 20
/** 32 MiB; twice as much if names in it are not Latin. */
const mostCharsOfAll = 32 << 20

/** What each of so many may keep. */
export function shareOfChars(backlogs: number): number {
  return Math.min(mostChars, Math.floor(mostCharsOfAll / Math.max(1, backlogs)))
}

export interface NumberedEvent {
  readonly n: number
  /** whole text; empty: nobody is led here from the event before, as by a snapshot, or by what was too long to keep */
  readonly text: string
}

export class Backlog {
  readonly #events: NumberedEvent[] = []
  #chars = 0

  add(event: NumberedEvent): void {
    this.#events.push(event)
    this.#chars += event.text.length
    if (this.#events.length > eventsKept) this.#shift()
  }

  /** To so many characters. Of the newest at least its number stays: who has it can go on from it. */
  shorten(chars: number): void {
    const newest = this.#events.at(-1)
    while (this.#chars > chars) this.#shift()
    if (newest !== undefined && this.#events.length === 0) this.add({ n: newest.n, text: '' })
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

  #shift(): void {
    this.#chars -= (this.#events.shift() as NumberedEvent).text.length
  }
}
