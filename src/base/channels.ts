/**
 * The one table of diagnostics channels: the core publishes, observers subscribe
 * (trace/, telemetry/, live/). A channel without subscribers costs one boolean test.
 */
import { type Channel, channel } from 'node:diagnostics_channel'
import type { ConnectionEvent, ConnectionFacts } from './facts.js'

/** One NSS key-log line of a connection, as it was produced. SECRET. */
export interface KeylogLine {
  readonly facts: ConnectionFacts
  readonly line: string
}

export const channels = {
  /** every event in the life of a connection: `ConnectionEvent` */
  connection: channel('hepgate:connection') as Channel<unknown, ConnectionEvent>,
  /** `KeylogLine` */
  keylog: channel('hepgate:keylog') as Channel<unknown, KeylogLine>,
} as const

export function publishConnection(event: ConnectionEvent): void {
  if (channels.connection.hasSubscribers) channels.connection.publish(event)
}
