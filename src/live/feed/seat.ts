/**
 * One viewer of the event stream: what it has, whether it takes more, and its end. A viewer that cannot keep up or
 * that throws is let go; nobody waits for it. Knows nothing of what it is sent.
 *
 * What was sent counts as taken also when `send` says false, as with a Writable: then it is sent nothing more until
 * a comment, which may get lost without harm, is answered by true.
 */
import type { Viewer } from '../../base/live.js'
import { keepAlive } from './sse.js'

const tooSlowMs = 5000
/** Middleboxes and browsers give up quiet streams after 30 s or more. */
const keepAliveMs = 15_000

export class Seat {
  /** number of the event it has got last; undefined: none yet */
  n: number | undefined
  readonly #viewer: Viewer
  readonly #onGone: () => void
  readonly #nowMs: () => number
  #sentMs: number
  #fullSinceMs: number | undefined
  #isGone = false

  constructor(viewer: Viewer, nowMs: () => number, onGone: () => void) {
    this.#viewer = viewer
    this.#nowMs = nowMs
    this.#onGone = onGone
    this.#sentMs = nowMs()
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** May it be sent something? One that has been full for too long is ended. */
  takes(): boolean {
    if (this.#isGone) return false
    if (this.#fullSinceMs === undefined || this.send(keepAlive)) return true
    if (this.#nowMs() - this.#fullSinceMs >= tooSlowMs) this.end('too slow')
    return false
  }

  /** false: nothing more now. */
  send(text: string): boolean {
    const taken = this.#offered(text)
    this.#sentMs = this.#nowMs()
    if (taken) this.#fullSinceMs = undefined
    else this.#fullSinceMs ??= this.#sentMs
    return taken && !this.#isGone
  }

  /** A comment, if it has been quiet for long. */
  keepAlive(): void {
    if (!this.#isGone && this.#nowMs() - this.#sentMs >= keepAliveMs) this.send(keepAlive)
  }

  /** We end it. */
  end(reason: string): void {
    if (this.#isGone) return
    this.leave()
    try {
      this.#viewer.end(reason)
    } catch {
      // It is gone already, which is all that was wanted.
    }
  }

  /** The viewer itself is gone. */
  leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#onGone()
  }

  #offered(text: string): boolean {
    try {
      return this.#viewer.send(text)
    } catch {
      this.end('its stream failed')
      return false
    }
  }
}
