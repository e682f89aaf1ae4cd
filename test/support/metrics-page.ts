/** docs/metrics.md, made from the table of instruments. */
import { type Instrument, instrumentGroups, labels } from '../../src/telemetry/metrics/instruments.js'
import { prometheusName } from '../../src/telemetry/metrics/prometheus.js'
import { maxSets } from '../../src/telemetry/metrics/series.js'

/** `mark`: says where the page comes from. */
export function metricsReference(mark: string): string {
  return `${[
    '# Metrics',
    mark,
    'Counted while `telemetry.metrics` is on, which it is unless switched off: [`GET /metrics`](http-api.md#get-metrics) gives them to ' +
      'Prometheus, OTLP to any collector where `OTEL_*` variables ask for it. Names follow the semantic conventions of OpenTelemetry ' +
      'where there is one; ours begin with `hepgate`. With each metric stands its name in Prometheus, and below it that in OpenTelemetry.',
    'Counters count since the start of the process and never go down, through reloads too; `error.type` is a [cause](causes.md). In ' +
      'Prometheus the dots of labels are underscores (`error_type`), and an empty label is none.',
    'No peer can make a label value: they are of fixed tables, or of the configuration. What is told about an upstream, a domain, a ' +
      'HEP destination or a listener is there as long as it is configured, and gone after the reload that takes it away. What is ' +
      `counted by event (connections, handshakes, messages) stays, so it has at most ${maxSets} sets of label values a metric, which ` +
      'takes a configuration that is reloaded with other names again and again; what is new then is counted together, under ' +
      '`otel_metric_overflow="true"`.',
    ...Object.entries(instrumentGroups).map(([title, group]) => section(title, Object.values(group))),
    '## Labels',
    table(
      '| label | values |',
      Object.entries(labels).map(([name, words]) => `| \`${name}\` | ${words} |`),
    ),
  ].join('\n\n')}\n`
}

function section(title: string, instruments: readonly Instrument[]): string {
  return `## ${title}\n\n${table('| metric | kind | what it is | labels |', instruments.map(row))}`
}

function row(instrument: Instrument): string {
  const { name, kind, help, labels } = instrument
  const names = `\`${prometheusName(instrument)}\`<br>\`${name}\``
  const words = kind === 'updown' ? 'gauge (up-down counter)' : kind
  return `| ${names} | ${words} | ${help} | ${labels.map((label) => `\`${label}\``).join(' ')} |`
}

function table(head: string, rows: readonly string[]): string {
  return [head, head.replace(/[^|]+/g, ' --- '), ...rows].join('\n')
}
