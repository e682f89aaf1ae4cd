import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldErrors, scopeOf, scopeText } from '../../../dashboards/live/views/trace/scope.js'

const nothing = { peer: '', sni: '', user: '', call_id: '' }

test('fields that are empty narrow nothing', () => {
  assert.equal(scopeOf(nothing), undefined)
  assert.equal(scopeOf({ ...nothing, peer: ' , ', sni: '  ' }), undefined)
})

test('peers may be written with spaces or commas between', () => {
  const scope = scopeOf({ ...nothing, peer: '203.0.113.0/24,192.0.2.1  2001:db8::/32', user: ' alice ' })
  assert.deepEqual(scope, { peer: ['203.0.113.0/24', '192.0.2.1', '2001:db8::/32'], user: 'alice' })
})

test('a scope comes back as it was typed', () => {
  const text = { peer: '203.0.113.0/24 192.0.2.1', sni: '*.example.com', user: '', call_id: 'a84b' }
  assert.deepEqual(scopeText(scopeOf(text)), text)
  assert.deepEqual(scopeText(undefined), nothing)
})

test('a problem stands at its field, with the peer it is about; others are left to whoever asked', () => {
  const text = { ...nothing, peer: '203.0.113.0/24 nowhere' }
  const errors = fieldErrors(
    [
      { pointer: '/scope/peer/1', detail: 'no address' },
      { pointer: '/for', detail: 'no time' },
      { pointer: '/scope/__proto__', detail: 'x' },
      { detail: 'y' },
    ],
    text,
  )
  assert.deepEqual(errors, { peer: 'nowhere: no address', for: 'no time' })
})
