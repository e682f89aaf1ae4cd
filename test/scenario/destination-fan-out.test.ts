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
import { until } from '../support/wait.js'

test('a dead destination does not keep another one from getting everything in order', async (t) => {
  const alive = await StreamCollector.open(t)
  const dead = await StreamCollector.open(t)
  await dead.stop()
  const declarations = [declaration({ id: 'dead', port: dead.port }), declaration({ id: 'alive', port: alive.port })]
  const destinations = openDestinations(t, destinationsConfig(declarations, { hep_queue_packets: 300 }))
  const on = leg()
  for (let from = 0; from < 1000; from += 50) {
    offer(destinations, on, from, from + 50)
    await new Promise(setImmediate)
  }
  await until('1000 packets', () => alive.packets.length === 1000)
  assert.deepEqual(alive.cseqs(), numbers(0, 1000))

  const [deadStatus, aliveStatus] = destinations.status()
  assert.equal(deadStatus!.id, 'dead')
  assert.equal(deadStatus!.queuedPackets, 300)
  assert.equal(deadStatus!.dropped['queue-full'], 700)
  assert.equal(accountedPackets(aliveStatus!), 1000)
  assert.equal(aliveStatus!.sentPackets, 1000)
})
