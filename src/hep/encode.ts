/**
 * Writes HEP v3 packets. What does not change between the packets of one leg is built once, as a head
 * and a tail; a packet is then two copies, the time, the correlation id and the payload:
 *
 *     head                                        tail
 *     HEP3 length 1 2 3 4 7 8 [9] [a] b c │ 0x0011 │ 0x000e 0x0013 0x0065 │ 0x000f payload
 *
 * Order and sizes are those every collector takes (payload last, no 0x0010). It measures octets, never
 * characters, and leaves no octet of the packet unwritten. What is too large is the caller's to
 * shorten: `payloadRoom` says to what.
 */
import { type Endpoint, plainIp } from '../base/address.js'
import { asInet6, inetBytes } from '../base/inet.js'
import { type ChunkEntry, chunkHeadBytes, chunks, families, headerBytes, kindBytes, magic } from './chunks.js'
import { type HepPacket, maxHepBytes, type OtherChunk } from './packet.js'

export { maxHepBytes } from './packet.js'

export interface HepLeg {
  readonly source: Endpoint
  readonly destination: Endpoint
  /** chunk 0x0002 */
  readonly protocol: number
  /** chunk 0x000b */
  readonly type: number
  readonly captureId: number
}

export interface HepTailOptions {
  readonly authKey?: string | undefined
  readonly nodeName?: string | undefined
  readonly extraCorrelation?: string | undefined
}

/** The times lie at the same distance from the end of a head, whatever the family: 0x0009, 0x000a, 0x000b, 0x000c. */
const microsBeforeEnd = 4 + 7 + 10
const secondsBeforeEnd = microsBeforeEnd + 10

/** Everything of a packet up to chunk 0x000c; length and times are written by `encodeHep`. */
export function hepHead(leg: HepLeg): Buffer {
  // What Node reports for IPv4 peers of a dual-stack socket is IPv4. Both addresses of a packet are of
  // one family, so an IPv4 address beside an IPv6 one is written as mapped.
  let source = inetBytes(plainIp(leg.source.ip))
  let destination = inetBytes(plainIp(leg.destination.ip))
  const ipv4 = source.length === 4 && destination.length === 4
  if (!ipv4) {
    source = asInet6(source)
    destination = asInet6(destination)
  }
  return Buffer.concat([
    magic,
    Buffer.alloc(headerBytes - magic.length),
    numberChunk(chunks.family, ipv4 ? families.ipv4 : families.ipv6),
    numberChunk(chunks.protocol, leg.protocol),
    octetsChunk(ipv4 ? chunks.source4 : chunks.source6, source),
    octetsChunk(ipv4 ? chunks.destination4 : chunks.destination6, destination),
    numberChunk(chunks.sourcePort, leg.source.port),
    numberChunk(chunks.destinationPort, leg.destination.port),
    numberChunk(chunks.seconds, 0),
    numberChunk(chunks.micros, 0),
    numberChunk(chunks.protocolType, leg.type),
    numberChunk(chunks.captureId, leg.captureId),
  ])
}

/** The chunks between correlation id and payload. Those not given are left out. */
export function hepTail(options: HepTailOptions): Buffer {
  return Buffer.concat([
    textChunk(chunks.authKey, options.authKey),
    textChunk(chunks.nodeName, options.nodeName),
    textChunk(chunks.extraCorrelation, options.extraCorrelation),
  ])
}

/** Octets of the whole packet. */
export function hepSize(head: Buffer, tail: Buffer, correlationBytes: number, payloadBytes: number): number {
  return head.length + correlationChunkBytes(correlationBytes) + tail.length + chunkHeadBytes + payloadBytes
}

/** Octets a payload may have so that the packet keeps to `maxHepBytes`; negative if even an empty one is too much. */
export function payloadRoom(head: Buffer, tail: Buffer, correlationBytes: number): number {
  return maxHepBytes - hepSize(head, tail, correlationBytes, 0)
}

/**
 * Writes one packet at `at` and returns the offset behind it. The correlation id is
 * correlation[correlationStart, correlationEnd), left out when empty; the payload is payload[payloadStart, payloadEnd).
 * `target` has room for `hepSize` octets. Throws RangeError above `maxHepBytes`: a 16-bit length must not wrap.
 */
export function encodeHep(
  target: Buffer,
  at: number,
  head: Buffer,
  tail: Buffer,
  unixMicros: number,
  correlation: Buffer,
  correlationStart: number,
  correlationEnd: number,
  payload: Buffer,
  payloadStart: number,
  payloadEnd: number,
): number {
  const correlationBytes = correlationEnd - correlationStart
  const payloadBytes = payloadEnd - payloadStart
  const total = hepSize(head, tail, correlationBytes, payloadBytes)
  if (total > maxHepBytes) throw new RangeError(`HEP packet of ${total} octets, at most ${maxHepBytes} are allowed`)
  head.copy(target, at)
  writeUint16(target, at + magic.length, total)
  const headEnd = at + head.length
  const seconds = Math.floor(unixMicros / 1e6)
  writeUint32(target, headEnd - secondsBeforeEnd, seconds)
  writeUint32(target, headEnd - microsBeforeEnd, unixMicros - seconds * 1e6)
  let next = headEnd
  if (correlationBytes > 0) {
    next = writeChunkHead(target, next, chunks.correlationId.type, correlationBytes)
    correlation.copy(target, next, correlationStart, correlationEnd)
    next += correlationBytes
  }
  tail.copy(target, next)
  next = writeChunkHead(target, next + tail.length, chunks.payload.type, payloadBytes)
  payload.copy(target, next, payloadStart, payloadEnd)
  return next + payloadBytes
}

/**
 * One packet in a buffer of its own: for tests, replay and the collector. `family` follows from the
 * addresses. Throws RangeError on what HEP cannot say.
 */
export function encodePacket(packet: HepPacket): Buffer {
  if (!Number.isInteger(packet.micros) || packet.micros < 0 || packet.micros > 999_999) {
    // Chunk 0x000a is the offset within the second; heplify-server wraps above 4 294 967.
    throw new RangeError(`${packet.micros} is no number of µs within a second`)
  }
  const head = hepHead(packet)
  const tail = Buffer.concat([
    hepTail(packet),
    packet.keepAliveSeconds === undefined ? nothing : numberChunk(chunks.keepAlive, packet.keepAliveSeconds),
    packet.vlan === undefined ? nothing : numberChunk(chunks.vlan, packet.vlan),
    ...packet.other.map(otherChunk),
  ])
  const correlation = packet.correlationId ?? nothing
  const { payload } = packet
  const target = Buffer.alloc(hepSize(head, tail, correlation.length, payload.length))
  const unixMicros = packet.seconds * 1e6 + packet.micros
  encodeHep(target, 0, head, tail, unixMicros, correlation, 0, correlation.length, payload, 0, payload.length)
  return target
}

const nothing: Buffer = Buffer.alloc(0)

function correlationChunkBytes(correlationBytes: number): number {
  return correlationBytes === 0 ? 0 : chunkHeadBytes + correlationBytes
}

function writeUint16(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 8
  target[at + 1] = value
}

function writeUint32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

/** Vendor 0. Returns where the value goes. */
function writeChunkHead(target: Buffer, at: number, type: number, valueBytes: number): number {
  writeUint16(target, at, 0)
  writeUint16(target, at + 2, type)
  writeUint16(target, at + 4, chunkHeadBytes + valueBytes)
  return at + chunkHeadBytes
}

function chunk(vendor: number, type: number, value: Buffer): Buffer {
  const length = chunkHeadBytes + value.length
  if (headerBytes + length > maxHepBytes) throw new RangeError(`a HEP chunk of ${length} octets fits no packet`)
  const bytes = Buffer.alloc(length)
  bytes.writeUInt16BE(vendor, 0)
  bytes.writeUInt16BE(type, 2)
  bytes.writeUInt16BE(length, 4)
  value.copy(bytes, chunkHeadBytes)
  return bytes
}

function octetsChunk(entry: ChunkEntry, value: Buffer): Buffer {
  return chunk(0, entry.type, value)
}

function textChunk(entry: ChunkEntry, value: string | undefined): Buffer {
  return value === undefined ? nothing : octetsChunk(entry, Buffer.from(value, 'utf8'))
}

/** Throws RangeError on a number that does not fit. */
function numberChunk(entry: ChunkEntry, value: number): Buffer {
  const bytes = Buffer.alloc(kindBytes[entry.kind])
  bytes.writeUIntBE(value, 0, bytes.length)
  return octetsChunk(entry, bytes)
}

/**
 * heplify-server, Homer 11, SIP3 and hep-js do not look at the vendor: a vendor's chunk with a type
 * the generic table uses would overwrite that field there.
 */
function otherChunk(other: OtherChunk): Buffer {
  if (other.vendor !== 0 && other.type < 0x80) {
    throw new RangeError(`chunk type 0x${other.type.toString(16)} of vendor ${other.vendor}: must be 0x80 or above`)
  }
  return chunk(other.vendor, other.type, other.value)
}
