import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clockMicros, detailOf, gapText, titleOf } from '../../../dashboards/live/views/calls/look.js'
import { message } from './made-up.js'

test('gaps have three digits at most, and a sign', () => {
  assert.deepEqual([0.02, 5, 502, 4100, 64_000, -3].map(gapText), [
    '+20 µs',
    '+5.0 ms',
    '+502 ms',
    '+4.10 s',
    '+1:04 min',
    '−3.0 ms',
  ])
})

test('a message is its method, its status, or its event and cause', () => {
  assert.equal(titleOf(message(1, { method: 'INVITE', summary: 'INVITE sip:a SIP/2.0' })), 'INVITE')
  assert.equal(titleOf(message(1, { status: 180, summary: 'SIP/2.0 180 Ringing' })), '180 Ringing')
  assert.equal(titleOf(message(1, { kind: 'event', summary: 'CLOSED FAILURE peer-reset: x' })), 'CLOSED peer-reset')
  assert.equal(titleOf(message(1, { kind: 'event', summary: 'TLS_SESSION SUCCESS' })), 'TLS session')
})

test('beside it stands to whom a request goes, and what a response answers', () => {
  const summary = 'INVITE sips:bob@example.com;transport=tls SIP/2.0'
  assert.equal(detailOf(message(1, { method: 'INVITE', summary })), 'bob@example.com')
  assert.equal(detailOf(message(1, { status: 200, cseq: '1 INVITE', summary: 'SIP/2.0 200 OK' })), 'INVITE')
})

test('times are told to the microsecond', () => {
  assert.match(clockMicros(1_795_402_800_004_005), /^\d\d:\d\d:\d\d\.004005$/)
})
