import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MessageCounters } from '../../../src/tls/message-counters.js'

test('lost messages add up by cause', () => {
  const messages = new MessageCounters()
  messages.lose(2, 'send-timeout')
  messages.lose(3, 'peer-reset')
  messages.lose(1, 'send-timeout')
  assert.deepEqual(messages.lost, { 'send-timeout': 3, 'peer-reset': 3 })
})

test('a connection that ended with nothing to lose leaves no trace in the counts', () => {
  const messages = new MessageCounters()
  messages.lose(0, 'peer-closed')
  assert.deepEqual(messages.lost, {})
})

test('what was read stays as it was', () => {
  const messages = new MessageCounters()
  messages.lose(1, 'idle')
  const { lost } = messages
  messages.lose(1, 'idle')
  assert.deepEqual(lost, { idle: 1 })
})
