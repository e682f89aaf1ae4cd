import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnConnections } from '../../../src/live/messages/own-connections.js'

test('a connection is known while 30,000 others come, and not for ever', () => {
  const own = new OwnConnections()
  own.add('mine')
  for (let i = 0; i < 30_000; i++) own.add(`a${i}`)
  assert.equal(own.has('mine'), true)
  for (let i = 0; i < 30_000; i++) own.add(`b${i}`)
  assert.equal(own.has('mine'), true)
  for (let i = 0; i < 30_000; i++) own.add(`c${i}`)
  assert.equal(own.has('mine'), false)
  assert.equal(own.has('c29999'), true)
})
