import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type HepFault, HepStream } from '../../../src/hep/decode.js'
import { chunk, packet } from './octets.js'

/** The packets the stream makes of these reads, in hex, and what it said last. */
function packetsOf(reads: Iterable<Buffer>): { packets: string[]; fault: HepFault | undefined; incomplete: boolean } {
  const stream = new HepStream()
  const given: { buf: Buffer; start: number; end: number; text: string }[] = []
  let fault: HepFault | undefined
  for (const read of reads) {
    fault = stream.push(Buffer.from(read), (buf, start, end) => {
      given.push({ buf, start, end, text: buf.toString('hex', start, end) })
    })
  }
  for (const { buf, start, end, text } of given) {
    assert.equal(buf.toString('hex', start, end), text, 'a packet was written to after it was handed over')
  }
  return { packets: given.map(({ text }) => text), fault, incomplete: stream.incomplete }
}

/** All in one read, byte by byte and at every split: the same. */
function packetsAtEverySplit(bytes: Buffer): ReturnType<typeof packetsOf> {
  const whole = packetsOf([bytes])
  assert.deepEqual(packetsOf(Array.from(bytes, (byte) => Buffer.of(byte))), whole, 'byte by byte')
  for (let at = 1; at < bytes.length; at++) {
    assert.deepEqual(packetsOf([bytes.subarray(0, at), bytes.subarray(at)]), whole, `split at ${at}`)
  }
  return whole
}

const one = packet([chunk(0x0f, 'one')])
const two = packet([chunk(0x0f, Buffer.alloc(300, 'x')), chunk(0x11, 'HEP3')])
const header = packet([])

describe('HepStream', () => {
  test('finds every packet, however the bytes are split', () => {
    assert.deepEqual(packetsAtEverySplit(Buffer.concat([one, two, header, one])), {
      packets: [one, two, header, one].map((bytes) => bytes.toString('hex')),
      fault: undefined,
      incomplete: false,
    })
  })

  test('hands on packets that lie whole in a read in that very buffer', () => {
    const read = Buffer.concat([one, two])
    const places: unknown[] = []
    new HepStream().push(read, (buf, start, end) => places.push([buf === read, start, end]))
    assert.deepEqual(places, [
      [true, 0, one.length],
      [true, one.length, read.length],
    ])
  })

  test('keeps a packet that is not complete', () => {
    assert.deepEqual(packetsAtEverySplit(two.subarray(0, -1)), { packets: [], fault: undefined, incomplete: true })
  })

  test('takes a packet of 65535 octets', () => {
    const largest = packet([chunk(0x0f, Buffer.alloc(65535 - 12))])
    assert.equal(packetsOf([largest.subarray(0, 40_000), largest.subarray(40_000), one]).packets.length, 2)
  })

  test('bad magic is a fault at the first octet that shows it, and final', () => {
    const stream = new HepStream()
    const none = () => assert.fail('a packet')
    assert.equal(stream.push(Buffer.from('HE'), none), undefined)
    const fault = stream.push(Buffer.from('2'), none)
    assert.match(fault?.fault ?? '', /not HEP3/)
    assert.equal(stream.push(one, none), fault)
  })

  test('packets before a fault are handed on', () => {
    const { packets, fault } = packetsAtEverySplit(Buffer.concat([one, Buffer.from('INVITE')]))
    assert.deepEqual([packets.length, fault !== undefined], [1, true])
  })

  for (const total of [0, 1, 5]) {
    test(`a total length of ${total} is a fault`, () => {
      const { packets, fault } = packetsAtEverySplit(packet([], total))
      assert.deepEqual(packets, [])
      assert.match(fault?.fault ?? '', new RegExp(`says ${total} octets`))
    })
  }
})
