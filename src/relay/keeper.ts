/**
 * Keeps connections open that are wanted whether or not there is traffic: to upstreams and trunks. One that is
 * lost is opened again after pauses that grow while it fails. It sends nothing on them.
 */
import { type Backoff, backoff } from '../base/backoff.js'
import type { Failure } from '../base/errors.js'
import type { Leg } from './leg.js'

export interface Kept {
  /** opens a leg there, or takes the one that is open */
  leg(): Promise<Leg | Failure>
  /** a leg that is kept from now on */
  onLeg(leg: Leg): void
}

const firstPauseMs = 500
const longestPauseMs = 30_000
/** A leg that lived so long was a success: the next pause is a short one again. */
const successMs = 10_000

interface Keeping {
  readonly pause: Backoff
  timer: NodeJS.Timeout | undefined
  leg: Leg | undefined
  sinceMs: number
}

export class Keeper {
  readonly #kept = new Map<Kept, Keeping>()

  keep(kept: Kept): void {
    this.#kept.set(kept, {
      pause: backoff(firstPauseMs, longestPauseMs),
      timer: undefined,
      leg: undefined,
      sinceMs: 0,
    })
    void this.#open(kept)
  }

  /** Returns the leg it kept, which stays open. */
  release(kept: Kept): Leg | undefined {
    const state = this.#kept.get(kept)
    clearTimeout(state?.timer)
    this.#kept.delete(kept)
    return state?.leg
  }

  /** Tell it of every leg that closed. */
  closed(leg: Leg): void {
    for (const [kept, state] of this.#kept) {
      if (state.leg !== leg) continue
      state.leg = undefined
      if (performance.now() - state.sinceMs >= successMs) state.pause.reset()
      this.#openAfter(kept, state.pause.next())
    }
  }

  stop(): void {
    for (const kept of [...this.#kept.keys()]) this.release(kept)
  }

  #openAfter(kept: Kept, ms: number): void {
    const state = this.#kept.get(kept)
    if (state === undefined) return
    clearTimeout(state.timer)
    state.timer = setTimeout(() => void this.#open(kept), ms)
    state.timer.unref()
  }

  async #open(kept: Kept): Promise<void> {
    const found = await kept.leg()
    const state = this.#kept.get(kept)
    if (state === undefined) return
    if ('cause' in found || !found.open) {
      this.#openAfter(kept, state.pause.next())
      return
    }
    state.leg = found
    state.sinceMs = performance.now()
    kept.onLeg(found)
  }
}
