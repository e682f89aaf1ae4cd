/**
 * What happened to connections, for the status of the gateway: counted from their events, whether metrics are on or
 * not. The core does not know it is there.
 */
import { channels } from '../../base/channels.js'
import { causeEntry } from '../../base/errors.js'
import type { ConnectionEvent } from '../../base/facts.js'
import type { Observers } from '../../base/observers.js'

export class ConnectionTotals {
  accepted = 0
  connected = 0
  closed = 0
  /** set-ups that failed, errors, and ends that were not orderly, by cause; each connection once */
  readonly #failures = new Map<string, number>()
  /** May be called again. */
  readonly stop: () => void

  constructor(observers: Observers) {
    this.stop = observers.observe(channels.connection, (event) => this.#count(event))
  }

  get failures(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#failures)
  }

  #count(event: ConnectionEvent): void {
    if (event.name === 'CLOSED') {
      this.closed++
      const cause = event.facts.closed?.cause
      if (cause !== undefined && causeEntry(cause).fate !== 'ended') {
        this.#failures.set(cause, (this.#failures.get(cause) ?? 0) + 1)
      }
    } else if (event.status === 'SUCCESS') {
      if (event.name === 'ACCEPTED') this.accepted++
      else if (event.name === 'CONNECTED') this.connected++
    }
  }
}
