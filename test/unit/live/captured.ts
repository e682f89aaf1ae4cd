/** Reads pcapng files and the frames in them, by the specifications and apart from the code that writes them. */
import assert from 'node:assert/strict'
import { inetText } from '../../../src/base/inet.js'

export interface Block {
  readonly type: number
  readonly body: Buffer
}

export interface ReadPacket {
  readonly interfaceId: number
  readonly micros: number
  readonly bytes: Buffer
  readonly comments: readonly string[]
  /** 1 in, 2 out */
  readonly flags: number | undefined
}

export interface ReadFrame {
  readonly source: string
  readonly destination: string
  readonly protocol: 'tcp' | 'udp'
  readonly sequence: number
  readonly acknowledged: number
  /** letters of FIN, SYN, RST, PSH, ACK: `SA` */
  readonly flags: string
  readonly payload: Buffer
}

/** Whole blocks only; both lengths of each agree. */
export function readBlocks(file: Buffer): Block[] {
  const blocks: Block[] = []
  for (let at = 0; at < file.length; ) {
    const length = file.readUInt32LE(at + 4)
    assert.ok(length >= 12 && length % 4 === 0 && at + length <= file.length, `block of ${length} octets`)
    assert.equal(file.readUInt32LE(at + length - 4), length)
    blocks.push({ type: file.readUInt32LE(at), body: file.subarray(at + 8, at + length - 4) })
    at += length
  }
  return blocks
}

export function readPackets(file: Buffer): ReadPacket[] {
  return readBlocks(file)
    .filter(({ type }) => type === 6)
    .map(({ body }) => {
      const length = body.readUInt32LE(12)
      assert.equal(body.readUInt32LE(16), length)
      const options = readOptions(body.subarray(20 + Math.ceil(length / 4) * 4))
      return {
        interfaceId: body.readUInt32LE(0),
        micros: body.readUInt32LE(4) * 2 ** 32 + body.readUInt32LE(8),
        bytes: body.subarray(20, 20 + length),
        comments: options.filter(({ code }) => code === 1).map(({ value }) => value.toString()),
        flags: options.find(({ code }) => code === 2)?.value.readUInt32LE(0),
      }
    })
}

function readOptions(bytes: Buffer): { code: number; value: Buffer }[] {
  const options: { code: number; value: Buffer }[] = []
  for (let at = 0; at < bytes.length; ) {
    const code = bytes.readUInt16LE(at)
    const length = bytes.readUInt16LE(at + 2)
    if (code !== 0) options.push({ code, value: bytes.subarray(at + 4, at + 4 + length) })
    at += 4 + Math.ceil(length / 4) * 4
  }
  return options
}

/** Checks every length and checksum on its way. */
export function readFrame(frame: Buffer): ReadFrame {
  assert.equal(frame[6]! & 0x03, 0x02, 'the source is a locally administered unicast address')
  const version = frame[14]! >> 4
  assert.equal(frame.readUInt16BE(12), version === 4 ? 0x0800 : 0x86dd)
  const size = version === 4 ? 4 : 16
  const addresses = version === 4 ? 26 : 22
  const transport = addresses + 2 * size
  if (version === 4) {
    assert.equal(onesSum(frame.subarray(14, transport)), 0xffff, 'checksum of the IPv4 header')
    assert.equal(frame.readUInt16BE(16), frame.length - 14)
  } else {
    assert.equal(frame.readUInt16BE(18), frame.length - transport)
  }
  const isTcp = frame[version === 4 ? 23 : 20] === 6
  const segment = frame.subarray(transport)
  const pseudo = Buffer.concat([frame.subarray(addresses, transport), Buffer.alloc(4)])
  pseudo.writeUInt16BE(segment.length, pseudo.length - 4)
  pseudo[pseudo.length - 1] = isTcp ? 6 : 17
  assert.equal(onesSum(Buffer.concat([pseudo, segment])), 0xffff, 'checksum of the segment')
  if (!isTcp) assert.equal(segment.readUInt16BE(4), segment.length)
  const ip = (at: number) => inetText(frame, at, size)
  return {
    source: `${ip(addresses)} ${segment.readUInt16BE(0)}`,
    destination: `${ip(addresses + size)} ${segment.readUInt16BE(2)}`,
    protocol: isTcp ? 'tcp' : 'udp',
    sequence: isTcp ? segment.readUInt32BE(4) : 0,
    acknowledged: isTcp ? segment.readUInt32BE(8) : 0,
    flags: isTcp ? [...'FSRPA'].filter((_, bit) => segment[13]! & (1 << bit)).join('') : '',
    payload: segment.subarray(isTcp ? 20 : 8),
  }
}

/** What each end of a TCP conversation sent, as a receiver puts it together: nothing missing, nothing twice. */
export function readStreams(frames: readonly Buffer[]): Map<string, Buffer> {
  const sent = new Map<string, { next: number; parts: Buffer[] }>()
  for (const bytes of frames) {
    const { source, destination, sequence, acknowledged, flags, payload } = readFrame(bytes)
    if (flags.includes('S')) sent.set(source, { next: sequence, parts: [] })
    const from = sent.get(source)
    assert.ok(from, 'a SYN comes first')
    assert.equal(sequence, from.next, 'every segment begins where the one before ended')
    from.next = (from.next + payload.length + (/[SF]/.test(flags) ? 1 : 0)) % 2 ** 32
    from.parts.push(payload)
    if (!flags.includes('A')) continue
    assert.equal(acknowledged, sent.get(destination)?.next, 'what has come is acknowledged, and no more')
  }
  return new Map([...sent].map(([source, { parts }]) => [source, Buffer.concat(parts)]))
}

/** RFC 1071, octet by octet. */
function onesSum(bytes: Buffer): number {
  let sum = 0
  for (const [i, octet] of bytes.entries()) {
    sum += i % 2 === 0 ? octet * 256 : octet
    if (sum > 0xffff) sum -= 0xffff
  }
  return sum
}
