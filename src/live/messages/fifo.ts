/** A queue in an array: added to at one end, taken from at the other, read in between. Bounds are its owner's. */

/** Places of items taken that are kept before the array is made anew, so that this is rare and short queues stay small. */
const minGap = 32

export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Takes the oldest. */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head >= minGap && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** 0 is the oldest; undefined outside. */
  at(index: number): T | undefined {
    return index < 0 ? undefined : this.#items[this.#head + index]
  }

  /** At most so many of the newest, oldest first. */
  newest(count: number): T[] {
    return this.#items.slice(Math.max(this.#head, this.#items.length - count)) as T[]
  }

  /** Oldest first; do not change the queue meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T
  }
}
