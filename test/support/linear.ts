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

/**
 * Least CPU time of several tries, in ms: noise only ever adds. Not by the clock on the wall: a long run is
 * preempted by other programs in every try, a short one in none.
 */
function leastMs(run: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 7; i++) {
    const before = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}
