/**
 * The one table of diagnostics channels: the core publishes, observers subscribe
 * (trace/, telemetry/, live/). A channel without subscribers costs one boolean test.
 */
import { type Channel, channel } from 'node:diagnostics_channel'
import type { ConnectionEvent, ConnectionFacts, Direction } from './facts.js'

/** One NSS key-log line of a connection, as it was produced. SECRET. */
export interface KeylogLine {
  readonly facts: ConnectionFacts
  readonly line: string
}

/** One whole SIP message, buf[start, end), as it is on the wire. ONE object for all of them: read it before you return. */
export interface MessageSeen {
  readonly facts: ConnectionFacts
  /** in: received from facts.peer; out: given to that connection or association (in a tunnel: at the end of this read) */
  readonly direction: Direction
  readonly buf: Buffer
  readonly start: number
  readonly end: number
  /** its Call-ID, offsets in buf; both 0 if it has none */
  readonly callIdStart: number
  readonly callIdEnd: number
  /**
   * ms from the read that brought it to the moment it was given to the connection it leaves by, the wait for that
   * connection included. undefined: received, made by ourselves, or read before anybody looked
   */
  readonly heldMs: number | undefined
}

export const channels = {
  /** every event in the life of a connection: `ConnectionEvent` */
  connection: channel('hepgate:connection') as Channel<unknown, ConnectionEvent>,
  /** `KeylogLine` */
  keylog: channel('hepgate:keylog') as Channel<unknown, KeylogLine>,
  /** every SIP message, on each leg: `MessageSeen` */
  message: channel('hepgate:message') as Channel<unknown, MessageSeen>,
  /** every line of the log that is written, as one JSON object in a text without line end */
  log: channel('hepgate:log') as Channel<unknown, string>,
} as const

export function publishConnection(event: ConnectionEvent): void {
  if (channels.connection.hasSubscribers) channels.connection.publish(event)
}

/** What is read next arrives now. Kept only while somebody looks at messages. */
export function noteArrival(): void {
  if (channels.message.hasSubscribers) arrivedMs = performance.now()
}

/** When the bytes that are being worked on were read, monotonic ms; 0: nobody wants to know. */
export function arrivalMs(): number {
  return channels.message.hasSubscribers ? arrivedMs : 0
}

export function publishReceived(
  facts: ConnectionFacts,
  buf: Buffer,
  start: number,
  end: number,
  callIdStart: number,
  callIdEnd: number,
): void {
  if (channels.message.hasSubscribers) {
    publishMessage(facts, 'in', buf, start, end, callIdStart, callIdEnd, undefined)
  }
}

/** `sinceMs`: its `arrivalMs()`; undefined: it is of our own making. */
export function publishSent(
  facts: ConnectionFacts,
  buf: Buffer,
  start: number,
  end: number,
  callIdStart: number,
  callIdEnd: number,
  sinceMs: number | undefined,
): void {
  if (!channels.message.hasSubscribers) return
  // 0: it was read before anybody looked
  const heldMs = sinceMs ? performance.now() - sinceMs : undefined
  publishMessage(facts, 'out', buf, start, end, callIdStart, callIdEnd, heldMs)
}

let arrivedMs = 0

const seen: { -readonly [K in keyof MessageSeen]: MessageSeen[K] | undefined } = {
  facts: undefined,
  direction: undefined,
  buf: undefined,
  start: 0,
  end: 0,
  callIdStart: 0,
  callIdEnd: 0,
  heldMs: undefined,
}

function publishMessage(
  facts: ConnectionFacts,
  direction: Direction,
  buf: Buffer,
  start: number,
  end: number,
  callIdStart: number,
  callIdEnd: number,
  heldMs: number | undefined,
): void {
  seen.facts = facts
  seen.direction = direction
  seen.buf = buf
  seen.start = start
  seen.end = end
  seen.callIdStart = callIdStart
  seen.callIdEnd = callIdEnd
  seen.heldMs = heldMs
  channels.message.publish(seen as MessageSeen)
  // the next message may be long in coming
  seen.facts = seen.buf = undefined
}
