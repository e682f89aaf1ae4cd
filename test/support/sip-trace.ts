/** What a HEP collector must have got of a conversation: one record for each message on each leg, in the order they happened. */
import assert from 'node:assert/strict'
import type { HepCollector, HepRecord } from './hep-collector.js'
import { networkOf } from './hep-network.js'
import { startLine } from './sip.js'
import { until } from './wait.js'

/** HEP chunk 0x0002 */
export const protocols = { tls: 22, tcp: 6, udp: 17 } as const

/** Between whom a message went: the peer of the gateway, and the end of the gateway. */
export interface TracedLeg {
  readonly protocol: number
  /** `127.0.0.1:50123` */
  readonly peer: string
  readonly own: string
}

export interface TracedMessage {
  readonly protocol: number
  readonly source: string
  readonly destination: string
  /** for a person who reads a difference */
  readonly line: string
  readonly text: string
}

/** A message that came to the gateway on a leg. */
export function cameIn({ protocol, peer, own }: TracedLeg, message: Buffer): TracedMessage {
  return { protocol, source: peer, destination: own, line: startLine(message), text: message.toString('latin1') }
}

/** A message that the gateway sent on a leg. */
export function wentOut({ protocol, peer, own }: TracedLeg, message: Buffer): TracedMessage {
  return { protocol, source: own, destination: peer, line: startLine(message), text: message.toString('latin1') }
}

/** The SIP records of a call, in the order they came. */
export function recordsOf(collector: HepCollector, callId: string): HepRecord[] {
  return collector.records.filter(({ type, correlation }) => type === 1 && correlation === callId)
}

/** Waits until the collector has got exactly these messages of the call, in this order. */
export async function assertTraced(
  collector: HepCollector,
  callId: string,
  expected: readonly TracedMessage[],
): Promise<readonly HepRecord[]> {
  await until(`${expected.length} records of ${callId}`, () => recordsOf(collector, callId).length >= expected.length)
  const records = recordsOf(collector, callId)
  assert.deepEqual(records.map(seen), expected)
  return records
}

function seen(record: HepRecord): TracedMessage {
  const { protocol, source, destination } = networkOf(record)
  const { payload } = record
  return { protocol, source, destination, line: startLine(payload), text: payload.toString('latin1') }
}
