import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  accountedPackets,
  declaration,
  destinationsConfig,
  droppedPackets,
  leg,
  numbers,
  offer,
  openDestinations,
  StreamCollector,
} from '../support/destinations.js'
import { until } from '../support/wait.js'

test('a collector that is down at the start gets everything, in order, once it is up', async (t) => {
  const collector = await StreamCollector.open(t)
  await collector.stop()
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port })]))
  offer(destinations, leg(), 0, 500)
  await until('a failed attempt', () => destinations.status()[0]!.lastError)
  assert.match(destinations.status()[0]!.lastError!, /^connect-refused: /)
  assert.equal(destinations.status()[0]!.queuedPackets, 500)

  await collector.start()
  await until('500 packets', () => collector.packets.length >= 500)
  assert.deepEqual(collector.cseqs(), numbers(0, 500))
  await until('an empty queue', () => destinations.idle)
  const status = destinations.status()[0]!
  assert.equal(status.sentPackets, 500)
  assert.equal(droppedPackets(status), 0)
  assert.equal(status.state, 'connected')
})

test('a collector that goes away in mid-stream and comes back misses only what was counted as lost', async (t) => {
  const collector = await StreamCollector.open(t)
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port })]))
  const on = leg()
  offer(destinations, on, 0, 200)
  await until('the first 200', () => collector.packets.length === 200)

  await collector.stop()
  offer(destinations, on, 200, 400) // the gateway may not have noticed yet
  await until('the loss noticed', () => destinations.status()[0]!.state !== 'connected')
  offer(destinations, on, 400, 600)
  await collector.start()
  await until('the last packet', () => collector.cseqs().includes(599))
  await until('an empty queue', () => destinations.idle)

  const status = destinations.status()[0]!
  assert.equal(accountedPackets(status), 600)
  assert.equal(status.reconnects, 1)
  const cseqs = collector.cseqs()
  assert.deepEqual(
    cseqs,
    [...new Set(cseqs)].sort((a, b) => a - b),
    'in order, none twice',
  )
  assert.deepEqual(cseqs.slice(-200), numbers(400, 600), 'what came after the loss was noticed is whole')
})
