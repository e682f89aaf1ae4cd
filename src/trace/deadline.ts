/**
 * The end of tracing that was switched on for a while. It is stored with the scope, so that a restart neither
 * forgets that tracing was temporary, nor makes it longer, nor wider. Switches nothing itself: it calls whoever made it.
 */
import type { Log } from '../base/log.js'
import type { TraceScope } from '../base/status.js'
import { countDown, type Timer, type Timers } from './timers.js'

export interface TraceState {
  /** Unix time in ms */
  readonly until: number
  readonly scope: TraceScope | undefined
}

export interface TraceStore {
  /** A scope it gives is a good one. Both may throw: a store that fails costs the memory of it, not the switch. */
  load(): TraceState | undefined
  save(state: TraceState | undefined): void
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

  /** What an earlier process left, if its deadline is still ahead; it is awaited now. */
  restore(): TraceState | undefined {
    const state = this.#stored('load', () => this.#options.store.load())
    if (state === undefined) return undefined
    const leftMs = state.until - this.#options.nowMs()
    if (leftMs <= 0) {
      this.#save(undefined)
      return undefined
    }
    this.#arm(state.until, leftMs)
    return state
  }

  /** From now on the end is `ms` away. */
  set(ms: number, scope: TraceScope | undefined): void {
    this.stop()
    const until = this.#options.nowMs() + ms
    this.#save({ until, scope })
    this.#arm(until, ms)
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

  #arm(until: number, leftMs: number): void {
    this.#until = until
    this.#timer = countDown(this.#options.timers, leftMs, () => {
      this.clear()
      this.#options.passed()
    })
  }

  #save(state: TraceState | undefined): void {
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
