/** The two kinds of waiting there are, behind an interface so that a test can hold the clock. */
import { maxTimerMs } from './duration.js'

export interface Timers {
  /** at most `maxTimerMs` */
  after(ms: number, run: () => void): Timer
  /** in a later turn of the event loop */
  soon(run: () => void): void
}

export interface Timer {
  cancel(): void
}

/** Node's own. They keep no process alive. */
export const nodeTimers: Timers = {
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon(run) {
    setImmediate(run)
  },
}

/**
 * The same, however far the end is. Counts down what is left and not to a time of day: a clock that is set back
 * must not make tracing longer.
 */
export function countDown(timers: Timers, ms: number, run: () => void): Timer {
  let timer: Timer
  const arm = (leftMs: number): void => {
    const waitMs = Math.min(leftMs, maxTimerMs)
    timer = timers.after(waitMs, () => (leftMs > waitMs ? arm(leftMs - waitMs) : run()))
  }
  arm(ms)
  return { cancel: () => timer.cancel() }
}
