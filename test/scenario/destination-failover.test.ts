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

test('the second declaration of an id takes over with what was waiting, and the first takes back when it returns', async (t) => {
  const first = await StreamCollector.open(t)
  const second = await StreamCollector.open(t)
  const declarations = [declaration({ port: first.port }), declaration({ port: second.port })]
  const destinations = openDestinations(t, destinationsConfig(declarations))
  const state = (i: number) => destinations.status()[i]!.state
  const on = leg()

  offer(destinations, on, 0, 10)
  await until('the first collector has it', () => first.packets.length === 10)
  assert.equal(second.packets.length, 0)

  await first.stop()
  await until('the loss noticed', () => state(0) !== 'connected')
  offer(destinations, on, 10, 20)
  await until('the second collector has it', () => second.packets.length === 10)
  assert.deepEqual(second.cseqs(), numbers(10, 20))

  await second.stop()
  await until('both down', () => state(1) !== 'connected')
  offer(destinations, on, 20, 30) // waits for the first
  await second.start()
  await until('the second collector has what waited', () => second.packets.length === 20)
  assert.deepEqual(second.cseqs(), numbers(10, 30))

  await first.start()
  await until('the first one back', () => state(0) === 'connected')
  offer(destinations, on, 30, 40)
  await until('the first collector has it', () => first.packets.length === 20)
  assert.deepEqual(first.cseqs(), [...numbers(0, 10), ...numbers(30, 40)])
  assert.equal(second.packets.length, 20)
  await until('an empty queue', () => destinations.idle)
  assert.equal(
    destinations.status().reduce((sum, status) => sum + accountedPackets(status), 0),
    40,
  )
})

test('packets that would look different from the second declaration wait for the first', async (t) => {
  const first = await StreamCollector.open(t)
  const second = await StreamCollector.open(t)
  await first.stop()
  const declarations = [
    declaration({ port: first.port, auth_key: 'first' }),
    declaration({ port: second.port, auth_key: 'second' }),
  ]
  const destinations = openDestinations(t, destinationsConfig(declarations))
  const on = leg()
  offer(destinations, on, 0, 5) // nothing has failed yet
  await until('the first is found down', () => destinations.status()[0]!.lastError)
  offer(destinations, on, 5, 10)
  await until('the second collector has its part', () => second.packets.length === 5)
  assert.deepEqual(second.cseqs(), numbers(5, 10))
  assert.equal(second.packets[0]!.authKey, 'second')

  await first.start()
  await until('the first collector has its part', () => first.packets.length === 5)
  assert.deepEqual(first.cseqs(), numbers(0, 5))
  assert.equal(first.packets[0]!.authKey, 'first')
})
