/** What a real OpenSIPS 3.6.8 (proto_tls, proto_hep) put on the wire, decoded; vectors/README.md says how it was made. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ipProtocols, protocolTypes } from '../../src/hep/chunks.js'
import { decodeHep, HepStream, isHepFault } from '../../src/hep/decode.js'
import type { HepPacket } from '../../src/hep/packet.js'
import { vectorsDir } from '../support/paths.js'

const lines = readFileSync(`${vectorsDir}/opensips-3.6.8-tls-trace.hex`, 'utf8').trim().split('\n')
const octets = lines.map((line) => Buffer.from(line, 'hex'))

const packets: HepPacket[] = octets.map((bytes) => {
  const packet = decodeHep(bytes)
  assert.ok(!isHepFault(packet), JSON.stringify(packet))
  return packet
})

const ours = '127.0.0.1:5131'
/** CLOSED has no addresses: this is what it says instead. */
const nowhere = '127.0.0.2:0'

const tls13 = '2522929864357336036'
const tls12 = '15565354385222292454'
const routed = '10305150020453553127'
const outgoing = '1874411518015984616'
const tls10 = '15060951226956796905'
const plainText = '15853584761374004202'

const net = protocolTypes.net
const sip = protocolTypes.sip
const certificate = ['Protocol', 'server-subject', 'server-issuer']
const bothCertificates = ['Protocol', 'client-subject', 'client-issuer', 'server-subject', 'server-issuer']
const outcome = ['Event', 'Status', 'Message']

/** type, correlation id, source, destination, keys of the payload, Event and Status */
const expected = [
  [net, tls13, '127.0.0.1:60440', ours, [...certificate, 'master-key', ...outcome], 'ACCEPTED SUCCESS'],
  [sip, 'one-20081@x', '127.0.0.1:60440', ours, ['payload'], tls13],
  [net, tls13, nowhere, nowhere, ['Protocol', ...outcome], 'CLOSED SUCCESS'],
  [net, tls12, '127.0.0.1:60450', ours, [...certificate, 'master-key', ...outcome], 'ACCEPTED SUCCESS'],
  [sip, 'one-20092@x', '127.0.0.1:60450', ours, ['payload'], tls12],
  [net, tls12, nowhere, nowhere, ['Protocol', ...outcome], 'CLOSED SUCCESS'],
  [net, routed, '127.0.0.1:60458', ours, [...certificate, 'master-key', ...outcome], 'ACCEPTED SUCCESS'],
  [sip, 'one-20103@x', '127.0.0.1:60458', ours, ['payload'], routed],
  // The outgoing connection went the other way: OpenSIPS swaps source and destination here.
  [net, outgoing, '127.0.0.1:6061', '127.0.0.1:55007', [...bothCertificates, ...outcome], 'CONNECTED SUCCESS'],
  [net, routed, nowhere, nowhere, ['Protocol', ...outcome], 'CLOSED SUCCESS'],
  [net, tls10, '127.0.0.1:47704', ours, [...certificate, ...outcome], 'ACCEPTED FAILURE'],
  [net, tls10, nowhere, nowhere, ['Protocol', ...outcome], 'CLOSED SUCCESS'],
  [net, plainText, '127.0.0.1:47714', ours, [...certificate, ...outcome], 'ACCEPTED FAILURE'],
  [net, plainText, nowhere, nowhere, ['Protocol', ...outcome], 'CLOSED SUCCESS'],
] as const

describe('OpenSIPS', () => {
  test('sent as many packets as are expected here', () => assert.equal(packets.length, expected.length))

  for (const [index, [type, correlation, source, destination, keys, what]] of expected.entries()) {
    test(`packet ${index + 1}: ${type === sip ? `SIP of ${correlation}` : `${what} of ${correlation}`}`, () => {
      const packet = packets[index]
      const payload: Record<string, string> = JSON.parse(packet.payload.toString())
      assert.deepEqual(
        {
          type: packet.type,
          correlation: packet.correlationId?.toString(),
          source: `${packet.source.ip}:${packet.source.port}`,
          destination: `${packet.destination.ip}:${packet.destination.port}`,
          keys: Object.keys(payload),
        },
        { type, correlation, source, destination, keys: [...keys] },
      )
      assert.deepEqual(
        [packet.family, packet.protocol, packet.captureId, packet.nodeName, packet.authKey, packet.other],
        [2, ipProtocols.tls, 2001, undefined, undefined, []],
      )
      if (type === sip) {
        assert.deepEqual(JSON.parse(packet.extraCorrelation ?? ''), { net: what })
        assert.ok(payload.payload.startsWith('OPTIONS sip:'))
        assert.ok(payload.payload.includes(`\r\nCall-ID: ${correlation}\r\n`))
      } else {
        assert.equal(packet.extraCorrelation, undefined)
        assert.deepEqual([payload.Protocol, `${payload.Event} ${payload.Status}`], ['TLS', what])
      }
    })
  }

  test('says when, in seconds and microseconds', () => {
    assert.deepEqual(
      packets.map(({ seconds, micros }) => [seconds - 0x6b033f5b, micros]),
      [
        [0, 731148],
        [0, 732674],
        [2, 234635],
        [2, 314646],
        [2, 315861],
        [3, 818481],
        [3, 886621],
        [3, 887112],
        [3, 892070],
        [5, 389776],
        [5, 423021],
        [5, 423145],
        [5, 432004],
        [5, 432137],
      ],
    )
  })

  test('says why: the sentences of OpenSSL', () => {
    assert.match(packets[10].payload.toString(), /no suitable signature algorithm/)
    assert.match(packets[12].payload.toString(), /wrong version number/)
  })

  test('comes out of a stream as it went in', () => {
    const found: string[] = []
    const stream = new HepStream()
    for (const byte of Buffer.concat(octets)) {
      assert.equal(
        stream.push(Buffer.of(byte), (buf, start, end) => found.push(buf.toString('hex', start, end))),
        undefined,
      )
    }
    assert.deepEqual(found, lines)
  })
})
