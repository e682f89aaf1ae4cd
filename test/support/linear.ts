/** Whether work grows with its input and not with the square of it, on a machine that does other things as well. */
import assert from 'node:assert/strict'

/** Eight times the input may take three times eight as long; a quadratic reader takes 64 times as long. */
const factor = 8
const slack = 3

/** `prepare` makes an input of about this size and returns the work on it, which is measured. */
export function assertLinear(prepare: (size: number) => () => void, small: number): void {
  leastMs(prepare(small)) // code is compiled
  const ratio = leastMs(prepare(small * factor)) / Math.max(leastMs(prepare(small)), 0.05)
  assert.ok(ratio < factor * slack, `${factor} times the bytes took ${ratio.toFixed(1)} times as long`)
}

/** Least of several tries, in ms: noise only ever adds. */
function leastMs(run: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 7; i++) {
    const started = performance.now()
    run()
    least = Math.min(least, performance.now() - started)
  }
  return least
}
