import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asksForClosed,
  fieldTerm,
  isOn,
  lifeNames,
  replaced,
  termsOf,
  toggled,
} from '../../../dashboards/live/views/connections/search-text.js'
import { searchTerms } from '../../../src/live/search/search-terms.js'

const failed = { label: 'Failed', title: '', terms: ['state:closed', '-cause:bye'] }

test('a text is cut where the gateway cuts it', () => {
  assert.deepEqual(termsOf('  alice -user:"a b"  sni:*.example.com '), ['alice', '-user:"a b"', 'sni:*.example.com'])
  assert.deepEqual(termsOf('user:"never ended x'), ['user:"never ended x'])
})

test('a button puts its terms in, shows that they are there, and takes them out again', () => {
  const on = toggled('alice', failed)
  assert.equal(on, 'alice state:closed -cause:bye')
  assert.ok(isOn(on, failed))
  assert.equal(toggled(on, failed), 'alice')
})

test('what was said of the same columns gives way', () => {
  assert.equal(toggled('state:handshake alice', failed), 'alice state:closed -cause:bye')
  assert.equal(replaced('STATE:open cause:x alice', lifeNames, ['state:closed']), 'alice state:closed')
})

test('a value of any letters becomes one term that the gateway understands', () => {
  for (const value of ['alice', 'a b', 'say "hi" \\ there', 'a:b']) {
    const term = fieldTerm('user', value)
    assert.deepEqual(termsOf(term), [term])
    assert.deepEqual(searchTerms(term), [{ name: 'user', value, negated: false }], term)
  }
})

test('who asks for a cause asks for closed connections', () => {
  for (const search of ['state:closed', 'x cause:peer-reset', 'STATE:"closed"'])
    assert.ok(asksForClosed(search), search)
  for (const search of ['', 'state:open', '-cause:bye', '-state:closed', 'user:"state:closed"']) {
    assert.ok(!asksForClosed(search), search)
  }
})
