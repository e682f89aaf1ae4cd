/** Reading pcap files: what pcap-parser gives, and what it would not survive. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { UsageError } from '../../../src/base/errors.js'
import { type CapturedPacket, DamagedCapture, readCapture } from '../../../src/cli/capture/file.js'
import { pcapFile } from '../../support/pcap.js'
import { tempDir } from '../../support/tmp.js'

function fileWith(t: TestContext, bytes: Buffer): string {
  const path = join(tempDir(t), 'in.pcap')
  writeFileSync(path, bytes)
  return path
}

async function readAll(path: string): Promise<{ packets: CapturedPacket[]; error: unknown }> {
  const packets: CapturedPacket[] = []
  try {
    for await (const packet of readCapture(path)) packets.push(packet)
    return { packets, error: undefined }
  } catch (error) {
    return { packets, error }
  }
}

const two = [
  { micros: 1_767_323_045_123_456, bytes: Buffer.from('first') },
  { micros: 1_767_323_046_000_001, bytes: Buffer.from('second'), originalLength: 100 },
]

for (const bigEndian of [false, true]) {
  test(`packets come with time, link type and bytes (${bigEndian ? 'big' : 'little'} endian)`, async (t) => {
    const { packets, error } = await readAll(fileWith(t, pcapFile(two, { bigEndian, linkType: 113 })))
    assert.equal(error, undefined)
    assert.deepEqual(
      packets.map(({ bytes, ...rest }) => ({ ...rest, text: bytes.toString() })),
      [
        { micros: 1_767_323_045_123_456, linkType: 113, cut: false, text: 'first' },
        { micros: 1_767_323_046_000_001, linkType: 113, cut: true, text: 'second' },
      ],
    )
  })
}

test('a file larger than one read is read whole, and in order', async (t) => {
  const many = Array.from({ length: 2000 }, (_, i) => ({ micros: i, bytes: Buffer.alloc(500, i & 0xff) }))
  const { packets, error } = await readAll(fileWith(t, pcapFile(many)))
  assert.equal(error, undefined)
  assert.deepEqual(
    packets.map(({ micros }) => micros),
    many.map(({ micros }) => micros),
  )
  assert.ok(packets.every(({ bytes, micros }) => bytes.length === 500 && bytes.every((b) => b === (micros & 0xff))))
})

test('the link type is read without the length of a frame check sequence', async (t) => {
  const { packets } = await readAll(fileWith(t, pcapFile(two, { linkType: 0x24000001 })))
  assert.equal(packets[0]?.linkType, 1)
})

test('a file without packets is fine', async (t) => {
  assert.deepEqual(await readAll(fileWith(t, pcapFile([]))), { packets: [], error: undefined })
})

for (const [name, bytes, says] of [
  ['pcapng', Buffer.from('0a0d0d0a1c0000004d3c2b1a', 'hex'), /pcapng.*editcap -F pcap/],
  ['nanoseconds', Buffer.from('4d3cb2a102000400', 'hex'), /nanoseconds.*editcap -F pcap/],
  ['nanoseconds, big endian', Buffer.from('a1b23c4d00020004', 'hex'), /nanoseconds.*editcap -F pcap/],
  ['gzip', gzipSync(pcapFile(two)), /compressed.*gunzip/],
  ['text', Buffer.from('INVITE sip:a SIP/2.0\r\n'), /not a pcap file/],
  ['a pcap header cut short', pcapFile([]).subarray(0, 20), /not a pcap file/],
  ['another version', Buffer.concat([pcapFile([]).subarray(0, 4), Buffer.alloc(20, 9)]), /version/],
  ['nothing', Buffer.alloc(0), /is empty/],
] as const) {
  test(`${name} is refused with what to do`, async (t) => {
    const { packets, error } = await readAll(fileWith(t, bytes))
    assert.deepEqual(packets, [])
    assert.ok(error instanceof UsageError, String(error))
    assert.match(error.message, says)
  })
}

test('a file that is not there, and a directory, are refused', async (t) => {
  const dir = tempDir(t)
  for (const path of [join(dir, 'none.pcap'), dir]) {
    const { error } = await readAll(path)
    assert.ok(error instanceof UsageError, String(error))
    assert.match(error.message, /cannot read .*(ENOENT|EISDIR)/)
  }
})

for (const [name, cutBytes] of [
  ['in a packet', 3],
  ['in the head of a packet', 6 + 4],
] as const) {
  test(`a file that ends ${name} gives what came before, and says so`, async (t) => {
    const whole = pcapFile(two)
    const { packets, error } = await readAll(fileWith(t, whole.subarray(0, whole.length - cutBytes)))
    assert.equal(packets.length, 1)
    assert.ok(error instanceof DamagedCapture, String(error))
    assert.match(error.message, /ends in the middle of packet 2$/)
  })
}

test('a length gone wrong ends the reading there instead of filling the memory', async (t) => {
  const bytes = pcapFile(two)
  bytes.writeUInt32LE(0xfffffff0, 24 + 16 + 5 + 8)
  const { packets, error } = await readAll(fileWith(t, bytes))
  assert.ok(error instanceof DamagedCapture, String(error))
  assert.match(error.message, /damaged from packet 2 on/)
  assert.equal(packets.length, 1)
})

test('reading prints no deprecation warning of the parser', (t) => {
  const path = fileWith(t, pcapFile(Array.from({ length: 300 }, (_, i) => ({ micros: i, bytes: Buffer.alloc(1000) }))))
  const script = `
    const { readCapture } = await import(${JSON.stringify(new URL('../../../src/cli/capture/file.js', import.meta.url).href)})
    let count = 0
    for await (const packet of readCapture(${JSON.stringify(path)})) count++
    console.log(count)`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  assert.equal(output.toString(), '300\n')
})
