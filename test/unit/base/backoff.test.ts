import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoff } from '../../../src/base/backoff.js'

test('waiting times double up to the longest, and begin anew after a success', () => {
  const waits = backoff(1000, 30_000, () => 0.5)
  assert.deepEqual(
    Array.from({ length: 7 }, () => waits.next()),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  )
  waits.reset()
  assert.equal(waits.next(), 1000)
})

test('jitter spreads them by a quarter to both sides, never beyond the longest', () => {
  assert.equal(backoff(1000, 30_000, () => 0).next(), 750)
  assert.equal(backoff(1000, 30_000, () => 1).next(), 1250)
  assert.equal(backoff(30_000, 30_000, () => 1).next(), 30_000)
})
