/**
 * When the messages of the store are read: only while somebody looks or follows, in slices, or at once before a
 * question is answered. It knows messages by their numbers, and what reading one means is its owner's.
 *
 *     number:  … forgotten │ first … read … │ unread … │ next
 */
import { Slices } from '../../base/slices.js'

/** Nobody sees a difference, and what comes within is read together. */
const readAfterMs = 100
/** Reading costs more than tracing: nothing is read any more when nobody has asked for so long. */
const attentionMs = 60_000
/** Between two slices of reading, so that a flood has half of the time at most. */
const pauseMs = 3

export interface NumberedMessages {
  /** of the oldest that is kept */
  first(): number
  /** of the one that comes next */
  next(): number
  read(n: number): void
}

export class Reading {
  readonly #messages: NumberedMessages
  /** the first that was not read yet */
  #unread = 1
  #isReading = false
  #timer: NodeJS.Timeout | undefined
  /** runs while somebody has asked lately */
  #attention: NodeJS.Timeout | undefined

  constructor(messages: NumberedMessages) {
    this.#messages = messages
  }

  /** All below it are read, or forgotten. */
  get unread(): number {
    return this.#unread
  }

  /** One more is there. */
  came(isFollowed: boolean): void {
    if (isFollowed || this.#attention !== undefined) this.soon()
  }

  soon(): void {
    this.#timer ??= setTimeout(this.#onTimer, readAfterMs).unref()
  }

  /** Somebody looks: all that came so far is read, in slices, and for a minute more what comes is read soon. */
  async catchUp(): Promise<void> {
    this.#attend()
    const slices = new Slices()
    for (const end = this.#messages.next(); this.#unread < end; ) {
      this.#read(end - this.#unread, slices)
      if (this.#unread < end) await slices.next()
    }
  }

  /** At most so many, now. */
  settle(limit: number): void {
    this.#attend()
    this.#read(limit, undefined)
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#attention)
  }

  #attend(): void {
    if (this.#attention !== undefined) this.#attention.refresh()
    else this.#attention = setTimeout(this.#onQuiet, attentionMs).unref()
  }

  #onQuiet = (): void => {
    this.#attention = undefined
  }

  #onTimer = (): void => {
    this.#timer = undefined
    this.#read(Number.POSITIVE_INFINITY, new Slices())
    if (this.#unread < this.#messages.next()) this.#timer = setTimeout(this.#onTimer, pauseMs).unref()
  }

  /**
   * At most so many of those that were not read yet, and no longer than a slice. Whoever hears of one and asks us
   * something meanwhile is answered from what is read: nobody is to hear of the second message within the first.
   */
  #read(limit: number, slices: Slices | undefined): void {
    if (this.#isReading) return
    this.#isReading = true
    try {
      const messages = this.#messages
      this.#unread = Math.max(this.#unread, messages.first())
      for (const end = Math.min(messages.next(), this.#unread + limit); this.#unread < end; ) {
        messages.read(this.#unread++)
        if (slices?.isOver) return
      }
    } finally {
      this.#isReading = false
    }
  }
}
