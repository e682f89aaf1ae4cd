/** pcap-parser 0.2.1 comes without types; this is the part of it that file.ts uses. */
declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events'

  export interface PacketHeader {
    timestampSeconds: number
    timestampMicroseconds: number
    capturedLength: number
    originalLength: number
  }

  export interface Parser extends EventEmitter {
    on(event: 'globalHeader', listener: (header: { linkLayerType: number }) => void): this
    on(event: 'packetHeader', listener: (header: PacketHeader) => void): this
    on(event: 'packet', listener: (packet: { header: PacketHeader; data: Buffer }) => void): this
    on(event: 'error', listener: (error: Error) => void): this
  }

  /** The stream only has to emit `data` and take `pause` and `resume`. */
  export function parse(stream: EventEmitter): Parser
}
