/**
 * What became of the packets of one destination: the one table of reasons a packet is lost for, and
 * the counts. Every packet offered ends in exactly one of sent, dropped or still queued. Sends nothing.
 */

import { protocolTypeName } from '../hep/chunks.js'

/** Why a packet was never delivered; the words are for documentation and logs. */
export const dropReasons = {
  'queue-full': 'the queue held hep_queue_bytes or hep_queue_packets; the newest packet is the one dropped',
  'connection-lost': 'the packet was being written when the connection broke; how much of it arrived is unknown',
  paused: 'an operator had paused the destination',
  refused: 'the host of the collector answered that nothing listens there (UDP)',
  'send-failed': 'the network refused to take the datagram (UDP)',
  'too-large': 'the packet could not be made to fit, or is larger than the network takes (UDP)',
  'address-changed': 'key material was queued for a loopback collector whose name now leads elsewhere',
  shutdown: 'still queued when the destination was closed',
} as const

export type DropReason = keyof typeof dropReasons

export class Ledger {
  sentPackets = 0
  sentBytes = 0
  /** the packets among them, by protocol type (chunk 0x000b) */
  readonly sentTypes = new Float64Array(256)
  /** packets sent with a shortened payload */
  truncated = 0
  /** times the link was made again after it had been up */
  reconnects = 0
  readonly dropped: Record<DropReason, number> = {
    'queue-full': 0,
    'connection-lost': 0,
    paused: 0,
    refused: 0,
    'send-failed': 0,
    'too-large': 0,
    'address-changed': 0,
    shutdown: 0,
  }
  lastError: string | undefined
  lastErrorAt: string | undefined

  /** By name of the type, those that there were. */
  get sentByType(): Readonly<Record<string, number>> {
    const named = Array.from(this.sentTypes, (packets, type) => [protocolTypeName(type), packets] as const)
    return Object.fromEntries(named.filter(([, packets]) => packets > 0))
  }

  sent(packets: number, bytes: number): void {
    this.sentPackets += packets
    this.sentBytes += bytes
  }

  drop(reason: DropReason, packets: number): void {
    this.dropped[reason] += packets
  }

  /** `lastErrorAt` is since when: it stays as long as the same error repeats. */
  error(message: string, now: Date): void {
    if (message !== this.lastError) this.lastErrorAt = now.toISOString()
    this.lastError = message
  }
}
