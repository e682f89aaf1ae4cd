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
  /** sent, and of our own making */
  readonly own: boolean
  /**
   * ms from the read that brought it to the moment it was given to the connection it leaves by, the wait for that
   * connection included. Known of what one read in seven brought
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

/**
 * What is read next arrives now. The clock costs more than all that metrics do with a message: it is asked for one read
 * in seven, a number that no usual pattern of requests and responses repeats with.
 */
export function noteArrival(): void {
  if (channels.message.hasSubscribers) arrivedMs = reads++ % timedReads === 0 ? performance.now() : 0
}

/** When the bytes that are being worked on were read, monotonic ms; 0: it was not asked. */
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
    publishMessage(facts, 'in', buf, start, end, callIdStart, callIdEnd, false, undefined)
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
  const heldMs = sinceMs ? performance.now() - sinceMs : undefined
  publishMessage(facts, 'out', buf, start, end, callIdStart, callIdEnd, sinceMs === undefined, heldMs)
}

const timedReads = 7
let reads = 0
let arrivedMs = 0

const seen: { -readonly [K in keyof MessageSeen]: MessageSeen[K] | undefined } = {
  facts: undefined,
  direction: undefined,
  buf: undefined,
  start: 0,
  end: 0,
  callIdStart: 0,
  callIdEnd: 0,
  own: false,
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
  own: boolean,
  heldMs: number | undefined,
): void {
  seen.facts = facts
  seen.direction = direction
  seen.buf = buf
  seen.start = start
  seen.end = end
  seen.callIdStart = callIdStart
  seen.callIdEnd = callIdEnd
  seen.own = own
  seen.heldMs = heldMs
  channels.message.publish(seen as MessageSeen)
  // the next message may be long in coming
  seen.facts = seen.buf = undefined
}
