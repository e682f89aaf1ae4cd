import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { openDescriptors } from '../../../src/telemetry/metrics/descriptors.js'
import { instruments } from '../../../src/telemetry/metrics/instruments.js'
import { LoopWindow } from '../../../src/telemetry/metrics/loop-window.js'
import { ProcessMetrics } from '../../../src/telemetry/metrics/process-metrics.js'
import type { HistogramValue } from '../../../src/telemetry/metrics/reading.js'
import { until } from '../../support/wait.js'

const blockedMs = 150

/** Holds the event loop up. */
function block(): void {
  const end = performance.now() + blockedMs
  while (performance.now() < end);
}

function loopWindow(t: TestContext): LoopWindow {
  const window = new LoopWindow()
  t.after(() => window.stop())
  return window
}

const longest = (window: LoopWindow) => window.read().delay?.max ?? 0

test('a hold-up of the event loop is told, as long as it was, to whoever asks and as often as they ask', async (t) => {
  const window = loopWindow(t)
  await until('a first tick', () => window.read().delay)
  block()
  await until('the hold-up', () => longest(window) >= 0.1)
  assert.ok(longest(window) < 60, 'seconds')
  assert.equal(longest(window), longest(window))
  const { utilization, delay } = window.read()
  assert.ok(utilization > 0 && utilization <= 1)
  assert.ok(delay !== undefined && delay.p50 < delay.max && delay.mean < delay.max && delay.p99 <= delay.max)
})

test('it is told for one turn at least, and no more after the second', async (t) => {
  const window = loopWindow(t)
  await until('a first tick', () => window.read().delay)
  block()
  await until('the hold-up', () => longest(window) >= 0.1)
  window.turn()
  assert.ok(longest(window) >= 0.1)
  window.turn()
  // A busy machine may hold us up as long: then once more.
  await until('a turn without it', async () => {
    await until('a tick since', () => window.read().delay)
    const isForgotten = longest(window) < 0.1
    window.turn()
    return isForgotten
  })
})

test('nothing is told of delays before there was a tick', (t) => {
  assert.equal(loopWindow(t).read().delay, undefined)
})

test('what the process uses is told, in seconds and bytes', async (t) => {
  const metrics = new ProcessMetrics()
  t.after(() => metrics.stop())
  await until('a garbage collection that was seen', async () => {
    Array.from({ length: 100_000 }, () => ({}))
    const gc = (await metrics.readings()).find(({ instrument }) => instrument === instruments.gcDuration)
    return gc?.points.some(({ value }) => (value as HistogramValue).count > 0)
  })
  const values = new Map(
    (await metrics.readings()).map(({ instrument, points }) => [instrument.name, points.map(({ value }) => value)]),
  )
  const one = (name: string) => values.get(name)?.[0] as number
  assert.ok(one('process.memory.usage') > 10e6 && one('process.memory.usage') < 10e9)
  assert.ok(one('v8js.memory.heap.used') > 1e6 && one('v8js.memory.heap.used') <= one('v8js.memory.heap.limit'))
  assert.ok(one('process.uptime') > 0 && one('process.uptime') < 600)
  assert.ok(one('process.cpu.time') > 0 && one('process.cpu.time') < 600)
  assert.equal(values.get('process.cpu.time')?.length, 2)
  assert.ok(one('hepgate.process.handles') > 0)
  if (process.platform === 'linux') {
    assert.ok(one('hepgate.process.file_descriptors') > 2 && one('hepgate.process.file_descriptors') < 1000)
  }
})

test('descriptors are counted where the system has no number of them, and not told where it has neither', async () => {
  const entries = '/proc/self/task' // as long as it has no size; of the descriptors the directory itself is one
  if (process.platform === 'linux') assert.equal(await openDescriptors(entries), readdirSync(entries).length - 1)
  assert.equal(await openDescriptors('/nowhere'), undefined)
})
