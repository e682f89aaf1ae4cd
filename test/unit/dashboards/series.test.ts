import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bucketed,
  causesOf,
  meansOf,
  settledAt,
  spanOf,
  timesOf,
} from '../../../dashboards/live/views/overview/series.js'
import { sample } from './made-up.js'

const seconds = (from: number, count: number) => Array.from({ length: count }, (_, i) => sample(from + i, { open: i }))

test('a group keeps its samples from one second to the next', () => {
  const samples = seconds(1000, 60)
  const before = timesOf(bucketed(samples.slice(0, 59), 50, 5))
  const after = timesOf(bucketed(samples, 50, 5))
  // the first one loses its samples as they get too old
  for (const t of before.slice(1)) assert.ok(after.includes(t), `the group from ${t} on has moved`)
})

test('only the last seconds are taken, also where some are missing', () => {
  const groups = bucketed([sample(1), sample(900), sample(1000)], 300, 5)
  assert.deepEqual(timesOf(groups), [900, 1000])
})

test('a point is the mean of its group', () => {
  assert.deepEqual(
    meansOf([[sample(1, { open: 2 }), sample(2, { open: 4 })], [sample(3, { open: 1 })]], (s) => s.open),
    [3, 1],
  )
})

test('as much time is shown as there is, up to an hour', () => {
  assert.equal(spanOf([]), '5m')
  assert.equal(spanOf(seconds(1000, 180)), '5m')
  assert.equal(spanOf(seconds(1000, 600)), '15m')
  assert.equal(spanOf(seconds(1000, 1200)), '30m')
  assert.equal(spanOf(seconds(1000, 3600)), '1h')
})

test('heights mean something once everybody has connected again', () => {
  assert.equal(settledAt('1970-01-01T00:16:40.500Z'), 1011)
})

test('the commonest causes come first', () => {
  const samples = [
    sample(1, { failed_by: { 'cert-expired': 1, 'not-tls': 2 } }),
    sample(2, { failed_by: { 'cert-expired': 3 } }),
  ]
  assert.deepEqual(causesOf(samples, 5), ['cert-expired', 'not-tls'])
  assert.deepEqual(causesOf(samples, 1), ['cert-expired'])
})
