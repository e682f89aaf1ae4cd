/**
 * What happened to each live connection: its latest events, traced or not. Whoever keeps a closed connection
 * takes its events along. Nothing of the key material of an event is kept.
 */
import type { ConnectionEvent } from '../../base/facts.js'
import type { TimelineEntry } from '../../base/live.js'
import { timeOf } from './rows.js'

/** The times are written out when somebody looks. */
export interface TimelineEvent extends Omit<TimelineEntry, 'at'> {
  readonly micros: number
}

/** A life has two to four events. More can only be a fault of ours, and shall not fill memory. */
const mostEvents = 32

const none: readonly TimelineEvent[] = []

export class Timelines {
  readonly #events = new Map<string, readonly TimelineEvent[]>()

  add({ name, status, cause, message, facts }: ConnectionEvent, micros: number): void {
    const before = this.of(facts.id)
    // Of exactly its length: an array that grows has room for 16 more, times 50,000.
    this.#events.set(facts.id, [...before.slice(1 - mostEvents), { micros, event: name, status, cause, message }])
  }

  /** oldest first */
  of(id: string): readonly TimelineEvent[] {
    return this.#events.get(id) ?? none
  }

  /** The same, and they are forgotten here. */
  take(id: string): readonly TimelineEvent[] {
    const events = this.of(id)
    this.#events.delete(id)
    return events
  }

  /** connections it knows events of */
  get size(): number {
    return this.#events.size
  }
}

export function timelineEntries(events: readonly TimelineEvent[]): TimelineEntry[] {
  return events.map(({ micros, ...entry }) => ({ at: timeOf(micros), ...entry }))
}
