/**
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian: plain data in, whole blocks out, one after the
 * other into the file. Knows nothing of packets but their bytes and times, keeps nothing and opens nothing.
 *
 *     | type | total length | body, padded to 32 bits | options | total length |
 */
import { isIPv6 } from 'node:net'
import { inetBytes } from '../../base/inet.js'

/** §4.1 to §4.7 */
const blockTypes = {
  section: 0x0a0d0d0a,
  interface: 0x00000001,
  nameResolution: 0x00000004,
  enhancedPacket: 0x00000006,
  decryptionSecrets: 0x0000000a,
} as const

/** §3.5, and those of each block. The same number means different things in different blocks. */
const optionCodes = {
  endOfOptions: 0,
  comment: 1,
  section: { hardware: 2, os: 3, application: 4 },
  interface: { name: 2, description: 3, timeResolution: 9 },
  packet: { flags: 2 },
} as const

const nameRecords = { end: 0, ipv4: 1, ipv6: 2 } as const

const byteOrderMagic = 0x1a2b3c4d
/** LINKTYPE_ETHERNET */
const ethernet = 1
/** times count 10^-6 s */
const microseconds = Buffer.from([6])
/** `TLSK`: lines of an NSS key log */
const tlsKeyLog = 0x544c534b
/** §4.3.1, bits 0 and 1 */
const directionFlags = { in: 1, out: 2 } as const
/** §3.5: the length of an option has 16 bits */
const maxOptionBytes = 0xffff

export interface CapturedPacket {
  /** number of its Interface Description Block, counted from 0 within the file */
  readonly interfaceId: number
  /** Unix time in µs */
  readonly micros: number
  readonly bytes: Buffer
  /** as the interface saw it; undefined: nobody knows */
  readonly direction: 'in' | 'out' | undefined
  readonly comments: readonly string[]
}

export interface ResolvedName {
  readonly ip: string
  readonly names: readonly string[]
}

/** §4.1, the first block of a file. */
export function sectionHeader(about: { hardware: string; os: string; application: string }): Buffer {
  const body = Buffer.alloc(16)
  body.writeUInt32LE(byteOrderMagic, 0)
  body.writeUInt16LE(1, 4) // version 1.0
  body.writeBigInt64LE(-1n, 8) // length of the section: not known before its end
  const codes = optionCodes.section
  return block(blockTypes.section, [
    body,
    ...textOption(codes.hardware, about.hardware),
    ...textOption(codes.os, about.os),
    ...textOption(codes.application, about.application),
    endOfOptions,
  ])
}

/** §4.2 */
export function interfaceDescription(name: string, description: string): Buffer {
  const body = Buffer.alloc(8) // snap length 0: packets are whole
  body.writeUInt16LE(ethernet, 0)
  const codes = optionCodes.interface
  return block(blockTypes.interface, [
    body,
    ...textOption(codes.name, name),
    ...textOption(codes.description, description),
    ...option(codes.timeResolution, microseconds),
    endOfOptions,
  ])
}

/** §4.3 */
export function enhancedPacket(packet: CapturedPacket): Buffer {
  const { bytes, micros, direction, comments } = packet
  const body = Buffer.alloc(20)
  body.writeUInt32LE(packet.interfaceId, 0)
  body.writeUInt32LE(Math.floor(micros / 2 ** 32), 4)
  body.writeUInt32LE(micros % 2 ** 32, 8)
  body.writeUInt32LE(bytes.length, 12) // captured
  body.writeUInt32LE(bytes.length, 16) // on the wire
  const parts = [body, bytes, padding(bytes.length)]
  for (const comment of comments) parts.push(...textOption(optionCodes.comment, comment))
  if (direction !== undefined) parts.push(...option(optionCodes.packet.flags, uint32(directionFlags[direction])))
  if (parts.length > 3) parts.push(endOfOptions)
  return block(blockTypes.enhancedPacket, parts)
}

/** §4.5: what addresses are called, so that a reader may show it without asking a name server. */
export function nameResolution(resolved: readonly ResolvedName[]): Buffer {
  const parts: Buffer[] = []
  for (const { ip, names } of resolved) {
    // A name ends with a zero octet, so it cannot have one.
    const value = Buffer.concat([inetBytes(ip), ...names.map((name) => Buffer.from(`${name.replaceAll('\0', '')}\0`))])
    parts.push(...option(isIPv6(ip) ? nameRecords.ipv6 : nameRecords.ipv4, value))
  }
  return block(blockTypes.nameResolution, [...parts, ...option(nameRecords.end, empty)])
}

/** §4.7: SECRET. Lines of an NSS key log, for whoever merges this file with a capture of the encrypted connection. */
export function decryptionSecrets(keylog: readonly string[]): Buffer {
  const lines = Buffer.from(keylog.map((line) => `${line}\n`).join(''))
  return block(blockTypes.decryptionSecrets, [uint32(tlsKeyLog), uint32(lines.length), lines, padding(lines.length)])
}

const empty = Buffer.alloc(0)
const endOfOptions = Buffer.alloc(4)

function block(type: number, parts: readonly Buffer[]): Buffer {
  const bytes = 12 + parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([uint32(type), uint32(bytes), ...parts, uint32(bytes)], bytes)
}

function textOption(code: number, text: string): Buffer[] {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxOptionBytes) return option(code, bytes)
  let end = maxOptionBytes
  while ((bytes[end]! & 0xc0) === 0x80) end-- // 10xxxxxx: inside a character
  return option(code, bytes.subarray(0, end))
}

function option(code: number, value: Buffer): Buffer[] {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(code, 0)
  head.writeUInt16LE(value.length, 2)
  return [head, value, padding(value.length)]
}

function padding(length: number): Buffer {
  return endOfOptions.subarray(0, -length & 3)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
