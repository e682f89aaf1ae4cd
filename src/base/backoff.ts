/** Waiting times for reconnects: doubling from `firstMs` to `maxMs`, with jitter so that many do not return together. */
export interface Backoff {
  /** ms to wait before the next attempt */
  next(): number
  /** after a success */
  reset(): void
}

export function backoff(firstMs: number, maxMs: number, random: () => number = Math.random): Backoff {
  let base = firstMs
  return {
    next() {
      const wait = base * (0.75 + random() / 2)
      base = Math.min(base * 2, maxMs)
      return Math.min(wait, maxMs)
    },
    reset() {
      base = firstMs
    },
  }
}
