import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch } from '../../../src/relay/batch.js'

const buf = Buffer.from('aaaabbbbcccc')

test('messages side by side are one write, and the whole buffer is not copied or cut', () => {
  const batch = new Batch()
  assert.ok(batch.add(buf, 0, 4) && batch.add(buf, 4, 8) && batch.add(buf, 8, 12))
  assert.equal(batch.messages, 3)
  assert.equal(batch.take(), buf)
  assert.equal(batch.messages, 0)
})

test('a gap between messages (a keep-alive that was answered) begins a new write', () => {
  const batch = new Batch()
  assert.ok(batch.add(buf, 0, 4))
  assert.equal(batch.add(buf, 6, 8), false)
  assert.equal(batch.take().toString(), 'aaaa')
  assert.ok(batch.add(buf, 6, 8))
  assert.equal(batch.take().toString(), 'bb')
})

test('a message put together in another buffer begins a new write', () => {
  const batch = new Batch()
  assert.ok(batch.add(buf, 0, 4))
  assert.equal(batch.add(Buffer.from('bbbb'), 4, 8), false)
})
