import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { endpoint } from '../../../src/base/address.js'
import type { HepDestinationConfig } from '../../../src/config/types.js'
import type { Destinations } from '../../../src/destinations/registry.js'
import { secretsAllowed } from '../../../src/destinations/sender.js'
import type { HepPacket } from '../../../src/hep/packet.js'
import {
  declaration,
  destinationsConfig,
  facts,
  fastTiming,
  keylogLine,
  leg,
  noonMicros,
  offer,
  offerMessage,
  openDestinations,
  sipMessage,
  tracedEvent,
} from '../../support/destinations.js'
import { embeddedCollector } from '../../support/embedded-collector.js'
import { until } from '../../support/wait.js'

/** What a collector gets of what `offers` offers to a destination with these settings. */
async function received(
  t: TestContext,
  config: Partial<HepDestinationConfig>,
  count: number,
  offers: (destinations: Destinations) => void,
): Promise<HepPacket[]> {
  const { collector, port } = await embeddedCollector(t, 'udp')
  const destinations = openDestinations(t, destinationsConfig([declaration({ transport: 'udp', port, ...config })]))
  offers(destinations)
  await until(`${count} packets`, () => collector.status().packets >= count)
  return [...collector.packets()].map((one) => one.packet)
}

const fieldsOf = (packet: HepPacket) => JSON.parse(packet.payload.toString().split('\n').at(-1)!)

test('a SIP message is type 1, raw, with its Call-ID, the connection in 0x0065, node, capture id and time', async (t) => {
  const message = sipMessage(1, 'a body\0with \x80 octets')
  const [packet] = await received(t, {}, 1, (to) => offerMessage(to, leg(), message, noonMicros + 1_000_007))
  const said = Object.fromEntries(Object.entries(packet!).filter(([, value]) => value !== undefined))
  assert.deepEqual(said, {
    family: 2,
    protocol: 22,
    source: { ip: '192.0.2.1', port: 50412 },
    destination: { ip: '192.0.2.2', port: 5061 },
    seconds: noonMicros / 1e6 + 1,
    micros: 7,
    type: 1,
    captureId: 2001,
    payload: message,
    correlationId: Buffer.from('call-1@test'),
    nodeName: 'gw-1',
    extraCorrelation: '{"net":"8123456789"}',
    other: [],
  })
})

test('chunk 0x0002 tells TLS by 22 or by 6 as configured, and clear legs by their protocol', async (t) => {
  for (const [id, expected] of [
    [22, [22, 6, 17]],
    [6, [6, 6, 17]],
  ] as const) {
    const packets = await received(t, { tls_protocol_id: id }, 3, (to) => {
      for (const transport of ['tls', 'tcp', 'udp'] as const) offer(to, leg({ transport }), 0, 1)
    })
    assert.deepEqual(
      packets.map((packet) => packet.protocol),
      expected,
    )
  }
})

test('the auth key is sent when there is one', async (t) => {
  const packets = await received(t, { auth_key: 'myHep' }, 2, (to) => {
    offer(to, leg(), 0, 1)
    to.event(tracedEvent())
  })
  assert.deepEqual(
    packets.map((packet) => packet.authKey),
    ['myHep', 'myHep'],
  )
})

test('an event in log form is type 100 with the connection id; its addresses run from initiator to responder', async (t) => {
  const peer = endpoint('203.0.113.9', 40000)
  const local = endpoint('192.0.2.2', 5061)
  const packets = await received(t, {}, 2, (to) => {
    to.event(tracedEvent({ facts: facts({ direction: 'in', peer, local }) }))
    to.event(tracedEvent({ name: 'CLOSED', facts: facts({ direction: 'out', peer, local, transport: 'tcp' }) }))
  })
  const [inbound, outbound] = packets
  assert.deepEqual([inbound!.type, inbound!.correlationId?.toString()], [100, '8123456789'])
  assert.match(inbound!.payload.toString(), /^ACCEPTED SUCCESS .*\n\{/)
  assert.deepEqual([inbound!.source, inbound!.destination, inbound!.protocol], [peer, local, 22])
  assert.deepEqual([outbound!.source, outbound!.destination, outbound!.protocol], [local, peer, 6])
})

test('an event in opensips form is type 89 and JSON alone, but inside the flow of a call it is type 100', async (t) => {
  const packets = await received(t, { form: 'opensips' }, 3, (to) => {
    to.event(tracedEvent())
    to.event(tracedEvent({ record: 'tls-session', correlation: 'call-1@test' }))
    to.event(tracedEvent({ name: 'CLOSED', status: 'FAILURE', cause: 'peer-reset', correlation: 'call-1@test' }))
  })
  assert.deepEqual(
    packets.map((packet) => [packet.type, packet.correlationId?.toString()]),
    [
      [89, '8123456789'],
      [100, 'call-1@test'],
      [100, 'call-1@test'],
    ],
  )
  assert.equal(JSON.parse(packets[0]!.payload.toString()).Event, 'ACCEPTED')
  assert.match(packets[1]!.payload.toString(), /^TLS_SESSION .*\n\{/)
})

test('a destination gets only the types it is declared for, and what it does not want is no loss', async (t) => {
  const everything = (to: Destinations) => {
    to.event(tracedEvent())
    to.event(tracedEvent({ record: 'tls-session', correlation: 'call-1@test' }))
    offer(to, leg(), 1, 2)
    const [status] = to.status()
    assert.deepEqual(
      Object.values(status!.dropped).filter((packets) => packets > 0),
      [],
    )
  }
  const typesOf = async (config: Partial<HepDestinationConfig>, count: number) =>
    (await received(t, config, count, everything)).map((packet) => packet.type)
  assert.deepEqual(await typesOf({ types: [1] }, 1), [1])
  assert.deepEqual(await typesOf({ types: [100] }, 2), [100, 100])
  assert.deepEqual(await typesOf({ types: [89], form: 'opensips' }, 1), [89])
  assert.deepEqual(await typesOf({ types: [1, 89], form: 'opensips' }, 2), [89, 1])
})

test('key material goes over TLS and to loopback, elsewhere only on demand, and nowhere when forbidden', () => {
  const cases = [
    ['tls', undefined, '203.0.113.1', true],
    ['udp', undefined, '127.0.0.1', true],
    ['tcp', undefined, '127.8.8.8', true],
    ['tcp', undefined, '::1', true],
    ['udp', undefined, '::ffff:127.0.0.1', true],
    ['udp', undefined, '203.0.113.1', false],
    ['tcp', undefined, '2001:db8::1', false],
    ['udp', undefined, '10.0.0.1', false],
    ['udp', undefined, 'localhost', false], // a name says nothing before it is resolved
    ['udp', undefined, '127.0.0.1.example.com', false],
    ['udp', true, '203.0.113.1', true],
    ['tls', false, '127.0.0.1', false],
  ] as const
  for (const [transport, secrets, ip, expected] of cases) {
    assert.equal(secretsAllowed({ transport, secrets }, ip), expected, `${transport} ${ip} secrets=${secrets}`)
  }
})

test('the payload has the keys where they may go and says withheld where not', async (t) => {
  const withKeys = (to: Destinations) => to.event(tracedEvent({ facts: facts({ keylog: [keylogLine] }) }))
  const [shown] = await received(t, {}, 1, withKeys)
  assert.deepEqual(fieldsOf(shown!).keylog, [keylogLine])
  const [hidden] = await received(t, { secrets: false }, 1, withKeys)
  assert.equal(fieldsOf(hidden!).keylog, 'withheld')
  assert.ok(!hidden!.payload.includes('cdcdcd'))
})

test('key material queued for this machine is thrown away, and counted, when the name leads elsewhere', async (t) => {
  const addresses = ['127.0.0.1', '192.0.2.77']
  const timing = {
    ...fastTiming,
    resolve: async () => [{ address: addresses.length > 1 ? addresses.shift()! : addresses[0]! }],
  }
  // port 1 of loopback: refused, so what is offered meanwhile stays queued
  const config = destinationsConfig([declaration({ host: 'collector.example', port: 1 })])
  const destinations = openDestinations(t, config, timing)
  await until('the loopback address tried', () => destinations.status()[0]!.lastError)
  destinations.event(tracedEvent({ facts: facts({ keylog: [keylogLine] }) }))
  offer(destinations, leg(), 0, 3)
  await until('the packets thrown away', () => destinations.status()[0]!.dropped['address-changed'] === 4)
  assert.equal(destinations.status()[0]!.queuedPackets, 0)
  destinations.event(tracedEvent({ facts: facts({ keylog: [keylogLine] }) }))
  assert.equal(destinations.status()[0]!.queuedPackets, 1, 'from now on without keys, so it may wait')
})

test('prepared heads are made once per leg and destination', async (t) => {
  const on = leg()
  await received(t, {}, 2, (to) => {
    offer(to, on, 0, 1)
    const [head] = on.heads
    offer(to, on, 1, 2)
    assert.equal(on.heads[0], head)
    assert.equal(on.heads.length, 1)
  })
})

for (const transport of ['udp', 'tcp'] as const) {
  test(`what was sent is counted by type as the collector counts it, over IPv4 and IPv6 legs alike: ${transport}`, async (t) => {
    const { collector, port } = await embeddedCollector(t, transport)
    const declared = [declaration({ transport, port }), declaration({ id: 'net', form: 'opensips', transport, port })]
    const destinations = openDestinations(t, destinationsConfig(declared))
    const v6 = leg({ source: { ip: '2001:db8::1', port: 50412 }, destination: { ip: '2001:db8::2', port: 5061 } })
    offer(destinations, leg(), 0, 40)
    offer(destinations, v6, 40, 100)
    for (let i = 0; i < 5; i++) destinations.event(tracedEvent())
    destinations.event(tracedEvent({ facts: facts({ local: v6.destination, peer: v6.source }) }))
    await until('all packets', () => collector.status().packets === 212)
    const sums: Record<string, number> = {}
    for (const { sentByType } of destinations.status()) {
      for (const [type, packets] of Object.entries(sentByType)) sums[type] = (sums[type] ?? 0) + packets
    }
    assert.deepEqual(sums, { sip: 200, log: 6, net: 6 })
    assert.deepEqual(collector.status().packetsByType, sums)
  })
}
