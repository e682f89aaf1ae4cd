import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  causeTone,
  endpointParts,
  nameVerdictOf,
  plainAddress,
  verdictOf,
} from '../../../dashboards/live/views/connections/words.js'
import { connection } from './made-up.js'

const toneOf = (part: Parameters<typeof connection>[0]) => verdictOf(connection(part)).tone

test('no certificate is as usual for a phone, and worth a look for a server', () => {
  assert.equal(toneOf({ verify: 'none', direction: 'in' }), 'neutral')
  assert.equal(toneOf({ verify: 'none', direction: 'out' }), 'warning')
  assert.equal(toneOf({ verify: 'ok' }), 'good')
})

test('what OpenSSL found wrong is said in words, and by its code where there are none', () => {
  assert.match(verdictOf(connection({ verify: 'CERT_HAS_EXPIRED' })).text, /has expired/)
  assert.match(verdictOf(connection({ verify: 'NEW_CODE' })).text, /NEW_CODE/)
  assert.equal(toneOf({ verify: 'NEW_CODE' }), 'bad')
})

test('without TLS there is no verdict, and before the handshake none yet', () => {
  assert.match(verdictOf(connection({ transport: 'udp' })).text, /UDP/)
  assert.match(verdictOf(connection({ state: 'handshake' })).text, /going on/)
})

test('the name is judged only where one was meant', () => {
  assert.equal(nameVerdictOf(connection({})), undefined)
  assert.equal(nameVerdictOf(connection({ verify_name: 'ok' }))?.tone, 'good')
  assert.equal(nameVerdictOf(connection({ verify_name: 'mismatch' }))?.tone, 'bad')
})

test('an end in order is no news', () => {
  assert.equal(causeTone('peer-closed'), 'neutral')
  assert.equal(causeTone('cert-expired'), 'bad')
})

test('endpoints of both families come apart', () => {
  assert.deepEqual(endpointParts('192.0.2.1:5061'), ['192.0.2.1', ':5061'])
  assert.deepEqual(endpointParts('[2001:db8::1]:5061'), ['[2001:db8::1]', ':5061'])
  assert.equal(plainAddress('[2001:db8::1]:5061'), '2001:db8::1')
})
