import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxHepBytes } from '../../src/hep/packet.js'
import {
  declaration,
  destinationsConfig,
  facts,
  leg,
  offerMessage,
  openDestinations,
  sipMessage,
  tracedEvent,
} from '../support/destinations.js'
import { embeddedCollector } from '../support/embedded-collector.js'
import { until } from '../support/wait.js'

const lines = `${'a line of a body that goes on, ünd on\r\n'.repeat(2000)}`

for (const transport of ['udp', 'tcp'] as const) {
  test(`over ${transport}, what is too large for HEP is shortened at a boundary, marked and counted`, async (t) => {
    const { collector, port } = await embeddedCollector(t, transport)
    const destinations = openDestinations(t, destinationsConfig([declaration({ transport, port })]))
    const message = sipMessage(7, lines)
    offerMessage(destinations, leg(), message)
    const san = Array.from({ length: 6000 }, (_, i) => `DNS:host${i}.example`).join(', ')
    const certificate = {
      subject: '/CN=a',
      issuer: '/CN=b',
      serial: '01',
      san,
      notBefore: '',
      notAfter: '',
      sha256: '',
    }
    destinations.event(tracedEvent({ facts: facts({ peerCertificate: certificate }) }))
    await until('both', () => collector.status().packets === 2)

    const [sip, event] = [...collector.packets()]
    assert.ok(sip!.bytes <= maxHepBytes && sip!.bytes > maxHepBytes - 100)
    const { payload } = sip!.packet
    assert.deepEqual(payload, message.subarray(0, payload.length))
    assert.equal(payload.at(-1), 0x0a)
    assert.deepEqual(JSON.parse(sip!.packet.extraCorrelation!), {
      net: '8123456789',
      truncated: `shortened from ${message.length} octets`,
    })

    assert.ok(event!.bytes <= maxHepBytes)
    const [, json] = event!.packet.payload.toString().split('\n')
    const fields = JSON.parse(json!)
    assert.match(fields['client-san'], /^DNS:host0\.example, .*truncated by hepgate\]$/)
    assert.match(fields.truncated, /^shortened from \d+ octets$/)
    assert.equal(fields.tls_sni, 'sip.example.com')
    assert.equal(destinations.status()[0]!.truncated, 2)
    assert.equal(destinations.status()[0]!.sentPackets, 2)
  })
}

test('a message whose Call-ID alone is too large is counted, not sent', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'tcp')
  const destinations = openDestinations(t, destinationsConfig([declaration({ port })]))
  offerMessage(destinations, leg(), Buffer.from(`OPTIONS sip:b SIP/2.0\r\nCall-ID: ${'c'.repeat(65_450)}\r\n\r\n`))
  offerMessage(destinations, leg(), sipMessage(1))
  await until('the other one', () => collector.status().packets === 1)
  assert.equal(destinations.status()[0]!.dropped['too-large'], 1)
})
