/** The one kind of waiting history and feed do, so that a test can hold the clock. */

/** Runs `run` every `ms` until the returned function is called. */
export type Every = (ms: number, run: () => void) => () => void

/** Node's own. It keeps no process alive. */
export const nodeEvery: Every = (ms, run) => {
  const timer = setInterval(run, ms).unref()
  return () => clearInterval(timer)
}
