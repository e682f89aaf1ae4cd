import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionIds, elapsedMs, microClock } from '../../../src/base/clock.js'

test('the clock tells µs between the ms of the wall clock', () => {
  let monotonic = 1000
  const clock = microClock(
    () => 1_700_000_000_000,
    () => monotonic,
  )
  const first = clock()
  monotonic += 0.25
  assert.equal(clock() - first, 250)
})

test('clocks of two processes agree to a tenth of a ms', () => {
  const clock = microClock()
  const before = performance.timeOrigin + performance.now()
  const micros = clock()
  const after = performance.timeOrigin + performance.now()
  assert.ok(micros >= before * 1000 - 100 && micros <= after * 1000 + 100, `${micros / 1000 - before} ms`)
})

test('the clock follows the wall when it was set, within a second', () => {
  let wall = 1_700_000_000_000
  let monotonic = 0
  const clock = microClock(
    () => wall,
    () => monotonic,
  )
  clock()
  wall += 60_000 // somebody set the clock
  monotonic += 1001
  assert.equal(Math.floor(clock() / 1000), wall)
})

test('small differences between the clocks make no jump', () => {
  let wall = 1_700_000_000_000
  let monotonic = 0
  const clock = microClock(
    () => wall,
    () => monotonic,
  )
  const first = clock()
  wall += 1001.5
  monotonic += 1001
  assert.equal(clock() - first, 1_001_000)
})

test('connection ids are 64-bit decimals, all different, also within a ms and over its end', () => {
  const next = connectionIds(3, () => Date.UTC(2026, 0, 1))
  const ids = Array.from({ length: 40_000 }, next)
  assert.equal(new Set(ids).size, ids.length)
  for (const id of ids) assert.ok(/^\d+$/.test(id) && BigInt(id) < 1n << 63n)
})

test('ids of two workers and of a restart differ', () => {
  const at = (ms: number, worker: number): string => connectionIds(worker, () => Date.UTC(2026, 0, 1) + ms)()
  assert.equal(new Set([at(0, 0), at(0, 1), at(1, 0), at(1, 1)]).size, 4)
})

test('time that has passed is told in tenths of a ms', (t) => {
  t.mock.method(performance, 'now', () => 1012.3456)
  assert.equal(elapsedMs(1000), 12.3)
})
