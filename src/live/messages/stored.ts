/** One entry of the message store: where its bytes lie and what was found out about it. Plain data. */
import type { Endpoint } from '../../base/address.js'
import type { Direction, Side } from '../../base/facts.js'

/** What the store reads of the leg of a message: of one of ours (trace/sinks.ts), or of another capture agent. Never changes. */
export interface StoredLeg {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly transport: string
  /** undefined: another capture agent saw it */
  readonly connId?: string | undefined
  readonly direction?: Direction | undefined
  readonly side?: Side | undefined
  /** name of the other capture agent */
  readonly agent?: string | undefined
}

/** What makes an entry an event; its bytes are then one line for a person. */
export interface EventNote {
  readonly failed: boolean
  /** it announces a call, whose first message may come behind it */
  readonly announces: boolean
}

export interface Stored {
  readonly n: number
  readonly micros: number
  readonly leg: StoredLeg
  /** undefined: a SIP message */
  readonly event: EventNote | undefined
  /** in the slab */
  readonly position: number
  /** its bytes: page[start, end), valid while the store holds the entry */
  readonly page: Buffer
  readonly start: number
  readonly end: number
  /** both 0: there is none, or the entry is an event */
  readonly callIdStart: number
  readonly callIdEnd: number
  /** of the call it is indexed under; undefined: of none, or the message was not read yet */
  callId: string | undefined
  /** the same bytes went the same way before (RFC 3261 §17) */
  retransmission: boolean
}

/** A message with its bytes, for captures. */
export interface RawMessage {
  readonly n: number
  readonly micros: number
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly transport: string
  /** undefined: another capture agent saw it */
  readonly connId: string | undefined
  /** '': it belongs to no call */
  readonly callId: string
  /** a copy, for all who are given the message: not to be changed */
  readonly bytes: Buffer
}

/** Is it asked for? Looked at before anything is copied. `callId`: undefined when it belongs to no call. */
export type MessageTest = (connId: string | undefined, callId: string | undefined) => boolean

export function rawMessage({ n, micros, leg, callId, page, start, end }: Stored): RawMessage {
  const { source, destination, transport, connId } = leg
  const bytes = Buffer.from(page.subarray(start, end))
  return { n, micros, source, destination, transport, connId, callId: callId ?? '', bytes }
}

/** The same bytes went the same way over the same connection; over UDP, between the same endpoints. */
export function isSameMessage(a: Stored, b: Stored): boolean {
  if (a.end - a.start !== b.end - b.start || !isSameLeg(a.leg, b.leg)) return false
  return a.page.compare(b.page, b.start, b.end, a.start, a.end) === 0
}

function isSameLeg(a: StoredLeg, b: StoredLeg): boolean {
  if (a === b) return true
  if (a.connId !== b.connId || a.agent !== b.agent) return false
  return isSameEndpoint(a.source, b.source) && isSameEndpoint(a.destination, b.destination)
}

function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.ip === b.ip
}
