/** A HEP v3 packet as plain data. */
import type { Endpoint } from '../base/address.js'

/** UDP carries no more, and heplify-server and Homer 11 close a stream that does: the limit on every transport. */
export const maxHepBytes = 65507

/** A chunk that has no field of its own in `HepPacket`. */
export interface OtherChunk {
  readonly vendor: number
  readonly type: number
  readonly value: Buffer
}

export interface HepPacket {
  /** 0x0001: 2 or 10 */
  readonly family: number
  /** 0x0002: `ipProtocols` */
  readonly protocol: number
  /** 0x0003 or 0x0005, and 0x0007 */
  readonly source: Endpoint
  /** 0x0004 or 0x0006, and 0x0008 */
  readonly destination: Endpoint
  /** 0x0009: Unix time */
  readonly seconds: number
  /** 0x000a: of the second */
  readonly micros: number
  /** 0x000b: `protocolTypes` */
  readonly type: number
  /** 0x000c */
  readonly captureId: number
  /** 0x000f */
  readonly payload: Buffer
  /** 0x0011 */
  readonly correlationId?: Buffer | undefined
  /** 0x0013 */
  readonly nodeName?: string | undefined
  /** 0x000e */
  readonly authKey?: string | undefined
  /** 0x000d */
  readonly keepAliveSeconds?: number | undefined
  /** 0x0012 */
  readonly vlan?: number | undefined
  /** 0x0065 */
  readonly extraCorrelation?: string | undefined
  /** everything else, vendors' own chunks among it, in the order it came */
  readonly other: readonly OtherChunk[]
}
