import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  declaration,
  destinationsConfig,
  leg,
  numbers,
  offer,
  openDestinations,
  StreamCollector,
} from '../support/destinations.js'
import { until } from '../support/wait.js'

test('a reload keeps what did not change, with its connection, and lets what is gone empty its queue', async (t) => {
  const [kept, gone, added] = [
    await StreamCollector.open(t),
    await StreamCollector.open(t),
    await StreamCollector.open(t),
  ]
  const keptDeclaration = declaration({ id: 'kept', port: kept.port })
  const before = destinationsConfig([declaration({ id: 'gone', port: gone.port }), keptDeclaration])
  const destinations = openDestinations(t, before)
  const on = leg()
  offer(destinations, on, 0, 10)
  await until('both have it', () => kept.packets.length === 10 && gone.packets.length === 10)

  offer(destinations, on, 10, 1000) // still queued when the reload comes
  destinations.reload(destinationsConfig([keptDeclaration, declaration({ id: 'added', port: added.port })]))
  offer(destinations, on, 1000, 1010)
  await until('all have theirs', () => kept.packets.length === 1010 && added.packets.length === 10)
  assert.deepEqual(kept.cseqs(), numbers(0, 1010))
  assert.equal(kept.accepted, 1, 'the connection stayed')
  assert.deepEqual(added.cseqs(), numbers(1000, 1010))
  await until('the removed one ended', () => gone.connections.size === 0)
  assert.deepEqual(gone.cseqs(), numbers(0, 1000))
  assert.deepEqual(
    destinations.status().map((status) => status.id),
    ['kept', 'added'],
  )
  assert.equal(destinations.status()[0]!.sentPackets, 1010)
})

test('a destination that changed is made anew', async (t) => {
  const collector = await StreamCollector.open(t)
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port, auth_key: 'old' })]))
  const on = leg()
  offer(destinations, on, 0, 1)
  await until('a packet', () => collector.packets.length === 1)
  destinations.reload(destinationsConfig([declaration({ port: collector.port, auth_key: 'new' })]))
  offer(destinations, on, 1, 2)
  await until('another packet', () => collector.packets.length === 2)
  assert.deepEqual(
    collector.packets.map((packet) => packet.authKey),
    ['old', 'new'],
  )
})

test('an id that is not declared refuses the reload and changes nothing', async (t) => {
  const collector = await StreamCollector.open(t)
  const config = destinationsConfig([declaration({ port: collector.port })])
  const destinations = openDestinations(t, config)
  const wrong = { ...config, proto_tls: { trace_destination: ['nobody'] } }
  assert.throws(() => destinations.reload(wrong), /trace_destination: no hep_id declares nobody/)
  offer(destinations, leg(), 0, 1)
  await until('a packet', () => collector.packets.length === 1)
})

test('without trace_destination nothing is configured and nothing happens', (t) => {
  const none = { ...destinationsConfig([declaration({ port: 9 })]), proto_tls: { trace_destination: [] } }
  const destinations = openDestinations(t, none)
  assert.equal(destinations.configured, false)
  offer(destinations, leg(), 0, 1)
  assert.deepEqual(destinations.status(), [])
})
