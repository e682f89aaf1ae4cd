/** A subscription that cannot hurt: what a subscriber of a diagnostics channel throws would end the process. */
import type { Channel } from 'node:diagnostics_channel'

/** Calls `see` for everything that is published, `failed` when it throws. Returns what ends it. */
export function observe<T>(
  channel: Channel<unknown, T>,
  see: (message: T) => void,
  failed: (error: unknown) => void,
): () => void {
  const subscriber = (message: unknown): void => {
    try {
      see(message as T)
    } catch (error) {
      failed(error)
    }
  }
  channel.subscribe(subscriber)
  return () => channel.unsubscribe(subscriber)
}
