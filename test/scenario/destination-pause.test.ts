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
  tracedEvent,
} from '../support/destinations.js'
import { until } from '../support/wait.js'

test('a paused destination gets nothing, counts what it does not get, and goes on when it is let', async (t) => {
  const collector = await StreamCollector.open(t)
  const beside = await StreamCollector.open(t)
  const declarations = [declaration({ port: collector.port }), declaration({ id: 'beside', port: beside.port })]
  const destinations = openDestinations(t, destinationsConfig(declarations))
  const on = leg()
  offer(destinations, on, 0, 10)
  assert.equal(destinations.pause('hep_dest', true), true)
  offer(destinations, on, 10, 20)
  destinations.event(tracedEvent())
  await until('what was queued at the pause', () => collector.packets.length === 10)
  await until('the other one has all', () => beside.packets.length === 21)
  assert.equal(destinations.status()[0]!.paused, true)
  assert.equal(destinations.status()[0]!.dropped.paused, 11)
  assert.equal(accountedPackets(destinations.status()[0]!), 21)
  assert.equal(destinations.status()[1]!.paused, false)

  assert.equal(destinations.pause('hep_dest', false), true)
  offer(destinations, on, 20, 30)
  await until('the rest', () => collector.packets.length === 20)
  assert.deepEqual(collector.cseqs(), [...numbers(0, 10), ...numbers(20, 30)])
  assert.equal(destinations.status()[0]!.dropped.paused, 11)
})

test('what a destination would not get anyhow is not counted as lost to a pause', async (t) => {
  const collector = await StreamCollector.open(t)
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port, types: [100] })]))
  destinations.pause('hep_dest', true)
  offer(destinations, leg(), 0, 5)
  assert.equal(destinations.status()[0]!.dropped.paused, 0)
})

test('a pause concerns every declaration of the id and outlasts a reload', async (t) => {
  const collector = await StreamCollector.open(t)
  const declarations = [declaration({ port: collector.port }), declaration({ port: collector.port, auth_key: 'b' })]
  const destinations = openDestinations(t, destinationsConfig(declarations))
  destinations.pause('hep_dest', true)
  const paused = () => destinations.status().map((status) => status.paused)
  assert.deepEqual(paused(), [true, true])
  destinations.reload(destinationsConfig([declaration({ port: collector.port, auth_key: 'new' })]))
  assert.deepEqual(paused(), [true])
  destinations.reload(destinationsConfig([declaration({ id: 'another', port: collector.port })]))
  destinations.reload(destinationsConfig([declaration({ port: collector.port })]))
  assert.deepEqual(paused(), [false], 'one that was taken away and comes back is a new one')
})

test('what is not declared can be neither paused nor let', (t) => {
  const destinations = openDestinations(t, destinationsConfig([]))
  assert.equal(destinations.pause('hep_dest', true), false)
  assert.equal(destinations.pause('hep_dest', false), false)
})
