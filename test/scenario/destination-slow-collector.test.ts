import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Destinations } from '../../src/destinations/registry.js'
import {
  accountedPackets,
  declaration,
  destinationsConfig,
  fastTiming,
  leg,
  offer,
  openDestinations,
  StreamCollector,
} from '../support/destinations.js'
import { until } from '../support/wait.js'

const queueBytes = 4 * 1024 * 1024
const body = 'x'.repeat(2000)
const on = leg()

/** Offers messages until the collector takes no more and the queue is full; returns how many. */
async function stuff(destinations: Destinations): Promise<number> {
  const status = () => destinations.status()[0]!
  let offered = 0
  let sent = -1
  for (let idleTurns = 0; idleTurns < 200 || status().dropped['queue-full'] === 0; idleTurns++) {
    offer(destinations, on, offered, offered + 10, body)
    offered += 10
    await new Promise(setImmediate)
    assert.ok(status().queuedBytes <= queueBytes)
    if (status().sentPackets !== sent) idleTurns = 0
    sent = status().sentPackets
  }
  return offered
}

/** Bytes in Buffers that are in use. */
function bufferBytes(): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  return process.memoryUsage().arrayBuffers
}

test('a collector that stops reading costs a bounded queue; what does not fit is counted, and nothing else is lost', async (t) => {
  const collector = await StreamCollector.open(t)
  collector.reads = false
  const config = destinationsConfig([declaration({ port: collector.port })], { hep_queue_bytes: queueBytes })
  const destinations = openDestinations(t, config, { ...fastTiming, stuckMs: 60_000 })
  const bytesBefore = bufferBytes()
  const offered = await stuff(destinations)
  const held = bufferBytes() - bytesBefore
  assert.ok(held < 2 * queueBytes, `${held} bytes held for a queue of ${queueBytes}`)
  assert.equal(accountedPackets(destinations.status()[0]!), offered)

  for (const socket of collector.connections) socket.resume()
  await until('an empty queue', () => destinations.idle)
  const status = destinations.status()[0]!
  await until('all that was sent', () => collector.packets.length === status.sentPackets)
  assert.equal(status.sentPackets + status.dropped['queue-full']!, offered)
  const cseqs = collector.cseqs()
  assert.ok(
    cseqs.every((cseq, i) => i === 0 || cseq > cseqs[i - 1]!),
    'in order, none twice',
  )
  assert.equal(collector.accepted, 1, 'on one connection')
})

test('a write that does not move breaks the connection and is counted as lost; the next connection goes on', async (t) => {
  const collector = await StreamCollector.open(t)
  collector.reads = false
  const config = destinationsConfig([declaration({ port: collector.port })], { hep_queue_bytes: queueBytes })
  const destinations = openDestinations(t, config, { ...fastTiming, stuckMs: 300 })
  const offered = await stuff(destinations)
  await until('the stuck connection given up', () => destinations.status()[0]!.dropped['connection-lost']! > 0)
  assert.match(destinations.status()[0]!.lastError!, /^send-timeout: /)

  collector.reads = true
  collector.hangUp()
  await until('an empty queue', () => destinations.idle)
  assert.equal(accountedPackets(destinations.status()[0]!), offered)
})

test('a write that is under way when the collector dies is counted as lost, not as sent', async (t) => {
  const collector = await StreamCollector.open(t)
  collector.reads = false
  const config = destinationsConfig([declaration({ port: collector.port })], { hep_queue_bytes: queueBytes })
  const destinations = openDestinations(t, config, { ...fastTiming, stuckMs: 60_000 })
  const offered = await stuff(destinations)
  const sentBefore = destinations.status()[0]!.sentPackets
  await collector.stop()
  await until('the loss noticed', () => destinations.status()[0]!.state !== 'connected')
  const status = destinations.status()[0]!
  assert.ok(status.dropped['connection-lost']! > 0)
  assert.equal(status.sentPackets, sentBefore)
  assert.equal(accountedPackets(status), offered)
})
