import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packetJson, packetText } from '../../../src/collector/text.js'
import type { HepPacket } from '../../../src/hep/packet.js'
import { eventPayload } from '../../../src/trace/event.js'
import { facts, keylogLine, tracedEvent } from '../../support/destinations.js'
import { hepPacket } from '../../support/embedded-collector.js'

function packet(overrides: Partial<HepPacket>): HepPacket {
  return hepPacket({
    payload: Buffer.from('OPTIONS sip:bob@example.com SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n'),
    correlationId: Buffer.from('call-1@test'),
    nodeName: 'gw-1',
    extraCorrelation: '{"net":"5710"}',
    ...overrides,
  })
}

const keyed = tracedEvent({ facts: facts({ keylog: [keylogLine] }) })
const secretPart = 'cd'.repeat(48)
const hiding = { secrets: false }
const showing = { secrets: true }

test('a SIP packet as a person reads it', () => {
  assert.equal(
    packetText(packet({}), hiding),
    [
      '2026-01-31T12:00:00.000042Z  sip  tls  192.0.2.1:50412 → 192.0.2.2:5061',
      '  id call-1@test  node gw-1 (2001)  {"net":"5710"}',
      '  OPTIONS sip:bob@example.com SIP/2.0',
      '  CSeq: 1 OPTIONS',
      '',
      '',
    ].join('\n'),
  )
})

test('an event shows its line and its fields, one per line', () => {
  const text = packetText(packet({ type: 100, payload: eventPayload(keyed, 'log', false) }), hiding)
  const lines = text.split('\n')
  assert.match(lines[0]!, / log {2}tls /)
  assert.match(lines[2]!, /^ {2}ACCEPTED SUCCESS /)
  assert.ok(lines.includes('    "tls_sni": "sip.example.com",'))
  assert.ok(lines.includes('    "keylog": "withheld"'), 'that it was withheld may be seen')
})

test('key material is hidden in every form unless asked for', () => {
  const packets = [
    packet({ type: 100, payload: eventPayload(keyed, 'log', true) }),
    packet({ type: 89, payload: eventPayload(keyed, 'opensips', true) }),
    packet({ type: 100, payload: Buffer.from(`just text ${keylogLine}\nand more`) }),
    packet({ type: 100, payload: Buffer.from(`${keylogLine}\n{"a":1}`) }),
    packet({ type: 1, payload: Buffer.from(`MESSAGE sip:a SIP/2.0\r\n\r\n${keylogLine}`) }),
  ]
  for (const one of packets) {
    for (const print of [packetText, packetJson]) {
      assert.ok(!print(one, hiding).includes(secretPart))
      assert.ok(print(one, showing).includes(secretPart))
      assert.match(print(one, hiding), /\[hidden\]/)
    }
  }
})

test('a JSON line is one line and has every field', () => {
  const sip = packetJson(packet({}), hiding)
  assert.ok(!sip.includes('\n'))
  assert.deepEqual(JSON.parse(sip), {
    time: '2026-01-31T12:00:00.000042Z',
    type: 1,
    type_name: 'sip',
    protocol: 'tls',
    source: '192.0.2.1:50412',
    destination: '192.0.2.2:5061',
    correlation_id: 'call-1@test',
    node: 'gw-1',
    capture_id: 2001,
    extra_correlation: '{"net":"5710"}',
    payload: 'OPTIONS sip:bob@example.com SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n',
  })
  const event = JSON.parse(packetJson(packet({ type: 100, payload: eventPayload(keyed, 'log', false) }), hiding))
  assert.match(event.text, /^ACCEPTED SUCCESS /)
  assert.equal(event.event.tls_sni, 'sip.example.com')
  assert.equal(event.payload, undefined)
})

test('what only looks like an event is shown as text', () => {
  for (const payload of ['{"broken":', '[1]', 'a line\n{not json}', '{"sip":1}\nmore']) {
    const shown = JSON.parse(packetJson(packet({ type: 100, payload: Buffer.from(payload) }), hiding))
    assert.equal(shown.payload, payload)
  }
})

test('control characters of peers do not reach the terminal', () => {
  const nasty = packet({ payload: Buffer.from('INVITE \x1b[2J\x07\x7f\u009b1m\r\n'), nodeName: 'gw\x1b[31m' })
  assert.doesNotMatch(packetText(nasty, hiding), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  assert.doesNotMatch(packetJson(nasty, hiding), /[\u0000-\u001f\u007f-\u009f]/)
})

test('the auth key is never shown', () => {
  for (const print of [packetText, packetJson])
    assert.ok(!print(packet({ authKey: 'myHep' }), showing).includes('myHep'))
})

test('a time beyond what a Date holds and an empty payload are no trouble', () => {
  const text = packetText(packet({ seconds: 0xffffffff, micros: 999_999, payload: Buffer.alloc(0) }), hiding)
  assert.match(text, /^2106-02-07T06:28:15\.999999Z /)
})
