/**
 * Reads HEP v3: one packet from a datagram, or packet after packet from a stream. Any bytes give
 * packets or a fault, in linear time; nothing throws. It trusts no length it has not checked, and
 * judges no payload.
 */
import type { Endpoint } from '../base/address.js'
import { inet4Text, inet6Text } from '../base/inet.js'
import { type ChunkEntry, chunkEntry, chunkHeadBytes, chunks, headerBytes, kindBytes, magic } from './chunks.js'
import type { HepPacket, OtherChunk } from './packet.js'

/** The bytes are not HEP v3; on a stream there is no way to find the next packet. */
export interface HepFault {
  /** one sentence for a person */
  readonly fault: string
}

export function isHepFault(result: HepPacket | HepFault): result is HepFault {
  return 'fault' in result
}

const empty: Buffer = Buffer.alloc(0)

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** What the chunks said so far; a chunk that comes twice counts as it came last. */
interface Draft extends Mutable<HepPacket> {
  readonly source: Mutable<Endpoint>
  readonly destination: Mutable<Endpoint>
  readonly other: OtherChunk[]
}

/** In `family` and `type` until their chunk came; addresses are empty until then. */
const absent = -1

/**
 * The packet that fills buf[start, end). Payload, correlation id and other values are views of `buf`.
 * Chunks may be missing as long as the packet says what it is: family, addresses and protocol type
 * must be there, other numbers are then 0 and the payload is empty.
 */
export function decodeHep(buf: Buffer, start = 0, end = buf.length): HepPacket | HepFault {
  const bytes = end - start
  if (bytes < headerBytes) return { fault: `${bytes} octets are less than a HEP header` }
  const fault = headerFault(buf, start, headerBytes)
  if (fault !== undefined) return fault
  const total = totalLength(buf, start)
  if (total !== bytes) return { fault: `the total length says ${total} octets, there are ${bytes}` }

  const draft = newDraft()
  let at = start + headerBytes
  while (at < end) {
    if (end - at < chunkHeadBytes) return { fault: `${end - at} octets are less than a chunk` }
    const vendor = buf.readUInt16BE(at)
    const type = buf.readUInt16BE(at + 2)
    const length = buf.readUInt16BE(at + 4)
    if (length < chunkHeadBytes) return { fault: `chunk ${chunkText(vendor, type)} has a length of ${length}` }
    if (length > end - at) return { fault: `chunk ${chunkText(vendor, type)} is longer than the packet` }
    const valueStart = at + chunkHeadBytes
    at += length
    if (vendor !== 0) {
      draft.other.push({ vendor, type, value: buf.subarray(valueStart, at) })
      continue
    }
    const entry = chunkEntry(type)
    const fixed = entry === undefined ? 0 : kindBytes[entry.kind]
    if (fixed !== 0 && at - valueStart !== fixed) {
      return { fault: `chunk ${chunkText(0, type)} has ${at - valueStart} octets, not ${fixed}` }
    }
    readChunk(draft, type, buf, valueStart, at)
  }
  const missing = missingChunk(draft)
  return missing === undefined ? draft : { fault: `chunk ${chunkText(0, missing.type)} (${missing.name}) is missing` }
}

/** One packet: buf[start, end). */
export type OnPacket = (buf: Buffer, start: number, end: number) => void

/**
 * Finds the packets in a HEP stream (TCP, TLS): octets 4 and 5 of each say how long it is. Holds at
 * most one incomplete packet.
 */
export class HepStream {
  private readonly header = Buffer.alloc(headerBytes)
  /** the packet that did not come whole, as soon as its length is known */
  private held: Buffer | undefined
  /** bytes in `header`, or in `held` once that is there */
  private heldBytes = 0
  private fault: HepFault | undefined

  /** True while part of a packet is held. */
  get incomplete(): boolean {
    return this.heldBytes > 0 && this.fault === undefined
  }

  /**
   * Calls `onPacket` for each packet these bytes complete: buf[start, end), which the stream never writes to
   * again. A fault is final: later calls return it again and do nothing.
   */
  push(chunk: Buffer, onPacket: OnPacket): HepFault | undefined {
    let at = 0
    while (at < chunk.length && this.fault === undefined) {
      at = this.heldBytes > 0 ? this.fill(chunk, at, onPacket) : this.take(chunk, at, onPacket)
    }
    return this.fault
  }

  /** At the start of a packet: hands on one that is whole, keeps one that is not. Returns the offset behind what it took. */
  private take(chunk: Buffer, at: number, onPacket: OnPacket): number {
    if (chunk.length - at < headerBytes) return this.fill(chunk, at, onPacket)
    this.fault = headerFault(chunk, at, headerBytes)
    if (this.fault !== undefined) return chunk.length
    const end = at + totalLength(chunk, at)
    if (end > chunk.length) return this.fill(chunk, at, onPacket)
    onPacket(chunk, at, end)
    return end
  }

  /** Adds to the packet that is held, up to the end of its header or its own. Returns the offset behind what it took. */
  private fill(chunk: Buffer, at: number, onPacket: OnPacket): number {
    const target = this.held ?? this.header
    const taken = chunk.copy(target, this.heldBytes, at)
    this.heldBytes += taken
    if (target === this.header) {
      this.fault = headerFault(target, 0, this.heldBytes)
      if (this.fault !== undefined || this.heldBytes < headerBytes) return at + taken
      this.held = Buffer.allocUnsafe(totalLength(target, 0))
      target.copy(this.held)
    }
    if (this.held !== undefined && this.heldBytes === this.held.length) {
      const packet = this.held
      this.held = undefined
      this.heldBytes = 0
      onPacket(packet, 0, packet.length)
    }
    return at + taken
  }
}

/** What is wrong with the first `bytes` (at most 6) octets of a packet, known as soon as they prove it. */
function headerFault(buf: Buffer, at: number, bytes: number): HepFault | undefined {
  for (let i = 0; i < magic.length && i < bytes; i++) if (buf[at + i] !== magic[i]) return noMagic
  if (bytes < headerBytes || totalLength(buf, at) >= headerBytes) return undefined
  return { fault: `the total length says ${totalLength(buf, at)} octets, the header alone has ${headerBytes}` }
}

const noMagic: HepFault = { fault: 'the first octets are not HEP3' }

function totalLength(buf: Buffer, at: number): number {
  return buf.readUInt16BE(at + magic.length)
}

function newDraft(): Draft {
  return {
    family: absent,
    protocol: 0,
    source: { ip: '', port: 0 },
    destination: { ip: '', port: 0 },
    seconds: 0,
    micros: 0,
    type: absent,
    captureId: 0,
    payload: empty,
    other: [],
  }
}

/** One chunk of vendor 0 whose length is right. */
function readChunk(draft: Draft, type: number, buf: Buffer, start: number, end: number): void {
  switch (type) {
    case chunks.family.type:
      draft.family = buf[start]
      break
    case chunks.protocol.type:
      draft.protocol = buf[start]
      break
    case chunks.source4.type:
      draft.source.ip = inet4Text(buf, start)
      break
    case chunks.destination4.type:
      draft.destination.ip = inet4Text(buf, start)
      break
    case chunks.source6.type:
      draft.source.ip = inet6Text(buf, start)
      break
    case chunks.destination6.type:
      draft.destination.ip = inet6Text(buf, start)
      break
    case chunks.sourcePort.type:
      draft.source.port = buf.readUInt16BE(start)
      break
    case chunks.destinationPort.type:
      draft.destination.port = buf.readUInt16BE(start)
      break
    case chunks.seconds.type:
      draft.seconds = buf.readUInt32BE(start)
      break
    case chunks.micros.type:
      draft.micros = buf.readUInt32BE(start)
      break
    case chunks.protocolType.type:
      draft.type = buf[start]
      break
    case chunks.captureId.type:
      draft.captureId = buf.readUInt32BE(start)
      break
    case chunks.keepAlive.type:
      draft.keepAliveSeconds = buf.readUInt16BE(start)
      break
    case chunks.authKey.type:
      draft.authKey = buf.toString('utf8', start, end)
      break
    case chunks.payload.type:
      draft.payload = buf.subarray(start, end)
      break
    case chunks.correlationId.type:
      draft.correlationId = buf.subarray(start, end)
      break
    case chunks.vlan.type:
      draft.vlan = buf.readUInt16BE(start)
      break
    case chunks.nodeName.type:
      draft.nodeName = buf.toString('utf8', start, end)
      break
    case chunks.extraCorrelation.type:
      draft.extraCorrelation = buf.toString('utf8', start, end)
      break
    default:
      draft.other.push({ vendor: 0, type, value: buf.subarray(start, end) })
  }
}

/** The chunk without which a packet does not say what it is. */
function missingChunk(draft: Draft): ChunkEntry | undefined {
  if (draft.family === absent) return chunks.family
  if (draft.source.ip === '') return chunks.source4
  if (draft.destination.ip === '') return chunks.destination4
  return draft.type === absent ? chunks.protocolType : undefined
}

function chunkText(vendor: number, type: number): string {
  const hex = `0x${type.toString(16).padStart(4, '0')}`
  return vendor === 0 ? hex : `${hex} of vendor ${vendor}`
}
