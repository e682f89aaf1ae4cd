/** Packets and pcap files made by hand, for tests of what reads captures. Shares nothing with what it tests. */
import { isIPv6 } from 'node:net'

export const linkTypes = {
  loopback: 0,
  ethernet: 1,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const

export interface PcapOptions {
  readonly linkType?: number
  readonly bigEndian?: boolean
}

export interface PcapPacket {
  readonly micros: number
  readonly bytes: Buffer
  /** length before the capture cut it */
  readonly originalLength?: number
}

/** A classic pcap file, version 2.4. */
export function pcapFile(packets: readonly PcapPacket[], options: PcapOptions = {}): Buffer {
  const { linkType = linkTypes.ethernet, bigEndian = false } = options
  const words = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4)
    values.forEach((value, i) => {
      bigEndian ? bytes.writeUInt32BE(value, i * 4) : bytes.writeUInt32LE(value, i * 4)
    })
    return bytes
  }
  const version = bigEndian ? 0x00020004 : 0x00040002
  const head = words(0xa1b2c3d4, version, 0, 0, 262_144, linkType)
  const records = packets.flatMap(({ micros, bytes, originalLength = bytes.length }) => [
    words(Math.floor(micros / 1e6), micros % 1e6, bytes.length, originalLength),
    bytes,
  ])
  return Buffer.concat([head, ...records])
}

export interface Way {
  readonly from: string
  readonly to: string
  readonly fromPort: number
  readonly toPort: number
}

export const phoneToServer: Way = { from: '192.0.2.10', fromPort: 50_000, to: '198.51.100.1', toPort: 5060 }

export function reversed({ from, to, fromPort, toPort }: Way): Way {
  return { from: to, fromPort: toPort, to: from, toPort: fromPort }
}

export function udpSegment({ fromPort, toPort }: Way, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload)
  const head = Buffer.alloc(8)
  head.writeUInt16BE(fromPort, 0)
  head.writeUInt16BE(toPort, 2)
  head.writeUInt16BE(8 + body.length, 4)
  return Buffer.concat([head, body])
}

export interface TcpFields {
  readonly sequence: number
  /** letters of SYN, ACK, FIN, RST: `S`, `SA`, `FA`, `R`; default `A` */
  readonly flags?: string
  /** octets of options, a multiple of 4 */
  readonly optionBytes?: number
}

export function tcpSegment({ fromPort, toPort }: Way, fields: TcpFields, payload: Buffer | string = ''): Buffer {
  const { sequence, flags = 'A', optionBytes = 0 } = fields
  const head = Buffer.alloc(20 + optionBytes, 1)
  head.writeUInt16BE(fromPort, 0)
  head.writeUInt16BE(toPort, 2)
  head.writeUInt32BE(sequence >>> 0, 4)
  head.writeUInt8((head.length / 4) << 4, 12)
  const bits = { F: 0x01, S: 0x02, R: 0x04, A: 0x10 } as Record<string, number>
  head.writeUInt8(
    [...flags].reduce((sum, flag) => sum + bits[flag]!, 0),
    13,
  )
  return Buffer.concat([head, Buffer.from(payload)])
}

export interface IpFields {
  /** IPv4 fragment: identification, offset in octets, whether more follow */
  readonly fragment?: { readonly id: number; readonly offset: number; readonly more: boolean }
  /** IPv6 headers between the IP header and the segment: each with its number, its first octet left open */
  readonly extensions?: readonly (readonly [number: number, bytes: Buffer])[]
}

/** The IP packet around a segment. */
export function ip(way: Way, protocol: 'udp' | 'tcp' | number, segment: Buffer, fields: IpFields = {}): Buffer {
  const number = protocol === 'udp' ? 17 : protocol === 'tcp' ? 6 : protocol
  return isIPv6(way.from) ? ip6(way, number, segment, fields) : ip4(way, number, segment, fields)
}

function ip4(way: Way, protocol: number, segment: Buffer, { fragment }: IpFields): Buffer {
  const head = Buffer.alloc(20)
  head.writeUInt8(0x45, 0)
  head.writeUInt16BE(20 + segment.length, 2)
  if (fragment !== undefined) {
    head.writeUInt16BE(fragment.id, 4)
    head.writeUInt16BE((fragment.more ? 0x2000 : 0) | (fragment.offset / 8), 6)
  }
  head.writeUInt8(64, 8)
  head.writeUInt8(protocol, 9)
  head.set(way.from.split('.').map(Number), 12)
  head.set(way.to.split('.').map(Number), 16)
  return Buffer.concat([head, segment])
}

function ip6(way: Way, protocol: number, segment: Buffer, { extensions = [] }: IpFields): Buffer {
  const chain = extensions.map(([, bytes], i) => {
    const header = Buffer.from(bytes)
    header.writeUInt8(extensions[i + 1]?.[0] ?? protocol, 0)
    return header
  })
  const head = Buffer.alloc(40)
  head.writeUInt8(0x60, 0)
  head.writeUInt16BE(
    chain.reduce((sum, { length }) => sum + length, segment.length),
    4,
  )
  head.writeUInt8(extensions[0]?.[0] ?? protocol, 6)
  head.set(address6(way.from), 8)
  head.set(address6(way.to), 24)
  return Buffer.concat([head, ...chain, segment])
}

/** `2001:db8::1` as 16 octets; one `::` at most. */
function address6(text: string): number[] {
  const [left = '', right] = text.split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [groups(left), groups(right ?? '')]
  const all = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after]
  return all.flatMap((group) => [group >> 8, group & 0xff])
}

/** The frame around an IP packet. `vlans`: as many tags. */
export function frame(packet: Buffer, linkType: number = linkTypes.ethernet, vlans = 0): Buffer {
  const etherType = packet[0]! >> 4 === 4 ? [0x08, 0x00] : [0x86, 0xdd]
  const tags = new Array<number[]>(vlans).fill([0x81, 0x00, 0x00, 0x07]).flat()
  switch (linkType) {
    case linkTypes.ethernet:
      return Buffer.concat([Buffer.alloc(12, 2), Buffer.from([...tags, ...etherType]), packet])
    case linkTypes.linuxCooked:
      return Buffer.concat([Buffer.alloc(14, 2), Buffer.from([...tags, ...etherType]), packet])
    case linkTypes.linuxCooked2:
      return Buffer.concat([Buffer.from(etherType), Buffer.alloc(18, 2), packet])
    case linkTypes.loopback:
    case linkTypes.loop:
      return Buffer.concat([Buffer.from([2, 0, 0, 0]), packet])
    default:
      return packet
  }
}
