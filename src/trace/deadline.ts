/**
 * The end of tracing that was switched on for a while. It is stored with the scope, so that a restart neither
 * forgets that tracing was temporary, nor makes it longer, nor wider, also when the end comes while no process runs.
 * Switches nothing itself: it calls whoever made it.
 */
import type { Log } from '../base/log.js'
import type { TraceScope } from '../base/status.js'
import { countDown, type Timer, type Timers } from '../base/timers.js'

export interface TraceState {
  /** Unix time in ms */
  readonly until: number
  readonly scope: TraceScope | undefined
}

export interface TraceStore {
  /** A scope it gives is a good one. Throws on what it cannot read. */
  load(): TraceState | undefined
  /** May throw: a store that fails costs the memory of it, not the switch. */
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
  #isStored = false
  #timer: Timer | undefined

  constructor(options: DeadlineOptions) {
    this.#options = options
  }

  /** Unix time in ms, undefined while there is no end in sight */
  get until(): number | undefined {
    return this.#until
  }

  /**
   * What an earlier process left; if its end is still ahead, it is awaited now. `over`: the end has come, or what is
   * stored cannot be read. It stays stored then, for the starts that follow, until the next `set` or `clear`.
   */
  restore(): TraceState | 'over' | undefined {
    const { store, log, nowMs } = this.#options
    let state: TraceState | undefined
    try {
      state = store.load()
    } catch (err) {
      this.#isStored = true
      log.warn({ err }, 'could not load the end of temporary tracing')
      return 'over'
    }
    if (state === undefined) return undefined
    this.#isStored = true
    const leftMs = state.until - nowMs()
    if (leftMs <= 0) return 'over'
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

  /** There is no end any more, nor the memory of one. */
  clear(): void {
    this.stop()
    if (this.#isStored) this.#save(undefined)
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
    const { store, log } = this.#options
    this.#isStored = state !== undefined
    try {
      store.save(state)
    } catch (err) {
      log.warn({ err }, 'could not save the end of temporary tracing')
    }
  }
}
