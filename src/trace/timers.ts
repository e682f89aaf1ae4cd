/** The two kinds of waiting trace/ does, so that a test can hold the clock. */
export interface Timers {
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
