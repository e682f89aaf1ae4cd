import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callSearch, kindOf, quoted } from '../../../dashboards/live/views/calls/search.js'
import { callSearchFields } from '../../../src/base/live.js'
import { compileCallSearch } from '../../../src/live/search/call-search.js'

test('calls come first: probes and registrations have to be asked for', () => {
  assert.equal(kindOf(undefined, ''), 'calls')
  assert.equal(kindOf(undefined, 'alice'), 'calls')
  assert.equal(kindOf('all', ''), 'all')
  assert.equal(kindOf('constructor', ''), 'calls')
})

test('a search that says itself what it wants is not narrowed', () => {
  for (const search of ['method:REGISTER', 'alice -method:OPTIONS', 'call:a84b', 'Conn:3180']) {
    assert.equal(kindOf(undefined, search), 'all', search)
  }
  assert.equal(kindOf('failed', 'method:REGISTER'), 'failed')
})

test('the gateway understands what every kind asks, and a Call-ID of any letters', () => {
  for (const kind of ['calls', 'going', 'failed', 'registrations', 'all'] as const) {
    assert.equal(typeof compileCallSearch(callSearch(kind, `alice call:${quoted('a b"c\\d:e')}`)), 'function', kind)
  }
})

test('every name that is offered is one the gateway knows', () => {
  for (const { name, example } of callSearchFields) {
    assert.equal(typeof compileCallSearch(`${name}:${example}`), 'function', name)
  }
})
