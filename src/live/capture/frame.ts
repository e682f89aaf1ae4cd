/**
 * Ethernet frames made around what the gateway has: IPv4 or IPv6, TCP or UDP, with right lengths and checksums.
 * Pure: knows no conversation and no time. Nothing made here ever goes to a network, only into capture files.
 *
 *     | Ethernet 14 | IPv4 20 or IPv6 40 | TCP 20 or UDP 8 | payload |
 */
import type { Endpoint } from '../../base/address.js'
import { hashOfText } from '../../base/hash.js'
import { asInet6, inetBytes } from '../../base/inet.js'

/** One direction between two endpoints: made once, used for every frame. */
export interface Way {
  readonly sourcePort: number
  readonly destinationPort: number
  /** what every frame begins with, lengths and checksums still 0 */
  readonly head: Buffer
  /** RFC 9293 §3.1: over the addresses of the pseudo header, not folded */
  readonly addressSum: number
  /** octets of TCP payload in a frame of an Ethernet with an MTU of 1500 */
  readonly maxSegment: number
}

/** RFC 9293 §3.1 */
export const tcpFlags = { fin: 0x01, syn: 0x02, rst: 0x04, psh: 0x08, ack: 0x10 } as const

/** What one datagram holds over IPv4; nothing longer can have been on the wire, jumbograms aside. */
const maxDatagramPayload = 65507
/** Never scaled: conversation.ts acknowledges long before it is full. */
const tcpWindow = 65535

const ethernetBytes = 14
const etherTypes = { ipv4: 0x0800, ipv6: 0x86dd, localExperimental: 0x88b5 } as const
const ipHeaderBytes = { ipv4: 20, ipv6: 40 } as const
const protocols = { tcp: 6, udp: 17 } as const
const tcpHeaderBytes = 20
const udpHeaderBytes = 8
const mtu = 1500
const hopLimit = 64
/** RFC 791 §3.1: don't fragment. RFC 6864 §4.1: the identification of such a packet means nothing, and is 0 here. */
const dontFragment = 0x4000

export function wayBetween(source: Endpoint, destination: Endpoint): Way {
  let from = inetBytes(source.ip)
  let to = inetBytes(destination.ip)
  if (from.length !== to.length) {
    // Only another capture agent can have told of such a pair.
    from = asInet6(from)
    to = asInet6(to)
  }
  const family = from.length === 4 ? 'ipv4' : 'ipv6'
  const addresses = Buffer.concat([from, to])
  const head = Buffer.concat([
    mac(destination.ip),
    mac(source.ip),
    uint16(etherTypes[family]),
    family === 'ipv4' ? ipv4Head() : ipv6Head(),
    addresses,
  ])
  const maxSegment = mtu - ipHeaderBytes[family] - tcpHeaderBytes
  return {
    sourcePort: source.port,
    destinationPort: destination.port,
    head,
    addressSum: sum16(addresses, 0, addresses.length),
    maxSegment,
  }
}

/** `payload` has at most `way.maxSegment` octets. Sequence numbers are taken modulo 2^32. */
export function tcpFrame(way: Way, sequence: number, acknowledged: number, flags: number, payload: Buffer): Buffer {
  const frame = ipFrame(way, protocols.tcp, tcpHeaderBytes, payload)
  const at = way.head.length
  frame.writeUInt16BE(way.sourcePort, at)
  frame.writeUInt16BE(way.destinationPort, at + 2)
  frame.writeUInt32BE(sequence >>> 0, at + 4)
  frame.writeUInt32BE(acknowledged >>> 0, at + 8)
  frame.writeUInt8((tcpHeaderBytes / 4) << 4, at + 12)
  frame.writeUInt8(flags, at + 13)
  frame.writeUInt16BE(tcpWindow, at + 14)
  frame.writeUInt16BE(transportChecksum(way, frame, protocols.tcp), at + 16)
  return frame
}

/** One datagram. An Ethernet of our making takes it whole, whatever its size. */
export function udpFrame(way: Way, message: Buffer): Buffer {
  const payload = message.subarray(0, maxDatagramPayload)
  const frame = ipFrame(way, protocols.udp, udpHeaderBytes, payload)
  const at = way.head.length
  frame.writeUInt16BE(way.sourcePort, at)
  frame.writeUInt16BE(way.destinationPort, at + 2)
  frame.writeUInt16BE(udpHeaderBytes + payload.length, at + 4)
  // RFC 768: 0 would mean that there is none
  frame.writeUInt16BE(transportChecksum(way, frame, protocols.udp) || 0xffff, at + 6)
  return frame
}

/** Not a packet of anybody: a word of the recorder to the reader (IEEE 802: local experimental EtherType 1). */
export function remarkFrame(text: string): Buffer {
  return Buffer.concat([Buffer.alloc(6, 0xff), mac(''), uint16(etherTypes.localExperimental), Buffer.from(text)])
}

/** Everything but the transport header, which is still 0. */
function ipFrame(way: Way, protocol: number, transportBytes: number, payload: Buffer): Buffer {
  const { head } = way
  const frame = Buffer.alloc(head.length + transportBytes + payload.length)
  head.copy(frame)
  payload.copy(frame, head.length + transportBytes)
  const at = ethernetBytes
  if (isIpv4(way)) {
    frame.writeUInt16BE(frame.length - ethernetBytes, at + 2)
    frame.writeUInt8(protocol, at + 9)
    frame.writeUInt16BE(complement(sum16(frame, at, head.length)), at + 10)
  } else {
    frame.writeUInt16BE(transportBytes + payload.length, at + 4)
    frame.writeUInt8(protocol, at + 6)
  }
  return frame
}

/** RFC 791 §3.1 */
function ipv4Head(): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt8(0x45, 0) // version 4, five words
  head.writeUInt16BE(dontFragment, 6)
  head.writeUInt8(hopLimit, 8)
  return head
}

/** RFC 8200 §3 */
function ipv6Head(): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt8(0x60, 0)
  head.writeUInt8(hopLimit, 7)
  return head
}

/** Unicast and locally administered (IEEE 802 §8.4), the same for an address every time. */
function mac(ip: string): Buffer {
  const address = Buffer.from([0x02, 0, 0, 0, 0, 0])
  address.writeInt32BE(hashOfText(ip), 2)
  return address
}

function isIpv4(way: Way): boolean {
  return way.head.length === ethernetBytes + ipHeaderBytes.ipv4
}

/** RFC 9293 §3.1, RFC 768, RFC 8200 §8.1: over pseudo header, transport header and payload. */
function transportChecksum(way: Way, frame: Buffer, protocol: number): number {
  const at = way.head.length
  return complement(way.addressSum + protocol + (frame.length - at) + sum16(frame, at, frame.length))
}

/** RFC 1071: of 16-bit words, an odd octet at the end counted as the upper half of one. At most 64 KiB: no overflow. */
function sum16(buf: Buffer, from: number, to: number): number {
  let sum = 0
  for (let at = from; at + 1 < to; at += 2) sum += buf.readUInt16BE(at)
  return (to - from) % 2 === 0 ? sum : sum + (buf[to - 1]! << 8)
}

function complement(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded >>> 16) + (folded & 0xffff)
  return ~folded & 0xffff
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}
