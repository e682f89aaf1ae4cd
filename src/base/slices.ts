/** Long work in slices: between them the event loop carries calls. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** With the rest of a turn well below the 20 ms that a call may be held up for by somebody who looks. */
const sliceMs = 3
/** The clock is asked once for so many pieces of work: reading it costs as much as the smallest of them. */
const piecesPerReading = 16

export class Slices {
  #endMs = performance.now() + sliceMs
  #pieces = 0

  /** To be asked after every piece of work: is it time to await `next`? */
  get isOver(): boolean {
    return ++this.#pieces % piecesPerReading === 0 && performance.now() >= this.#endMs
  }

  async next(): Promise<void> {
    await nextTurn()
    this.#endMs = performance.now() + sliceMs
  }
}
