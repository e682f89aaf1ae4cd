import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { decodeHep, HepStream, isHepFault } from '../../src/hep/decode.js'
import { encodePacket } from '../../src/hep/encode.js'
import type { HepPacket, OtherChunk } from '../../src/hep/packet.js'
import { assertLinear } from '../support/linear.js'

const uint8 = fc.integer({ min: 0, max: 0xff })
const uint16 = fc.integer({ min: 0, max: 0xffff })
const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const octets = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes))
/** Any text, multi-byte characters among it; not lone surrogates, which no UTF-8 holds. */
const text = fc.string({ unit: 'grapheme', maxLength: 20 })

const ipv4 = fc.ipV4()
/** In the form RFC 5952 asks for, which is also how the URL standard writes it; IPv4-mapped ones become IPv4. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), uint16), { minLength: 8, maxLength: 8 })
  .filter((groups) => !(groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff))
  .map((groups) => new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]/`).hostname.slice(1, -1))

const other: fc.Arbitrary<OtherChunk> = fc.record(
  { vendor: uint16, type: fc.integer({ min: 0x80, max: 0xffff }), value: octets(20) },
  { noNullPrototype: true },
)

/** What the chunks that may be missing hold. */
const optional = {
  correlationId: octets(40).filter((bytes) => bytes.length > 0),
  nodeName: text,
  authKey: text,
  keepAliveSeconds: uint16,
  vlan: uint16,
  extraCorrelation: text,
}
const required = {
  protocol: uint8,
  seconds: uint32,
  micros: fc.integer({ min: 0, max: 999_999 }),
  type: uint8,
  captureId: uint32,
  payload: octets(200),
  other: fc.array(other, { maxLength: 3 }),
}

function packetOf(family: number, ip: fc.Arbitrary<string>): fc.Arbitrary<HepPacket> {
  const endpoint = fc.record({ ip, port: uint16 }, { noNullPrototype: true })
  const always = { ...required, family: fc.constant(family), source: endpoint, destination: endpoint }
  return fc.record(
    { ...always, ...optional },
    { requiredKeys: Object.keys(always) as (keyof typeof always)[], noNullPrototype: true },
  )
}

const packet = fc.oneof(packetOf(2, ipv4), packetOf(10, ipv6))

describe('any packet', () => {
  test('comes back from its octets as it was', () => {
    fc.assert(
      fc.property(packet, (original) => {
        assert.deepEqual(decodeHep(encodePacket(original)), original)
      }),
      { numRuns: 1000 },
    )
  })

  test('cut short or with octets behind it is a fault', () => {
    fc.assert(
      fc.property(packet, fc.nat(), octets(10), (original, at, behind) => {
        const bytes = encodePacket(original)
        assert.ok('fault' in decodeHep(bytes.subarray(0, at % bytes.length)))
        assert.equal('fault' in decodeHep(Buffer.concat([bytes, behind])), behind.length > 0)
      }),
      { numRuns: 500 },
    )
  })

  test('with octets changed is a packet or a fault, and every value lies within it', () => {
    fc.assert(
      fc.property(packet, fc.array(fc.tuple(fc.nat(), uint8), { minLength: 1, maxLength: 5 }), (original, changes) => {
        const bytes = encodePacket(original)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const result = decodeHep(bytes)
        if (isHepFault(result)) return
        const values = [result.payload, result.correlationId, ...result.other.map(({ value }) => value)]
        for (const value of values) assert.ok(value === undefined || value.length <= bytes.length - 12)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('any octets', () => {
  test('are a packet or a fault', () => {
    /** Random octets hardly ever get past the magic: give them the header, and chunk heads. */
    const chunkHead = fc
      .tuple(fc.constantFrom(0, 0, 3), uint8, fc.integer({ min: 0, max: 30 }))
      .map(([vendor, type, length]) => Buffer.from([0, vendor, 0, type, 0, length]))
    fc.assert(
      fc.property(fc.array(fc.oneof(octets(12), chunkHead), { maxLength: 12 }), fc.boolean(), (parts, withHeader) => {
        const body = Buffer.concat(parts)
        const bytes = withHeader ? Buffer.concat([Buffer.from('HEP3\0'), Buffer.of(body.length + 6), body]) : body
        const result = decodeHep(bytes)
        assert.ok(isHepFault(result) ? result.fault.length > 0 : result.payload.length <= bytes.length)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('any stream', () => {
  /** Pushes `bytes` cut at these offsets. */
  function framed(bytes: Buffer, cuts: readonly number[]): { packets: string[]; fault: boolean } {
    const stream = new HepStream()
    const packets: string[] = []
    const offsets = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
    let fault = false
    for (let i = 1; i < offsets.length; i++) {
      const read = Buffer.from(bytes.subarray(offsets[i - 1], offsets[i]))
      fault = stream.push(read, (buf, start, end) => packets.push(buf.toString('hex', start, end))) !== undefined
    }
    return { packets, fault }
  }

  test('of packets gives these packets, however it is split', () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 20 }), (packets, cuts) => {
        const each = packets.map(encodePacket)
        assert.deepEqual(framed(Buffer.concat(each), cuts), {
          packets: each.map((bytes) => bytes.toString('hex')),
          fault: false,
        })
      }),
      { numRuns: 300 },
    )
  })

  test('of anything gives packets or a fault, the same however it is split', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 3 }),
        octets(30),
        fc.array(fc.nat(), { maxLength: 20 }),
        (packets, garbage, cuts) => {
          const bytes = Buffer.concat([...packets.map(encodePacket), garbage])
          assert.deepEqual(framed(bytes, cuts), framed(bytes, []))
          assert.deepEqual(framed(bytes, [...bytes.keys()]), framed(bytes, []))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('time', () => {
  /** A packet of about this size. */
  const sized = (chunkBytes: number) => (size: number) => {
    const value = Buffer.alloc(chunkBytes - 6)
    return encodePacket({
      ...{ family: 2, protocol: 22, seconds: 0, micros: 0, type: 1, captureId: 1, payload: Buffer.alloc(0) },
      source: { ip: '192.0.2.1', port: 1 },
      destination: { ip: '192.0.2.2', port: 2 },
      other: Array.from({ length: Math.ceil(size / chunkBytes) }, () => ({ vendor: 0, type: 0x80, value })),
    })
  }

  for (const [what, packetOf] of [
    ['many empty chunks', sized(6)],
    ['one large chunk', (size: number) => sized(size)(size)],
  ] as const) {
    test(`decoding ${what} is linear`, () => {
      assertLinear((size) => {
        const bytes = packetOf(size)
        return () => {
          for (let i = 0; i < 20; i++) assert.ok(!isHepFault(decodeHep(bytes)))
        }
      }, 7000)
    })

    test(`finding it in a stream, byte by byte, is linear (${what})`, () => {
      assertLinear((size) => {
        const bytes = packetOf(size)
        return () => {
          const stream = new HepStream()
          let packets = 0
          for (let at = 0; at < bytes.length; at++) stream.push(bytes.subarray(at, at + 1), () => packets++)
          assert.equal(packets, 1)
        }
      }, 7000)
    })
  }
})
