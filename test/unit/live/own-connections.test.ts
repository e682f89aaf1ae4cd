import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionIds } from '../../../src/base/clock.js'
import { OwnConnections } from '../../../src/live/messages/own-connections.js'

test('a connection is known while 30,000 others come, and not for ever', () => {
  const own = new OwnConnections()
  const next = connectionIds()
  const addOthers = (): string => {
    let last = ''
    for (let i = 0; i < 30_000; i++) {
      last = next()
      own.add(last)
    }
    return last
  }
  const mine = next()
  own.add(mine)
  addOthers()
  assert.equal(own.has(mine), true)
  addOthers()
  assert.equal(own.has(mine), true)
  const last = addOthers()
  assert.equal(own.has(mine), false)
  assert.equal(own.has(last), true)
  assert.equal(own.has(next()), false)
})

test('what is no id of a connection is never known', () => {
  const own = new OwnConnections()
  own.add('318027461591040')
  for (const id of [
    '',
    '0',
    '-1',
    '0318027461591040',
    '318027461591040 ',
    '1e15',
    'a84b4c76e66710@pc33',
    '9'.repeat(40),
  ]) {
    own.add(id)
    assert.equal(own.has(id), false, id)
  }
  assert.equal(own.has('318027461591040'), true)
})
