import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dropReasons, Ledger } from '../../../src/destinations/ledger.js'

test('every reason of the table has a count, also while it is 0', () => {
  assert.deepEqual(Object.keys(new Ledger().dropped).sort(), Object.keys(dropReasons).sort())
})

test('the time of an error is when it began, not when it was last seen', () => {
  const ledger = new Ledger()
  ledger.error('refused', new Date(1000))
  ledger.error('refused', new Date(2000))
  assert.equal(ledger.lastErrorAt, '1970-01-01T00:00:01.000Z')
  ledger.error('reset', new Date(3000))
  assert.deepEqual([ledger.lastError, ledger.lastErrorAt], ['reset', '1970-01-01T00:00:03.000Z'])
})
