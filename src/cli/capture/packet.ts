/**
 * From a captured frame to the UDP or TCP in it: Ethernet with VLAN tags, Linux cooked, raw IP and
 * loopback frames; IPv4 and IPv6, fragments put together. It believes no length it has not checked,
 * and answers a reason for what it does not take.
 */
import { type Endpoint, plainIp } from '../../base/address.js'
import { inet4Text, inet6Text } from '../../base/inet.js'
import type { CapturedPacket } from './file.js'
import { Fragments } from './fragments.js'

interface Packet {
  readonly source: Endpoint
  readonly destination: Endpoint
  readonly micros: number
  readonly payload: Buffer
}

export interface UdpPacket extends Packet {
  readonly transport: 'udp'
}

export interface TcpPacket extends Packet {
  readonly transport: 'tcp'
  /** of the first payload byte, or of SYN */
  readonly sequence: number
  readonly syn: boolean
  readonly ack: boolean
  readonly fin: boolean
  readonly rst: boolean
}

/** Why a packet was not taken, in words for the summary. */
export type PacketSkip =
  | 'cut short by the capture'
  | 'link type not known'
  | 'not IP'
  | 'IP fragment without the others'
  | 'neither UDP nor TCP'
  | 'malformed'

export class PacketDecoder {
  readonly #fragments = new Fragments()

  /** undefined: a fragment, the others of which are still to come. */
  decode(packet: CapturedPacket): UdpPacket | TcpPacket | PacketSkip | undefined {
    const { bytes, linkType, cut, micros } = packet
    const network = networkLayer(bytes, linkType)
    if (typeof network === 'string') return cut && network === 'malformed' ? cutShort : network
    const ip = network.version === 4 ? ipv4(bytes, network.at) : ipv6(bytes, network.at)
    if (ip === 'malformed' || ip.end > bytes.length) return cut ? cutShort : 'malformed'
    if (ip.fragment === undefined) return transportLayer(bytes, ip, micros)
    const { id, offset, more } = ip.fragment
    const key = `${ip.source} ${ip.destination} ${ip.protocol} ${id}`
    const whole = this.#fragments.add({ packet: key, offset, more, bytes: bytes.subarray(ip.at, ip.end) })
    return whole && transportLayer(whole, { ...ip, at: 0, end: whole.length }, micros)
  }

  /** No more packets will come. Returns how many fragments were of no use. */
  end(): number {
    this.#fragments.end()
    return this.#fragments.lost
  }
}

const cutShort = 'cut short by the capture'

function transportLayer(bytes: Buffer, ip: IpPacket, micros: number): UdpPacket | TcpPacket | PacketSkip {
  switch (ip.protocol) {
    case 6:
      return tcp(bytes, ip, micros)
    case 17:
      return udp(bytes, ip, micros)
    default:
      return 'neither UDP nor TCP'
  }
}

/** Where the IP header begins. */
interface NetworkPlace {
  readonly version: 4 | 6
  readonly at: number
}

// https://www.tcpdump.org/linktypes.html
const linkTypes = {
  loopback: 0,
  ethernet: 1,
  rawBsd: 12,
  rawOpenBsd: 14,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const

function networkLayer(bytes: Buffer, linkType: number): NetworkPlace | PacketSkip {
  switch (linkType) {
    case linkTypes.ethernet:
      return byEtherType(bytes, 12)
    case linkTypes.linuxCooked:
      return byEtherType(bytes, 14)
    case linkTypes.linuxCooked2:
      // the protocol comes first here, and what it names 20 bytes later
      return bytes.length < 20 ? 'malformed' : etherTypeAt(bytes, bytes.readUInt16BE(0), 20)
    case linkTypes.loopback:
    case linkTypes.loop:
      // The number of the address family differs between systems (and its byte order, for type 0): the IP header itself tells.
      return byVersion(bytes, 4)
    case linkTypes.raw:
    case linkTypes.rawBsd:
    case linkTypes.rawOpenBsd:
    case linkTypes.ipv4:
    case linkTypes.ipv6:
      return byVersion(bytes, 0)
    default:
      return 'link type not known'
  }
}

/** An EtherType field, then what it names. */
function byEtherType(bytes: Buffer, at: number): NetworkPlace | PacketSkip {
  return bytes.length < at + 2 ? 'malformed' : etherTypeAt(bytes, bytes.readUInt16BE(at), at + 2)
}

function etherTypeAt(bytes: Buffer, etherType: number, at: number): NetworkPlace | PacketSkip {
  switch (etherType) {
    case 0x0800:
      return { version: 4, at }
    case 0x86dd:
      return { version: 6, at }
    case 0x8100: // IEEE 802.1Q; 802.1ad below; its forerunner. Tags may be nested
    case 0x88a8:
    case 0x9100:
      return byEtherType(bytes, at + 2)
    default:
      return 'not IP'
  }
}

function byVersion(bytes: Buffer, at: number): NetworkPlace | PacketSkip {
  const version = bytes.length > at ? bytes[at] >> 4 : 0
  return version === 4 || version === 6 ? { version, at } : 'not IP'
}

interface IpPacket {
  readonly protocol: number
  readonly source: string
  readonly destination: string
  /** the transport header is at `at`, its payload ends at `end`, which the capture may not hold */
  readonly at: number
  readonly end: number
  /** undefined: the packet is whole */
  readonly fragment: { readonly id: number; readonly offset: number; readonly more: boolean } | undefined
}

/** RFC 791 §3.1 */
function ipv4(bytes: Buffer, at: number): IpPacket | 'malformed' {
  if (bytes.length < at + 20) return 'malformed'
  const headerBytes = (bytes[at] & 0x0f) * 4
  // 0: a capture taken before the network card cut a large packet to pieces
  const totalBytes = bytes.readUInt16BE(at + 2) || bytes.length - at
  if (bytes[at] >> 4 !== 4 || headerBytes < 20 || totalBytes < headerBytes) return 'malformed'
  const place = bytes.readUInt16BE(at + 6)
  const isFragment = (place & 0x3fff) !== 0 // more fragments, or an offset
  return {
    protocol: bytes[at + 9],
    source: inet4Text(bytes, at + 12),
    destination: inet4Text(bytes, at + 16),
    at: at + headerBytes,
    end: at + totalBytes,
    fragment: isFragment
      ? { id: bytes.readUInt16BE(at + 4), offset: (place & 0x1fff) * 8, more: (place & 0x2000) !== 0 }
      : undefined,
  }
}

// RFC 8200 §4: headers that may stand before the transport header
const extension = { hopByHop: 0, routing: 43, fragment: 44, authentication: 51, destinationOptions: 60 } as const

function ipv6(bytes: Buffer, at: number): IpPacket | 'malformed' {
  if (bytes.length < at + 40 || bytes[at] >> 4 !== 6) return 'malformed'
  const payloadBytes = bytes.readUInt16BE(at + 4) || bytes.length - at - 40
  const end = at + 40 + payloadBytes
  let protocol = bytes[at + 6]
  let next = at + 40
  let fragment: IpPacket['fragment']
  // What follows the fragment header belongs to the packet in pieces, other headers too.
  while (fragment === undefined && isExtension(protocol)) {
    if (next + 8 > Math.min(end, bytes.length)) return 'malformed'
    if (protocol === extension.fragment) fragment = fragmentHeader(bytes, next)
    const headerBytes = extensionBytes(protocol, bytes[next + 1])
    protocol = bytes[next]
    next += headerBytes
  }
  const source = plainIp(inet6Text(bytes, at + 8))
  const destination = plainIp(inet6Text(bytes, at + 24))
  return { protocol, source, destination, at: next, end, fragment }
}

function isExtension(protocol: number): boolean {
  return (Object.values(extension) as number[]).includes(protocol)
}

function extensionBytes(protocol: number, lengthField: number): number {
  if (protocol === extension.fragment) return 8
  return protocol === extension.authentication ? (lengthField + 2) * 4 : (lengthField + 1) * 8
}

/** RFC 8200 §4.5; undefined for an "atomic fragment" (RFC 6946), which is a whole packet. */
function fragmentHeader(bytes: Buffer, at: number): IpPacket['fragment'] {
  const place = bytes.readUInt16BE(at + 2)
  if ((place & 0xfff9) === 0) return undefined
  return { id: bytes.readUInt32BE(at + 4), offset: place & 0xfff8, more: (place & 1) !== 0 }
}

/** RFC 768 */
function udp(bytes: Buffer, ip: IpPacket, micros: number): UdpPacket | PacketSkip {
  const { at } = ip
  if (at + 8 > ip.end) return 'malformed'
  const end = at + bytes.readUInt16BE(at + 4)
  if (end < at + 8 || end > ip.end) return 'malformed'
  return { transport: 'udp', micros, ...endpoints(bytes, ip), payload: bytes.subarray(at + 8, end) }
}

/** RFC 9293 §3.1 */
function tcp(bytes: Buffer, ip: IpPacket, micros: number): TcpPacket | PacketSkip {
  const { at } = ip
  if (at + 20 > ip.end) return 'malformed'
  const payloadAt = at + (bytes[at + 12] >> 4) * 4
  if (payloadAt < at + 20 || payloadAt > ip.end) return 'malformed'
  const flags = bytes[at + 13]
  return {
    transport: 'tcp',
    micros,
    ...endpoints(bytes, ip),
    payload: bytes.subarray(payloadAt, ip.end),
    sequence: bytes.readUInt32BE(at + 4),
    fin: (flags & 0x01) !== 0,
    syn: (flags & 0x02) !== 0,
    rst: (flags & 0x04) !== 0,
    ack: (flags & 0x10) !== 0,
  }
}

function endpoints(bytes: Buffer, { at, source, destination }: IpPacket): { source: Endpoint; destination: Endpoint } {
  return {
    source: { ip: source, port: bytes.readUInt16BE(at) },
    destination: { ip: destination, port: bytes.readUInt16BE(at + 2) },
  }
}
