/** Waiting for a condition instead of for a time. */
import { setTimeout as delay } from 'node:timers/promises'

const pollMs = 10
/** Long, because the machine may be busy with other tests; what comes in time costs nothing. */
export const patienceMs = 20_000

/**
 * Polls until `probe` gives something truthy, and gives that back. A probe that throws is asked again;
 * what it threw last is the cause of the error that ends the waiting.
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = patienceMs,
): Promise<Exclude<T, undefined | null | false | '' | 0>> {
  const end = performance.now() + deadlineMs
  let cause: unknown
  do {
    try {
      const found = await probe()
      if (found) return found as Exclude<T, undefined | null | false | '' | 0>
    } catch (error) {
      cause = error
    }
    await delay(pollMs)
  } while (performance.now() < end)
  throw new Error(`waited ${deadlineMs} ms for ${what}`, { cause })
}

/** The value of a promise, or an error that names what did not come in time. */
export async function within<T>(what: string, promise: Promise<T>, deadlineMs = patienceMs): Promise<T> {
  const timer = new AbortController()
  const late = delay(deadlineMs, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`waited ${deadlineMs} ms for ${what}`)),
    () => new Promise<never>(() => {}), // aborted: the other promise decides
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}
