import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Instrument, instruments, labels } from '../../../src/telemetry/metrics/instruments.js'
import { prometheusName, prometheusText } from '../../../src/telemetry/metrics/prometheus.js'
import { parseExposition } from '../../support/exposition.js'

const all: readonly Instrument[] = Object.values(instruments)

test('names follow the compatibility specification: underscores, the unit, _total behind counters', () => {
  const names = [
    'handshakeDuration',
    'handshakes',
    'hepSentBytes',
    'cpuTime',
    'eventLoopUtilization',
    'connectionsActive',
    'traceEnabled',
    'reloadTime',
  ] as const
  assert.deepEqual(
    names.map((key) => prometheusName(instruments[key])),
    [
      'hepgate_tls_handshake_duration_seconds',
      'hepgate_tls_handshakes_total',
      'hepgate_hep_sent_io_bytes_total',
      'process_cpu_time_seconds_total',
      'nodejs_eventloop_utilization_ratio',
      'hepgate_connections_active',
      'hepgate_trace_enabled',
      'hepgate_reload_time_seconds',
    ],
  )
})

test('every instrument has a name of its own, a sentence, a unit that has a suffix or needs none, and known labels', () => {
  assert.equal(new Set(all.map(prometheusName)).size, all.length)
  for (const { name, help, unit, kind, labels: own, buckets } of all) {
    assert.match(name, /^[a-z0-9]+(?:[._][a-z0-9]+)+$/)
    assert.match(help, /^[A-Z0-9].*\.$/)
    assert.match(unit, /^(s|By|1|\{[a-z_]+\}|)$/, name)
    assert.equal(buckets !== undefined, kind === 'histogram', name)
    assert.equal(new Set(own).size, own.length)
    for (const label of own) assert.ok(label in labels)
  }
})

test('every label is one of some instrument', () => {
  const used = new Set(all.flatMap((instrument) => instrument.labels))
  assert.deepEqual(
    Object.keys(labels).filter((label) => !used.has(label as keyof typeof labels)),
    [],
  )
})

test('a family is its help, its type and its samples, and without samples nothing', () => {
  const text = prometheusText([
    { instrument: instruments.traceEnabled, points: [{ labels: [], value: 1 }] },
    { instrument: instruments.traceRemaining, points: [] },
    { instrument: instruments.lost, points: [{ labels: ['idle'], value: 3 }] },
  ])
  assert.equal(
    text,
    `# HELP hepgate_trace_enabled ${instruments.traceEnabled.help}
# TYPE hepgate_trace_enabled gauge
hepgate_trace_enabled 1
# HELP hepgate_sip_lost_total ${instruments.lost.help}
# TYPE hepgate_sip_lost_total counter
hepgate_sip_lost_total{error_type="idle"} 3
`,
  )
})

test('buckets of a histogram hold all that is below them, the last one everything', () => {
  const counts = [1, 0, 2, 0, 0, 1]
  const value = { counts, sum: 2.5, count: 4 }
  const text = prometheusText([{ instrument: instruments.gcDuration, points: [{ labels: ['minor'], value }] }])
  assert.deepEqual(
    text
      .split('\n')
      .slice(2)
      .map((line) => line.replace('v8js_gc_duration_seconds', '')),
    [
      '_bucket{v8js_gc_type="minor",le="0.0001"} 1',
      '_bucket{v8js_gc_type="minor",le="0.001"} 1',
      '_bucket{v8js_gc_type="minor",le="0.01"} 3',
      '_bucket{v8js_gc_type="minor",le="0.1"} 3',
      '_bucket{v8js_gc_type="minor",le="1"} 3',
      '_bucket{v8js_gc_type="minor",le="+Inf"} 4',
      '_sum{v8js_gc_type="minor"} 2.5',
      '_count{v8js_gc_type="minor"} 4',
      '',
    ],
  )
})

test('what had too many sets is told under the overflow label alone', () => {
  const text = prometheusText([{ instrument: instruments.lost, points: [{ labels: undefined, value: 7 }] }])
  assert.match(text, /^hepgate_sip_lost_total\{otel_metric_overflow="true"\} 7$/m)
})

test('any text survives as label and help, any number as value', () => {
  const text = fc.string({
    unit: fc.constantFrom('\\', '"', '\n', 'n', '{', '}', ',', '=', ' ', '#', 'é', '\u2028', 'a'),
  })
  const number = fc.oneof(fc.double(), fc.constantFrom(Infinity, -Infinity, NaN, 1e21, 1e-7, -0))
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: String }), text, number, (sets, help, value) => {
      fc.pre(sets.length > 0)
      const instrument: Instrument = { ...instruments.upstreamUp, help }
      const points = sets.map((labels) => ({ labels, value }))
      const family = parseExposition(prometheusText([{ instrument, points }])).get('hepgate_upstream_up')
      assert.deepEqual(
        family?.samples.map((sample) => [sample.labels.upstream, sample.labels.role]),
        sets,
      )
      assert.equal(family?.help, help)
      for (const sample of family.samples) assert.equal(sample.value, value === 0 ? 0 : value)
    }),
  )
})

test('the reader of these tests refuses what is not the format', () => {
  const good = '# HELP a b\n# TYPE a gauge\na{x="1"} 1\n'
  assert.equal(parseExposition(good).get('a')?.samples.length, 1)
  for (const bad of [
    good.slice(0, -1),
    good.replace('"1"', '"\\x"'),
    good.replace('"1"', '"1'),
    good.replace('{x="1"}', '{}'),
    good.replace(' 1\n', ' one\n'),
    `${good}a{x="1"} 2\n`,
    `${good}b 2\n`,
    good + good,
  ]) {
    assert.throws(() => parseExposition(bad), bad)
  }
})
