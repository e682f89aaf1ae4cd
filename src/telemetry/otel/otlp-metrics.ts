/**
 * Our readings as the SDK of OpenTelemetry exports them: a producer that its metric readers ask, beside the SDK's own.
 * All sums are since start (cumulative). It counts nothing and keeps nothing.
 */
import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api'
import { metrics, resources } from '@opentelemetry/sdk-node'
import type { Instrument } from '../metrics/instruments.js'
import type { HistogramValue, Point, Reading } from '../metrics/reading.js'

const { AggregationTemporality, DataPointType } = metrics

/** Where readings come from: `Metrics`. */
export interface MetricSource {
  read(): Promise<readonly Reading[]>
  /** Unix ms */
  readonly startedMs: number
}

/** `scope`: the name and version of who measured. */
export function metricProducer(source: MetricSource, scope: { name: string; version: string }): metrics.MetricProducer {
  const startTime = hrTime(source.startedMs)
  return {
    collect: async () => {
      const readings = await source.read()
      const endTime = hrTime(Date.now())
      const data = readings.map((reading) => metricData(reading, startTime, endTime))
      // The reader takes the resource of the SDK.
      const resource = resources.emptyResource()
      return { resourceMetrics: { resource, scopeMetrics: [{ scope, metrics: data }] }, errors: [] }
    },
  }
}

export function metricData({ instrument, points }: Reading, startTime: HrTime, endTime: HrTime): metrics.MetricData {
  const { name, help, unit, kind } = instrument
  const base = {
    descriptor: { name, description: help, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  const dataPoint = <T>(point: Point, value: T) => ({
    startTime,
    endTime,
    attributes: attributesOf(instrument, point),
    value,
  })
  if (kind === 'histogram') {
    const boundaries = [...(instrument.buckets ?? [])]
    const dataPoints = points.map((point) => dataPoint(point, histogram(point.value as HistogramValue, boundaries)))
    return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints }
  }
  const dataPoints = points.map((point) => dataPoint(point, point.value as number))
  if (kind === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE, dataPoints }
  return { ...base, dataPointType: DataPointType.SUM, isMonotonic: kind === 'counter', dataPoints }
}

/** Prometheus takes an empty label for one that is not there; here it is left out. */
function attributesOf({ labels }: Instrument, point: Point): Attributes {
  // Data model of OpenTelemetry metrics, "Overflow attribute"
  if (point.labels === undefined) return { 'otel.metric.overflow': true }
  const attributes: Attributes = {}
  for (const [i, label] of labels.entries()) {
    const value = point.labels[i]
    if (value !== undefined && value !== '') attributes[label] = value
  }
  return attributes
}

function histogram({ counts, sum, count }: HistogramValue, boundaries: number[]) {
  return { buckets: { boundaries, counts: [...counts] }, sum, count }
}

/** Seconds and nanoseconds, of Unix ms. */
function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}
