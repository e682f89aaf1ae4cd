/** Hand-written SIP flows for the live view: messages of a call on its legs, offered to a store as the tap would. */
import assert from 'node:assert/strict'
import type { CallQuery, CallRow, Page } from '../../src/base/live.js'
import type { MessageStore } from '../../src/live/messages/messages.js'
import type { RawMessage, StoredLeg } from '../../src/live/messages/stored.js'
import { noonMicros } from './destinations.js'

export interface LegOptions {
  readonly connId: string
  readonly transport?: string
  readonly side?: 'edge' | 'core'
  /** last octet and port of the other end */
  readonly peer?: number
}

/** Both directions of a connection. */
export interface FlowLeg {
  readonly in: StoredLeg
  readonly out: StoredLeg
}

export function flowLeg({ connId, transport = 'tls', side = 'edge', peer = 1 }: LegOptions): FlowLeg {
  const other = { ip: `192.0.2.${peer}`, port: 50_000 + peer }
  const own = { ip: '198.51.100.1', port: 5061 }
  const both = { connId, transport, side }
  return {
    in: { ...both, source: other, destination: own, direction: 'in' },
    out: { ...both, source: own, destination: other, direction: 'out' },
  }
}

export interface MessageFields {
  /** `INVITE`, or a status `180 Ringing` */
  readonly start: string
  readonly cseq: string
  readonly callId?: string
  readonly branch?: string
  readonly from?: string
  readonly to?: string
  /** of To */
  readonly toTag?: string
  readonly body?: string
}

export function sipText(fields: MessageFields): Buffer {
  const { start, cseq, callId = 'call-1', branch = 'b1', body = '' } = fields
  const { from = '<sip:alice@Example.com>', to = 'Bob <sip:bob@example.com:5060>', toTag } = fields
  const firstLine = /^\d/.test(start) ? `SIP/2.0 ${start}` : `${start} sip:bob@example.com SIP/2.0`
  const lines = [
    firstLine,
    `Via: SIP/2.0/TLS 192.0.2.1:50412;branch=z9hG4bK${branch};rport`,
    `From: ${from};tag=f1`,
    `To: ${to}${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Offers messages 10 ms apart, unless told otherwise. */
export class CallFlow {
  readonly store: MessageStore
  micros = noonMicros
  readonly #leg: FlowLeg

  constructor(store: MessageStore, leg: FlowLeg = flowLeg({ connId: '100' })) {
    this.store = store
    this.#leg = leg
  }

  /** Received by the gateway. */
  in(fields: MessageFields, leg: FlowLeg = this.#leg): this {
    return this.offer(leg.in, sipText(fields))
  }

  /** Sent by the gateway. */
  out(fields: MessageFields, leg: FlowLeg = this.#leg): this {
    return this.offer(leg.out, sipText(fields))
  }

  offer(leg: StoredLeg, bytes: Buffer): this {
    offerTo(this.store, leg, bytes, this.micros)
    return this.after(10)
  }

  after(ms: number): this {
    this.micros += ms * 1000
    return this
  }
}

/** The Call-ID is that of the first line that has one, as the framer finds it. */
export function offerTo(store: Pick<MessageStore, 'sip'>, leg: StoredLeg, bytes: Buffer, micros: number): void {
  const name = bytes.indexOf('Call-ID: ')
  const start = name < 0 ? 0 : name + 'Call-ID: '.length
  store.sip(leg, micros, bytes, 0, bytes.length, start, name < 0 ? 0 : bytes.indexOf('\r\n', start))
}

/** A page of calls; the question has to be one. */
export function callsPage(store: MessageStore, query: Partial<CallQuery> = {}): Page<CallRow> {
  const page = store.calls.list({ limit: 50, ...query })
  assert.ok(!('problem' in page), JSON.stringify(page))
  return page
}

/** Every SIP message kept, oldest first. */
export function rawAll(store: MessageStore): RawMessage[] {
  return Array.from(store.rawSince(0, () => true)).filter((message) => message !== undefined)
}
