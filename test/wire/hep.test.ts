/** The worked example of the HEP3 specification, revision 37, both ways. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { decodeHep } from '../../src/hep/decode.js'
import { encodePacket } from '../../src/hep/encode.js'
import type { HepPacket } from '../../src/hep/packet.js'
import { vectorsDir } from '../support/paths.js'

const octets = Buffer.from(readFileSync(`${vectorsDir}/hep3-spec-example.hex`, 'utf8').trim(), 'hex')

const packet: HepPacket = {
  family: 2,
  protocol: 17,
  source: { ip: '212.202.0.1', port: 12010 },
  destination: { ip: '82.116.0.211', port: 5060 },
  seconds: 1313440459,
  micros: 120000,
  type: 1,
  captureId: 228,
  payload: Buffer.from('INVITE sip:bob'),
  other: [],
}

describe('the example of the HEP3 specification', () => {
  test('is decoded field by field', () => {
    assert.deepEqual(decodeHep(octets), packet)
  })

  test('is what the encoder writes, octet by octet', () => {
    assert.equal(encodePacket(packet).toString('hex'), octets.toString('hex'))
  })
})
