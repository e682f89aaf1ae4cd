import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metrics } from '@opentelemetry/sdk-node'
import { type Instrument, instruments } from '../../../src/telemetry/metrics/instruments.js'
import type { Point, Reading } from '../../../src/telemetry/metrics/reading.js'
import { metricProducer } from '../../../src/telemetry/otel/otlp-metrics.js'

const { AggregationTemporality, DataPointType } = metrics
const startedMs = 1_800_000_000_250.5

function reading(instrument: Instrument, ...points: Point[]): Reading {
  return { instrument, points }
}

async function exported(...readings: Reading[]): Promise<metrics.MetricData[]> {
  const source = { startedMs, read: async () => readings }
  const { resourceMetrics, errors } = await metricProducer(source, { name: 'hepgate', version: '1.2.3' }).collect()
  assert.deepEqual(errors, [])
  assert.deepEqual(
    resourceMetrics.scopeMetrics.map(({ scope }) => scope),
    [{ name: 'hepgate', version: '1.2.3' }],
  )
  return resourceMetrics.scopeMetrics[0]!.metrics
}

test('counters are monotonic sums since start, with unit and help of the table', async () => {
  const { keepalives } = instruments
  const [sum] = await exported(reading(keepalives, { labels: [], value: 7 }))
  assert.equal(sum?.dataPointType, DataPointType.SUM)
  assert.equal(sum.isMonotonic, true)
  assert.equal(sum.aggregationTemporality, AggregationTemporality.CUMULATIVE)
  const { name, unit, description } = sum.descriptor
  assert.deepEqual([name, unit, description], [keepalives.name, keepalives.unit, keepalives.help])
  const point = sum.dataPoints[0]!
  assert.equal(point.value, 7)
  assert.deepEqual(point.startTime, [1_800_000_000, 250_500_000])
  assert.ok(Math.abs(point.endTime[0] - Date.now() / 1000) < 5)
})

test('what goes up and down is a sum that is not monotonic, what is now a gauge', async () => {
  const [updown, gauge] = await exported(
    reading(instruments.handles, { labels: ['Timeout'], value: 3 }),
    reading(instruments.traceEnabled, { labels: [], value: 0 }),
  )
  assert.equal(updown?.dataPointType, DataPointType.SUM)
  assert.equal(updown.isMonotonic, false)
  assert.equal(gauge?.dataPointType, DataPointType.GAUGE)
  assert.equal(gauge.dataPoints[0]!.value, 0)
})

test('histograms have the bounds of the table and a count for what is above all of them', async () => {
  const { gcDuration } = instruments
  const counts = [...gcDuration.buckets.map(() => 0), 1]
  counts[0] = 2
  const [histogram] = await exported(reading(gcDuration, { labels: ['minor'], value: { counts, sum: 9.5, count: 3 } }))
  assert.equal(histogram?.dataPointType, DataPointType.HISTOGRAM)
  const { value, attributes } = histogram.dataPoints[0]!
  assert.deepEqual(value, { buckets: { boundaries: [...gcDuration.buckets], counts }, sum: 9.5, count: 3 })
  assert.deepEqual(attributes, { 'v8js.gc.type': 'minor' })
})

test('labels are attributes by their own names; an empty one is left out', async () => {
  const instrument: Instrument = {
    name: 'a',
    kind: 'counter',
    unit: '',
    help: '',
    labels: ['result', 'error.type', 'domain'],
  }
  const [sum] = await exported(
    reading(
      instrument,
      { labels: ['success', '', 'default'], value: 1 },
      { labels: ['failure', 'idle', ''], value: 2 },
    ),
  )
  assert.deepEqual(
    sum!.dataPoints.map(({ attributes }) => attributes),
    [
      { result: 'success', domain: 'default' },
      { result: 'failure', 'error.type': 'idle' },
    ],
  )
})

test('the overflow of labels is told as the data model says', async () => {
  const [sum] = await exported(reading(instruments.keepalives, { labels: undefined, value: 5 }))
  assert.deepEqual(sum!.dataPoints[0]!.attributes, { 'otel.metric.overflow': true })
})
