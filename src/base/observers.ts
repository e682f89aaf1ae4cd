/**
 * Subscriptions that cannot hurt: what a subscriber of a diagnostics channel throws would end the process. Here it is
 * counted, and the first time of each subscription told.
 */
import type { Channel } from 'node:diagnostics_channel'
import type { Log } from './log.js'

export class Observers {
  /** events that one of them threw at, since start */
  failures = 0
  readonly #log: Log

  /** `log`: component telemetry, whose lines are not on a channel themselves. */
  constructor(log: Log) {
    this.#log = log
  }

  /** Calls `see` for everything that is published. Returns what ends it. */
  observe<T>(channel: Channel<unknown, T>, see: (message: T) => void): () => void {
    let hasFailed = false
    const subscriber = (message: unknown): void => {
      try {
        see(message as T)
      } catch (err) {
        this.failures++
        if (!hasFailed)
          this.#log.error({ err }, `an observer of ${String(channel.name)} failed: this is a bug in hepgate`)
        hasFailed = true
      }
    }
    channel.subscribe(subscriber)
    return () => channel.unsubscribe(subscriber)
  }
}
