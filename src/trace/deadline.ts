/**
 * The end of tracing that was switched on for a while. It is stored, so that a restart neither forgets that
 * tracing was temporary nor makes it longer. Switches nothing itself: it calls whoever made it.
 */
import { maxTimerMs } from '../base/duration.js'
import type { Log } from '../base/log.js'
import type { Timer, Timers } from './timers.js'

export interface TraceStore {
  /** `until` is Unix time in ms. Both may throw: a store that fails costs the memory of it, not the switch. */
  load(): { readonly until: number } | undefined
  save(state: { readonly until: number } | undefined): void
}

export interface DeadlineOptions {
  readonly nowMs: () => number
  readonly timers: Timers
  readonly store: TraceStore
  readonly log: Log
  readonly passed: () => void
}

export class Deadline {
  readonly #options: DeadlineOptions
  #until: number | undefined
  #timer: Timer | undefined

  constructor(options: DeadlineOptions) {
    this.#options = options
  }

  /** Unix time in ms, undefined while there is no end in sight */
  get until(): number | undefined {
    return this.#until
  }

  /** True when an earlier process left a deadline that is still ahead; it is awaited now. */
  restore(): boolean {
    const until = this.#stored('load', () => this.#options.store.load())?.until
    if (until === undefined) return false
    if (until <= this.#options.nowMs()) {
      this.#save(undefined)
      return false
    }
    this.#until = until
    this.#arm(until - this.#options.nowMs())
    return true
  }

  /** From now on the end is `ms` away. */
  set(ms: number): void {
    this.stop()
    this.#until = this.#options.nowMs() + ms
    this.#save({ until: this.#until })
    this.#arm(ms)
  }

  /** There is no end any more. */
  clear(): void {
    if (this.#until === undefined) return
    this.stop()
    this.#save(undefined)
  }

  /** Waits no longer, and leaves what is stored to the next process. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#until = undefined
  }

  /** Counts down what is left and not to a time of day: a clock that is set back must not make tracing longer. */
  #arm(leftMs: number): void {
    const waitMs = Math.min(leftMs, maxTimerMs)
    this.#timer = this.#options.timers.after(waitMs, () => {
      if (leftMs > waitMs) this.#arm(leftMs - waitMs)
      else {
        this.clear()
        this.#options.passed()
      }
    })
  }

  #save(state: { until: number } | undefined): void {
    this.#stored('save', () => this.#options.store.save(state))
  }

  #stored<T>(what: 'load' | 'save', step: () => T): T | undefined {
    try {
      return step()
    } catch (err) {
      this.#options.log.warn({ err }, `could not ${what} the end of temporary tracing`)
      return undefined
    }
  }
}
