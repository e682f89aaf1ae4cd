/**
 * Walks over everything there is, for whoever asks, one after another: however many ask at once, a turn of the event
 * loop has one slice of one of them in it. It knows nothing of what is walked over.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SearchProblem } from '../base/live.js'
import { Slices } from '../base/slices.js'

/** Of 50 ms or less, each: who comes later would wait longer than a person does. */
const maxWaiting = 32

type Walk<T> = (slices: Slices) => T | Promise<T>

export class Walks {
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  /** Refused when too many wait already. */
  async offer<T>(walk: Walk<T>): Promise<T | SearchProblem> {
    if (this.#waiting >= maxWaiting) {
      return { problem: `${maxWaiting} others wait for an answer already; ask again later`, full: true }
    }
    this.#waiting++
    return this.inTurn((slices) => {
      this.#waiting--
      return walk(slices)
    })
  }

  /** When all that came before it are over, however many. */
  inTurn<T>(walk: Walk<T>): Promise<T> {
    const result = this.#last.then(() => nextTurn()).then(() => walk(new Slices()))
    this.#last = result.catch(() => {}) // whoever asked hears of it
    return result
  }
}
