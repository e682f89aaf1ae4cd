import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CallIds } from '../../../src/trace/call-ids.js'

function see(ids: CallIds, callId: string, micros = 0): boolean {
  const buf = Buffer.from(`Call-ID: ${callId}\r\n`)
  return ids.firstSight(buf, 9, buf.length - 2, micros)
}

test('a Call-ID is new once, also between others', () => {
  const ids = new CallIds()
  assert.deepEqual(
    ['a@h', 'a@h', 'b@h', 'a@h', 'b@h', 'c@h'].map((callId) => see(ids, callId)),
    [true, false, true, false, false, true],
  )
})

test('Call-IDs that begin alike, or hold one another, are different', () => {
  const ids = new CallIds()
  assert.deepEqual(
    ['call-1', 'call-10', 'call-', 'CALL-1'].map((callId) => see(ids, callId)),
    [true, true, true, true],
  )
})

test('a trunk with thousands of calls at once tells each of them once', () => {
  const ids = new CallIds()
  const calls = Array.from({ length: 2000 }, (_, i) => `${i}-${i * 7919}@trunk.example.com`)
  assert.equal(calls.filter((callId) => see(ids, callId)).length, 2000)
  assert.equal(calls.filter((callId) => see(ids, callId)).length, 0)
})

test('a call that goes on is known however many others come and go', () => {
  const ids = new CallIds()
  see(ids, 'long@h')
  let again = 0
  for (let i = 0; i < 50_000; i++) {
    see(ids, `short-${i}@h`)
    if (i % 1000 === 0 && see(ids, 'long@h')) again++
  }
  assert.equal(again, 0)
})

test('what was seen long ago is forgotten, so that memory stays bounded', () => {
  const ids = new CallIds()
  see(ids, 'first@h')
  for (let i = 0; i < 10_000; i++) see(ids, `${i}@h`)
  assert.equal(see(ids, 'first@h'), true)
})

test('the latest Call-IDs since a time, latest first, at most 16', () => {
  const ids = new CallIds()
  for (let i = 0; i < 40; i++) see(ids, `${i}@h`, i)
  assert.deepEqual(
    ids.recent(0),
    Array.from({ length: 16 }, (_, i) => `${39 - i}@h`),
  )
  assert.deepEqual(ids.recent(38), ['39@h', '38@h'])
  see(ids, '30@h', 40)
  see(ids, '30@h', 41)
  assert.deepEqual(ids.recent(38), ['30@h', '39@h', '38@h'])
  see(ids, '3@h', 42)
  assert.deepEqual(ids.recent(41), ['3@h', '30@h'], 'known, but no more among the latest until now')
})

test('a Call-ID longer than 255 octets is not remembered', () => {
  const ids = new CallIds()
  assert.equal(see(ids, 'x'.repeat(256)), false)
  assert.deepEqual(ids.recent(0), [])
  assert.equal(see(ids, 'x'.repeat(255)), true)
})

test('octets beyond ASCII come back as they were', () => {
  const ids = new CallIds()
  see(ids, 'grüße@h')
  assert.deepEqual(ids.recent(0), ['grüße@h'])
})
