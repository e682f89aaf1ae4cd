/**
 * Readings as Prometheus takes them: text exposition format 0.0.4, names by the OpenTelemetry specification of
 * compatibility with Prometheus (dots to underscores, the unit behind the name, `_total` behind counters).
 */
import type { Instrument, InstrumentKind } from './instruments.js'
import type { HistogramValue, Point, Reading } from './reading.js'

/** Readings without a point leave nothing. */
export function prometheusText(readings: readonly Reading[]): string {
  return readings
    .filter(({ points }) => points.length > 0)
    .map(family)
    .join('')
}

/** The name of its family; the samples of a histogram add `_bucket`, `_sum` and `_count`. */
export function prometheusName({ name, unit, kind }: Instrument): string {
  const unitSuffix = unit === '1' && kind === 'gauge' ? '_ratio' : (unitSuffixes[unit] ?? '')
  return `${plainName(name)}${unitSuffix}${kind === 'counter' ? '_total' : ''}`
}

const unitSuffixes: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' }

const types: Readonly<Record<InstrumentKind, string>> = {
  counter: 'counter',
  updown: 'gauge',
  gauge: 'gauge',
  histogram: 'histogram',
}

function family({ instrument, points }: Reading): string {
  const name = prometheusName(instrument)
  let text = `# HELP ${name} ${escapedHelp(instrument.help)}\n# TYPE ${name} ${types[instrument.kind]}\n`
  const labelNames = instrument.labels.map(plainName)
  for (const { labels, value } of points) {
    const set = labelSet(labelNames, labels)
    text +=
      typeof value === 'number'
        ? sample(name, set, value)
        : histogramSamples(name, set, value, instrument.buckets as readonly number[])
  }
  return text
}

function histogramSamples(name: string, set: string, value: HistogramValue, bounds: readonly number[]): string {
  const comma = set === '' ? '' : ','
  let text = ''
  let below = 0
  for (let i = 0; i < value.counts.length; i++) {
    below += value.counts[i] as number
    text += sample(`${name}_bucket`, `${set}${comma}le="${numberText(bounds[i] ?? Number.POSITIVE_INFINITY)}"`, below)
  }
  return text + sample(`${name}_sum`, set, value.sum) + sample(`${name}_count`, set, value.count)
}

function sample(name: string, set: string, value: number): string {
  return set === '' ? `${name} ${numberText(value)}\n` : `${name}{${set}} ${numberText(value)}\n`
}

/** OTel metrics SDK, cardinality limits: the overflow has this label, and no other. */
function labelSet(names: readonly string[], labels: Point['labels']): string {
  if (labels === undefined) return 'otel_metric_overflow="true"'
  let set = ''
  for (let i = 0; i < names.length; i++)
    set += `${set === '' ? '' : ','}${names[i]}="${escapedValue(labels[i] as string)}"`
  return set
}

function plainName(name: string): string {
  return name.replaceAll('.', '_')
}

/** As Go reads numbers. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapedValue(text: string): string {
  return /[\\"\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"') : text
}
