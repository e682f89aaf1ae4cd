/** Metrics and labels by the names that Prometheus knows them by, from the table of instruments. */
import { type Instrument, instruments } from '../../src/telemetry/metrics/instruments.js'
import { prometheusName } from '../../src/telemetry/metrics/prometheus.js'
import { groupingLabels, selectorsOf } from './prometheus-queries.js'

/** What Prometheus itself adds to everything. */
const everywhere = ['job', 'instance']

const labelsOf = new Map<string, readonly string[]>([
  ['up', everywhere],
  ['ALERTS', [...everywhere, 'alertname', 'alertstate']],
  ...Object.values(instruments).flatMap(named),
])

/** Metrics and labels of a query that are none of ours. */
export function unknownNames(expr: string): readonly string[] {
  const selectors = selectorsOf(expr)
  const unknown = selectors.flatMap(({ metric, labels }) => {
    const known = labelsOf.get(metric)
    return known === undefined ? [metric] : labels.filter((label) => !known.includes(label))
  })
  const known = new Set(selectors.flatMap(({ metric }) => labelsOf.get(metric) ?? []))
  return [...unknown, ...groupingLabels(expr).filter((label) => !known.has(label))]
}

function named(instrument: Instrument): [string, readonly string[]][] {
  const name = prometheusName(instrument)
  const labels = [...everywhere, ...instrument.labels.map((label) => label.replaceAll('.', '_'))]
  if (instrument.kind !== 'histogram') return [[name, labels]]
  return [
    [`${name}_bucket`, [...labels, 'le']],
    [`${name}_sum`, labels],
    [`${name}_count`, labels],
  ]
}
