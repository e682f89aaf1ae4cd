import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from '../../../src/telemetry/metrics/histogram.js'
import { instruments } from '../../../src/telemetry/metrics/instruments.js'
import { counts, maxSets } from '../../../src/telemetry/metrics/series.js'
import { Growth, Sheet } from '../../../src/telemetry/metrics/sheet.js'

test('a set of labels has one cell, whoever asks', () => {
  const series = counts(instruments.upstreamProbes)
  series.at('sip:a', 'upstream', 'success').value++
  series.at('sip:a', 'upstream', 'success').value++
  series.at('sip:a', 'upstream', 'failure').value++
  assert.deepEqual(series.read(), {
    instrument: instruments.upstreamProbes,
    points: [
      { labels: ['sip:a', 'upstream', 'success'], value: 2 },
      { labels: ['sip:a', 'upstream', 'failure'], value: 1 },
    ],
  })
})

test('sets beyond the cap count together, those that were there before go on by themselves', () => {
  const series = counts(instruments.lost)
  for (let i = 0; i < maxSets + 5; i++) series.at(`cause-${i}`).value++
  series.at('cause-0').value++
  series.at(`cause-${maxSets}`).value++
  const { points } = series.read()
  assert.equal(points.length, maxSets + 1)
  assert.equal(points[0]?.value, 2)
  assert.deepEqual(points.at(-1), { labels: undefined, value: 6 })
})

test('a histogram counts what is equal to a bound below it, and what is above all of them behind', () => {
  const histogram = new Histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11, 1000]) histogram.record(value)
  assert.deepEqual(histogram.value, { counts: [2, 2, 2], sum: 1023.5, count: 6 })
})

test('what was read of a histogram does not change afterwards', () => {
  const histogram = new Histogram([1])
  const { value } = histogram
  histogram.record(0)
  assert.deepEqual(value, { counts: [0, 0], sum: 0, count: 0 })
})

/** What a counter has come to when its parts, by name, stand at these numbers one reading after the other. */
function totals(...readings: Readonly<Record<string, number>>[]): (number | undefined)[] {
  const growth = new Growth()
  return readings.map((parts) => {
    const sheet = new Sheet(growth)
    for (const [source, value] of Object.entries(parts)) sheet.count(instruments.hepSentBytes, ['hep'], value, source)
    return sheet.readings()[0]?.points[0]?.value as number | undefined
  })
}

test('a counter goes on where it was when a part of it is replaced', () => {
  assert.deepEqual(totals({ a: 10 }, { a: 15 }, { a: 3 }, { a: 4 }), [10, 15, 18, 19])
  assert.deepEqual(totals({ a: 1000, b: 5 }, { a: 1000, b: 0 }, { b: 2 }, { b: 2, c: 7 }), [1005, 1005, 1007, 1014])
})

test('a counter of something that is gone is told no more, and begins anew', () => {
  assert.deepEqual(totals({ a: 10 }, {}, { a: 2 }), [10, undefined, 2])
})

test('two parts of one name are two', () => {
  const growth = new Growth()
  const reading = (...values: number[]) => {
    const sheet = new Sheet(growth)
    for (const value of values) sheet.count(instruments.relayed, [], value)
    return sheet.readings()[0]?.points[0]?.value
  }
  assert.deepEqual([reading(10, 7), reading(12, 8)], [17, 20])
})

test('of gauges with the same labels the largest is told, sums add up, and what is undefined is not there', () => {
  const sheet = new Sheet(new Growth())
  for (const value of [false, true, false]) sheet.put(instruments.upstreamUp, value, 'sip:a', 'upstream')
  for (const value of [2, 3]) sheet.put(instruments.upstreamConnections, value, 'sip:a', 'upstream')
  sheet.put(instruments.traceRemaining, undefined)
  assert.deepEqual(
    sheet.readings().map(({ instrument, points }) => [instrument, points.map(({ value }) => value)]),
    [
      [instruments.upstreamUp, [1]],
      [instruments.upstreamConnections, [5]],
    ],
  )
})
