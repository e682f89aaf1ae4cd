import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import type { Collector } from '../../src/collector/collector.js'
import {
  accountedPackets,
  cseqOf,
  declaration,
  destinationsConfig,
  droppedPackets,
  leg,
  numbers,
  offer,
  openDestinations,
} from '../support/destinations.js'
import { embeddedCollector } from '../support/embedded-collector.js'
import { until } from '../support/wait.js'

const cseqs = (collector: Collector) => [...collector.packets()].map((received) => cseqOf(received.packet))

test('packets arrive over UDP in order', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'udp')
  const destinations = openDestinations(t, destinationsConfig([declaration({ transport: 'udp', port })]))
  const on = leg()
  for (let from = 0; from < 2000; from += 100) {
    offer(destinations, on, from, from + 100)
    await until('an empty queue', () => destinations.idle)
  }
  await until('2000 packets', () => collector.status().packets === 2000)
  assert.deepEqual(cseqs(collector), numbers(0, 2000))
  assert.equal(destinations.status()[0]!.sentPackets, 2000)
  assert.equal(destinations.status()[0]!.state, 'connected')
})

const withIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some((a) => a.address === '::1'))
test('an IPv6 collector gets packets over UDP', { skip: withIpv6 ? false : 'no ::1 on this machine' }, async (t) => {
  const { collector, port } = await embeddedCollector(t, 'udp', { ip: '::1' })
  const destinations = openDestinations(t, destinationsConfig([declaration({ transport: 'udp', host: '::1', port })]))
  const ipv6 = leg({ source: { ip: '2001:db8::1', port: 50412 }, destination: { ip: '2001:db8::2', port: 5061 } })
  offer(destinations, ipv6, 0, 50)
  await until('50 packets', () => collector.status().packets === 50)
  assert.deepEqual(cseqs(collector), numbers(0, 50))
  const [first] = collector.packets()
  assert.deepEqual(first!.packet.source, ipv6.source)
  assert.equal(first!.sender.ip, '::1')
  assert.equal(destinations.status()[0]!.address, `udp:[::1]:${port}`)
})

test('a host that says nothing listens there is noticed; packets then wait and arrive when it listens again', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'udp')
  await collector.close()
  const destinations = openDestinations(t, destinationsConfig([declaration({ transport: 'udp', port })]))
  const on = leg()
  offer(destinations, on, 0, 1)
  await until('the refusal', () => destinations.status()[0]!.lastError)
  assert.match(destinations.status()[0]!.lastError!, /^connect-refused: /)
  offer(destinations, on, 1, 500)
  await until('more refusals', () => destinations.status()[0]!.queuedPackets < 499)
  const back = await embeddedCollector(t, 'udp', { port })
  await until('an empty queue', () => destinations.idle)

  const status = destinations.status()[0]!
  assert.equal(accountedPackets(status), 500)
  await until('all that was sent since', () => cseqs(back.collector).at(-1) === 499)
  const arrived = cseqs(back.collector)
  assert.deepEqual(arrived, numbers(500 - arrived.length, 500), 'what was not lost is in order and whole')
  assert.ok(arrived.length > 450, 'an attempt risks one packet, not the queue')
  assert.ok(status.sentPackets >= arrived.length)
})

test('closing counts what could not be sent', async (t) => {
  const destinations = openDestinations(
    t,
    destinationsConfig([declaration({ transport: 'udp', host: 'collector.invalid', port: 9060 })]),
  )
  offer(destinations, leg(), 0, 10)
  await until('the name not found', () => destinations.status()[0]!.lastError)
  assert.match(destinations.status()[0]!.lastError!, /^dns-failed: collector\.invalid/)
  await destinations.close(0)
  const [status] = destinations.status()
  assert.equal(status!.state, 'closed')
  assert.equal(status!.dropped.shutdown, 10)
  offer(destinations, leg(), 10, 12)
  assert.equal(destinations.status()[0]!.dropped.shutdown, 12)
  assert.equal(droppedPackets(destinations.status()[0]!), 12)
})
