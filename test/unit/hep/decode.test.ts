import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chunks, ipProtocolName, kindBytes, protocolTypeName } from '../../../src/hep/chunks.js'
import { decodeHep, isHepFault } from '../../../src/hep/decode.js'
import type { HepPacket } from '../../../src/hep/packet.js'
import { chunk, hex, ipv4Head, packet } from './octets.js'

function decoded(bytes: Buffer, start?: number, end?: number): HepPacket {
  const result = decodeHep(bytes, start, end)
  assert.ok(!isHepFault(result), `fault: ${JSON.stringify(result)}`)
  return result
}

function faultOf(bytes: Buffer): string {
  const result = decodeHep(bytes)
  assert.ok(isHepFault(result), 'decoded')
  return result.fault
}

const bare: HepPacket = {
  family: 2,
  protocol: 22,
  source: { ip: '192.0.2.1', port: 50412 },
  destination: { ip: '198.51.100.7', port: 5061 },
  seconds: 1_700_000_000,
  micros: 42,
  type: 1,
  captureId: 2001,
  payload: Buffer.alloc(0),
  other: [],
}

describe('decodeHep', () => {
  test('reads every field', () => {
    const bytes = packet([
      ...ipv4Head,
      chunk(0x0d, hex('001e')),
      chunk(0x0e, 'kéy'),
      chunk(0x0f, hex('00ff80')),
      chunk(0x11, 'a@b'),
      chunk(0x12, hex('0ffe')),
      chunk(0x13, 'gw1'),
      chunk(0x65, '{"net":"7"}'),
    ])
    assert.deepEqual(decoded(bytes), {
      ...bare,
      keepAliveSeconds: 30,
      authKey: 'kéy',
      payload: hex('00ff80'),
      correlationId: Buffer.from('a@b'),
      vlan: 4094,
      nodeName: 'gw1',
      extraCorrelation: '{"net":"7"}',
    })
  })

  test('reads IPv6', () => {
    const bytes = packet([
      hex('0000 0001 0007 0a'),
      hex('0000 0005 0016 20010db8000000000000000000000001'),
      hex('0000 0006 0016 00000000000000000000ffffc0000201'),
      chunk(0x0b, hex('64')),
    ])
    const { family, source, destination } = decoded(bytes)
    assert.deepEqual([family, source.ip, destination.ip], [10, '2001:db8::1', '192.0.2.1'])
  })

  test('takes chunks in any order, and the last of several', () => {
    assert.deepEqual(
      decoded(packet([chunk(0x0b, hex('59')), ...ipv4Head.toReversed(), chunk(0x0c, hex('00000009'))])),
      {
        ...bare,
        captureId: 9,
      },
    )
  })

  test('reads a packet that lies in the middle of a buffer', () => {
    const bytes = packet([...ipv4Head, chunk(0x0f, 'OPTIONS')])
    const buf = Buffer.concat([Buffer.from('..'), bytes, Buffer.from('..')])
    assert.deepEqual(decoded(buf, 2, 2 + bytes.length), { ...bare, payload: Buffer.from('OPTIONS') })
  })

  test("keeps vendors' chunks apart from the generic ones of the same type, and those nobody knows", () => {
    const other = [
      { vendor: 5, type: 0x0b, value: hex('00') },
      { vendor: 0, type: 0x20, value: hex('01a3') },
      { vendor: 0, type: 0x7777, value: Buffer.alloc(0) },
      { vendor: 8, type: 0x80, value: Buffer.from('x') },
    ]
    const bytes = packet([...ipv4Head, ...other.map(({ vendor, type, value }) => chunk(type, value, vendor))])
    assert.deepEqual(decoded(bytes), { ...bare, other })
  })

  test('numbers that are missing are 0', () => {
    const { seconds, micros, captureId, protocol, source, payload } = decoded(
      packet([ipv4Head[0], ipv4Head[2], ipv4Head[3], ipv4Head[8]]),
    )
    assert.deepEqual([seconds, micros, captureId, protocol, source.port, payload.length], [0, 0, 0, 0, 0, 0])
  })

  for (const [index, name] of [
    [0, 'family'],
    [2, 'source address'],
    [3, 'destination address'],
    [8, 'protocol type'],
  ] as const) {
    test(`without ${name} it is a fault`, () => {
      assert.match(faultOf(packet(ipv4Head.toSpliced(index, 1))), new RegExp(`${name}.* is missing`))
    })
  }

  for (const [name, entry] of Object.entries(chunks)) {
    const fixed = kindBytes[entry.kind]
    if (fixed === 0) continue
    test(`${name} of ${fixed - 1} or ${fixed + 1} octets is a fault`, () => {
      for (const bytes of [fixed - 1, fixed + 1, 0]) {
        assert.match(
          faultOf(packet([...ipv4Head, chunk(entry.type, Buffer.alloc(bytes))])),
          new RegExp(`has ${bytes} octets, not ${fixed}$`),
        )
      }
    })
  }

  for (const length of [0, 1, 2, 3, 4, 5]) {
    test(`a chunk length of ${length} is a fault, not an endless loop`, () => {
      assert.match(
        faultOf(packet([...ipv4Head, chunk(0x0f, 'payload', 0, length)])),
        new RegExp(`length of ${length}$`),
      )
    })
  }

  test('a chunk that reaches beyond the packet is a fault', () => {
    assert.match(faultOf(packet([...ipv4Head, chunk(0x0f, 'payload', 0, 14)])), /0x000f is longer than the packet/)
    assert.match(faultOf(packet([...ipv4Head, chunk(0x80, 'payload', 3, 0xffff)])), /0x0080 of vendor 3 is longer/)
  })

  test('octets behind the last chunk are a fault', () => {
    assert.match(faultOf(packet([...ipv4Head, hex('0000 000f 00')])), /5 octets are less than a chunk/)
  })

  test('a total length that is not that of the datagram is a fault', () => {
    const bytes = packet([...ipv4Head, chunk(0x0f, 'x')])
    assert.match(faultOf(bytes.subarray(0, -1)), /total length says 100 octets, there are 99/)
    assert.match(faultOf(Buffer.concat([bytes, bytes])), /says 100 octets, there are 200/)
    assert.match(faultOf(packet([], 0)), /says 0 octets/)
  })

  test('what is not HEP3 is a fault', () => {
    for (const text of ['', 'HEP', 'HEP3\0', 'HEP2\0\x06', 'EEP1\0\x06', 'OPTIONS sip:a SIP/2.0'])
      faultOf(Buffer.from(text))
  })
})

describe('names', () => {
  test('protocol types and IP protocols have the names people know', () => {
    assert.deepEqual([1, 89, 100, 250].map(protocolTypeName), ['sip', 'net', 'log', '250'])
    assert.deepEqual([6, 17, 22, 1].map(ipProtocolName), ['tcp', 'udp', 'tls', '1'])
  })

  test('no chunk type is in the table twice', () => {
    const types = Object.values(chunks).map(({ type }) => type)
    assert.equal(new Set(types).size, types.length)
  })
})
