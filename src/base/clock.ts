/** Wall time in µs that does not go backwards by itself, the ids made from it, and time that has passed. */

/** Returns Unix time in whole µs (safe until the year 2255). */
export type MicroClock = () => number

const resyncEveryMs = 1000
/** Wall and monotonic clock may disagree by this much before we follow the wall (NTP slew is far below it). */
const toleratedDriftMs = 2

/**
 * `Date.now()` is too coarse for messages that arrive in one read; `performance.now()` drifts from
 * the wall. This joins them: monotonic µs on a wall offset that is checked once a second.
 *
 * `originMs`: the wall when the monotonic clock was 0, with µs, so that what two processes of one machine report is in
 * its order. The wall alone is cut to ms: half of one is the best guess of the rest where it was set since.
 */
export function microClock(
  wallMs: () => number = Date.now,
  monotonicMs = () => performance.now(),
  originMs = performance.timeOrigin,
): MicroClock {
  let offsetMs = originMs
  const follow = (now: number): void => {
    const wall = wallMs() + 0.5
    if (Math.abs(wall - (now + offsetMs)) > toleratedDriftMs) offsetMs = wall - now
  }
  follow(monotonicMs())
  let nextCheckMs = monotonicMs() + resyncEveryMs
  return () => {
    const now = monotonicMs()
    if (now >= nextCheckMs) {
      nextCheckMs = now + resyncEveryMs
      follow(now)
    }
    return Math.floor((now + offsetMs) * 1000)
  }
}

/** Since a moment of `performance.now()`, in ms with one decimal. */
export function elapsedMs(sinceMs: number): number {
  return Math.round((performance.now() - sinceMs) * 10) / 10
}

const epochMs = Date.UTC(2024, 0, 1)
const workerBits = 8n
const sequenceBits = 14n
const maxSequence = 1 << 14
const unsetClockSpanMs = 2 ** 40

/**
 * Connection ids: 64 bits in decimal, unique across restarts and worker processes as long as the
 * wall clock does not go back over a restart.
 *
 *     0 | ms since 2024 (41 bits) | worker (8) | sequence (14)
 */
export function connectionIds(worker = 0, wallMs: () => number = Date.now): () => string {
  // A clock that was never set (no battery, before NTP) would give the same ids after every restart.
  let lastMs = wallMs() > epochMs ? 0 : Math.floor(Math.random() * unsetClockSpanMs)
  let sequence = 0
  return () => {
    const now = wallMs() - epochMs
    if (now > lastMs) {
      lastMs = now
      sequence = 0
    } else if (++sequence === maxSequence) {
      lastMs++ // 16 M ids a second: borrow from the next millisecond
      sequence = 0
    }
    return String((((BigInt(lastMs) << workerBits) | BigInt(worker)) << sequenceBits) | BigInt(sequence))
  }
}
