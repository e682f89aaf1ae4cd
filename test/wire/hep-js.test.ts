/**
 * hep-js, the reference decoder, reads what we write, and we read what it writes. It knows IPv4 and text
 * only (IPv6 comes out as nothing, binary payloads as U+FFFD, and what it writes is sound only for
 * ASCII), so it is asked about those only.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import hepjs from 'hep-js'
import { decodeHep } from '../../src/hep/decode.js'
import { encodeHep, encodePacket, hepHead, hepSize, hepTail } from '../../src/hep/encode.js'
import type { HepPacket } from '../../src/hep/packet.js'

const event: HepPacket = {
  family: 2,
  protocol: 22,
  source: { ip: '192.0.2.1', port: 50412 },
  destination: { ip: '198.51.100.255', port: 5061 },
  seconds: 1_700_000_000,
  micros: 999_999,
  type: 100,
  captureId: 4_294_967_295,
  payload: Buffer.from('CLOSED SUCCESS\n{"Event":"CLOSED"}'),
  correlationId: Buffer.from('2522929864357336036'),
  nodeName: 'gw-1.example.com:5061',
  authKey: 'key-of-the-test',
  other: [],
}

/** The fields of a packet by the names hep-js gives them. */
function rcinfo(packet: HepPacket): object {
  return {
    protocolFamily: packet.family,
    protocol: packet.protocol,
    srcIp: packet.source.ip,
    dstIp: packet.destination.ip,
    srcPort: packet.source.port,
    dstPort: packet.destination.port,
    timeSeconds: packet.seconds,
    timeUseconds: packet.micros,
    payloadType: packet.type,
    captureId: packet.captureId,
    correlation_id: packet.correlationId?.toString(),
    hepNodeName: packet.nodeName,
    capturePass: packet.authKey,
  }
}

describe('hep-js', () => {
  test('decodes an event field by field', () => {
    assert.deepEqual(hepjs.decapsulate(encodePacket(event)), {
      rcinfo: rcinfo(event),
      payload: event.payload.toString(),
    })
  })

  test('decodes a SIP message of the hot path, the extra correlation chunk behind it notwithstanding', () => {
    const sip = Buffer.from('OPTIONS sip:bob@example.com SIP/2.0\r\nCall-ID: a@b\r\nContent-Length: 0\r\n\r\n')
    const head = hepHead({ ...event, type: 1 })
    const tail = hepTail({ nodeName: event.nodeName, authKey: event.authKey, extraCorrelation: '{"net":"7"}' })
    const callId = sip.indexOf('a@b')
    const target = Buffer.alloc(hepSize(head, tail, 3, sip.length))
    encodeHep(target, 0, head, tail, 1_700_000_000_999_999, sip, callId, callId + 3, sip, 0, sip.length)
    assert.deepEqual(hepjs.decapsulate(target), {
      rcinfo: rcinfo({ ...event, type: 1, correlationId: Buffer.from('a@b') }),
      payload: sip.toString(),
    })
  })

  test('decodes multi-byte UTF-8 to its last octet', () => {
    const payload = 'Grüße, €, 😀'
    const result = hepjs.decapsulate(encodePacket({ ...event, payload: Buffer.from(payload), nodeName: 'Ø' }))
    assert.deepEqual(result, { rcinfo: { ...rcinfo(event), hepNodeName: 'Ø' }, payload })
  })

  test('writes what we decode field by field', () => {
    const theirs = hepjs.encapsulate(event.payload.toString(), rcinfo(event))
    assert.deepEqual(decodeHep(theirs), event)
  })
})
