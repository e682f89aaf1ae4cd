import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffOf, passageOf } from '../../../dashboards/live/views/calls/passage.js'
import { message } from './made-up.js'

const invite = { cseq: '1 INVITE', method: 'INVITE' } as const
const received = message(1, { ...invite, direction: 'in', conn_id: '1', text: 'a\r\nb\r\nc\r\n' })
const sent = message(2, { ...invite, direction: 'out', conn_id: '2', text: 'a\r\nx\r\nb\r\n' })

test('a message is found at its other end from both', () => {
  const flow = [received, sent]
  assert.deepEqual(passageOf(flow, received), { received, sent })
  assert.deepEqual(passageOf(flow, sent), { received, sent })
})

test('another transaction, the same connection, or long after is no other end', () => {
  for (const other of [{ cseq: '2 INVITE' }, { conn_id: '1' }, { micros: 40_000_000 }, { method: 'ACK' }]) {
    assert.equal(passageOf([received, { ...sent, ...other }], received), undefined, JSON.stringify(other))
  }
})

test('what another agent saw passes through nothing of ours', () => {
  const seen = message(3, { ...invite, agent: 'pbx-1' })
  assert.equal(passageOf([received, sent, seen], seen), undefined)
})

test('lines that were added and taken away stand where they are', () => {
  const diff = diffOf({ received, sent })!
  assert.deepEqual(
    diff.map(({ change, text }) => `${change} ${text}`),
    ['same a', 'added x', 'same b', 'removed c'],
  )
})

test('texts that are not known, or too long to compare, have no comparison', () => {
  const { text: _, ...unknown } = sent
  assert.equal(diffOf({ received, sent: unknown }), undefined)
  assert.equal(diffOf({ received, sent: { ...sent, text: 'a\r\n'.repeat(1000) } }), undefined)
})
