import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  encodeHep,
  encodePacket,
  type HepLeg,
  hepHead,
  hepSize,
  hepTail,
  maxHepBytes,
  payloadRoom,
} from '../../../src/hep/encode.js'
import type { HepPacket } from '../../../src/hep/packet.js'
import { chunk, hex, ipv4Head, packet } from './octets.js'

const leg: HepLeg = {
  source: { ip: '192.0.2.1', port: 50412 },
  destination: { ip: '198.51.100.7', port: 5061 },
  protocol: 22,
  type: 1,
  captureId: 2001,
}
const unixMicros = 1_700_000_000_000_042
const none = Buffer.alloc(0)

/** One packet, written into the middle of a target that shows what was not written. */
function encoded(head: Buffer, tail: Buffer, correlation: Buffer, payload: Buffer, micros = unixMicros): Buffer {
  const size = hepSize(head, tail, correlation.length, payload.length)
  const target = Buffer.alloc(size + 20, 0xee)
  const end = encodeHep(target, 10, head, tail, micros, correlation, 0, correlation.length, payload, 0, payload.length)
  assert.equal(end, 10 + size, 'hepSize and what was written differ')
  assert.deepEqual([...target.subarray(0, 10), ...target.subarray(end)], Array(20).fill(0xee), 'wrote outside')
  return target.subarray(10, end)
}

const example: HepPacket = {
  ...leg,
  family: 2,
  seconds: 1_700_000_000,
  micros: 42,
  payload: Buffer.from('x'),
  other: [],
}

describe('encodeHep', () => {
  test('writes head, correlation id, tail and payload in this order', () => {
    const tail = hepTail({ authKey: 'key', nodeName: 'gw1', extraCorrelation: '{"net":"7"}' })
    assert.deepEqual(
      encoded(hepHead(leg), tail, Buffer.from('a@b'), Buffer.from('OPTIONS …')),
      packet([
        ...ipv4Head,
        chunk(0x11, 'a@b'),
        chunk(0x0e, 'key'),
        chunk(0x13, 'gw1'),
        chunk(0x65, '{"net":"7"}'),
        chunk(0x0f, Buffer.from('OPTIONS …')),
      ]),
    )
  })

  test('takes correlation id and payload out of the middle of buffers', () => {
    const buf = Buffer.from('..Call-ID: a@b..')
    const target = Buffer.alloc(200)
    const end = encodeHep(target, 0, hepHead(leg), none, unixMicros, buf, 11, 14, buf, 2, 14)
    assert.deepEqual(
      target.subarray(0, end),
      packet([...ipv4Head, chunk(0x11, 'a@b'), chunk(0x0f, Buffer.from('Call-ID: a@b'))]),
    )
  })

  test('leaves out an empty correlation id, never the payload', () => {
    assert.deepEqual(encoded(hepHead(leg), none, none, none), packet([...ipv4Head, chunk(0x0f, none)]))
  })

  test('counts octets, not characters, and carries any octets', () => {
    const binary = Buffer.from([...Array(256).keys()])
    const tail = hepTail({ nodeName: 'Ø€' })
    assert.deepEqual(tail, chunk(0x13, Buffer.from('Ø€')))
    assert.equal(tail.length, 6 + 5)
    assert.deepEqual(
      encoded(hepHead(leg), tail, Buffer.from('€'), binary),
      packet([...ipv4Head, chunk(0x11, Buffer.from('€')), tail, chunk(0x0f, binary)]),
    )
  })

  for (const [micros, seconds, offset] of [
    [0, '00000000', '00000000'],
    [1_700_000_000_999_999, '6553f100', '000f423f'],
    [1_700_000_001_000_000, '6553f101', '00000000'],
    [4_294_967_295_999_999, 'ffffffff', '000f423f'],
  ] as const) {
    test(`${micros} µs are split into seconds and an offset below a million`, () => {
      const bytes = encoded(hepHead(leg), none, none, none, micros)
      assert.equal(bytes.indexOf(hex(`0000 0009 000a ${seconds} 0000 000a 000a ${offset}`)), 56)
    })
  }

  test('fills a packet to the last octet, and refuses one more', () => {
    const head = hepHead(leg)
    const tail = hepTail({ nodeName: 'gw1' })
    const room = payloadRoom(head, tail, 3)
    const bytes = encoded(head, tail, Buffer.from('a@b'), Buffer.alloc(room, 'x'))
    assert.equal(bytes.length, maxHepBytes)
    assert.equal(bytes.readUInt16BE(4), 65507)
    assert.throws(() => encoded(head, tail, Buffer.from('a@b'), Buffer.alloc(room + 1)), RangeError)
  })

  test('a total length that would wrap 16 bits is refused', () => {
    assert.throws(() => encodePacket({ ...example, payload: Buffer.alloc(65_600) }), RangeError)
    assert.throws(() => encodePacket({ ...example, nodeName: 'n'.repeat(65_536) }), RangeError)
  })
})

describe('hepHead', () => {
  test('writes IPv6 as family 10', () => {
    const head = hepHead({
      ...leg,
      source: { ip: '2001:db8::1', port: 1 },
      destination: { ip: 'fe80::2%eth0', port: 65535 },
    })
    assert.deepEqual(
      encoded(head, none, none, none),
      packet([
        hex('0000 0001 0007 0a'),
        ipv4Head[1],
        hex('0000 0005 0016 20010db8000000000000000000000001'),
        hex('0000 0006 0016 fe800000000000000000000000000002'),
        hex('0000 0007 0008 0001'),
        hex('0000 0008 0008 ffff'),
        ...ipv4Head.slice(6),
        chunk(0x0f, none),
      ]),
    )
  })

  test('writes IPv4-mapped addresses as IPv4', () => {
    const head = hepHead({
      ...leg,
      source: { ip: '::ffff:192.0.2.1', port: 50412 },
      destination: { ip: '::ffff:198.51.100.7', port: 5061 },
    })
    assert.deepEqual(head, hepHead(leg))
  })

  test('writes IPv4 beside IPv6 as mapped, so that both are of one family', () => {
    const head = hepHead({ ...leg, destination: { ip: '2001:db8::1', port: 5061 } })
    assert.equal(head[12], 10)
    assert.notEqual(head.indexOf(hex('0000 0005 0016 00000000000000000000ffffc0000201 0000 0006 0016 2001')), -1)
  })

  test('refuses numbers that do not fit and text that is no address', () => {
    assert.throws(() => hepHead({ ...leg, protocol: 256 }), RangeError)
    assert.throws(() => hepHead({ ...leg, type: -1 }), RangeError)
    assert.throws(() => hepHead({ ...leg, captureId: 2 ** 32 }), RangeError)
    assert.throws(() => hepHead({ ...leg, source: { ip: '192.0.2.1', port: 65536 } }), RangeError)
    assert.throws(() => hepHead({ ...leg, source: { ip: 'sip.example.com', port: 1 } }), RangeError)
  })
})

describe('hepTail', () => {
  test('leaves out what is not given', () => {
    assert.equal(hepTail({}).length, 0)
    assert.deepEqual(hepTail({ extraCorrelation: '{}' }), chunk(0x65, '{}'))
  })
})

describe('encodePacket', () => {
  test('writes every field a packet can have', () => {
    assert.deepEqual(
      encodePacket({
        ...example,
        correlationId: Buffer.from('c'),
        nodeName: 'n',
        authKey: 'k',
        extraCorrelation: 'e',
        keepAliveSeconds: 30,
        vlan: 4094,
        other: [
          { vendor: 0, type: 0x20, value: hex('01a3') },
          { vendor: 3, type: 0x80, value: Buffer.from('v') },
        ],
      }),
      packet([
        ...ipv4Head,
        chunk(0x11, 'c'),
        chunk(0x0e, 'k'),
        chunk(0x13, 'n'),
        chunk(0x65, 'e'),
        chunk(0x0d, hex('001e')),
        chunk(0x12, hex('0ffe')),
        chunk(0x20, hex('01a3')),
        chunk(0x80, 'v', 3),
        chunk(0x0f, 'x'),
      ]),
    )
  })

  test("refuses vendors' chunks with types that collectors take for generic ones", () => {
    for (const type of [0x0001, 0x000b, 0x007f]) {
      assert.throws(() => encodePacket({ ...example, other: [{ vendor: 5, type, value: none }] }), RangeError)
    }
  })

  test('refuses microseconds that are no offset within a second', () => {
    for (const micros of [1_000_000, -1, 0.5, Number.NaN]) {
      assert.throws(() => encodePacket({ ...example, micros }), RangeError)
    }
  })
})
