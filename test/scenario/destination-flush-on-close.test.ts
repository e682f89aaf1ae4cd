import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  accountedPackets,
  declaration,
  destinationsConfig,
  leg,
  numbers,
  offer,
  openDestinations,
  StreamCollector,
} from '../support/destinations.js'
import { until, within } from '../support/wait.js'

test('closing sends what is queued first', async (t) => {
  const collector = await StreamCollector.open(t)
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port })]))
  offer(destinations, leg(), 0, 3000, 'x'.repeat(1000)) // several pages, before the connection is even made
  await destinations.close(5000)
  const [status] = destinations.status()
  assert.equal(status!.sentPackets, 3000)
  assert.equal(status!.state, 'closed')
  await until('3000 packets', () => collector.packets.length === 3000)
  assert.deepEqual(collector.cseqs(), numbers(0, 3000))
  await until('the connection ended', () => collector.connections.size === 0)
})

test('closing does not wait beyond its deadline for a collector that does not read', async (t) => {
  const collector = await StreamCollector.open(t)
  collector.reads = false
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port })]))
  const on = leg()
  for (let from = 0; from < 20_000; from += 1000) {
    offer(destinations, on, from, from + 1000, 'x'.repeat(2000))
    await new Promise(setImmediate)
  }
  const before = performance.now()
  await destinations.close(200)
  const tookMs = performance.now() - before
  assert.ok(tookMs >= 195 && tookMs < 2000, `${tookMs} ms`)
  const [status] = destinations.status()
  assert.equal(status!.queuedPackets, 0)
  assert.ok(status!.dropped.shutdown! > 0)
  assert.equal(accountedPackets(status!), 20_000)
})

test('closing does not wait for a handshake that does not come to an end', async (t) => {
  const silent = await StreamCollector.open(t) // takes TCP connections and says nothing of TLS
  silent.reads = false
  const config = destinationsConfig([declaration({ port: silent.port, transport: 'tls' })])
  const destinations = openDestinations(t, config)
  offer(destinations, leg(), 0, 5)
  await until('the TCP connection', () => silent.accepted === 1)
  await within('the end', destinations.close(50), 1000)
  assert.equal(destinations.status()[0]!.dropped.shutdown, 5)
})

test('a second close and a close before anything was sent are no trouble', async (t) => {
  const collector = await StreamCollector.open(t)
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port })]))
  await Promise.all([destinations.close(), destinations.close()])
  await destinations.close()
  assert.equal(destinations.status()[0]!.state, 'closed')
})
