import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askedFor, contradictions, exportersOf, variable, wrongEndpoints } from '../../../src/telemetry/otel/signals.js'

const all = ['traces', 'metrics', 'logs']

const cases: [what: string, env: NodeJS.ProcessEnv, signals: string[]][] = [
  ['nothing is set', {}, []],
  ['an endpoint asks for all', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, all],
  ['an endpoint of one signal asks for that', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/x' }, ['traces']],
  ['an exporter asks for its signal, without an endpoint', { OTEL_LOGS_EXPORTER: 'otlp' }, ['logs']],
  [
    'none takes one out of all',
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_LOGS_EXPORTER: 'none' },
    ['traces', 'metrics'],
  ],
  ['what is empty is not set', { OTEL_EXPORTER_OTLP_ENDPOINT: '', OTEL_TRACES_EXPORTER: ' ' }, []],
  ['the protocol alone asks for nothing', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, []],
  ['several exporters', { OTEL_METRICS_EXPORTER: 'otlp, console' }, ['metrics']],
  ['a list of nothing is not set', { OTEL_METRICS_EXPORTER: ' , ' }, []],
  ['the SDK is disabled', { OTEL_SDK_DISABLED: 'True', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, []],
  ['it is not disabled', { OTEL_SDK_DISABLED: 'false', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, all],
]

for (const [what, env, signals] of cases) {
  test(what, () => assert.deepEqual([...askedFor(env)], signals))
}

test('values are read without the white space around them', () => {
  assert.deepEqual(exportersOf({ OTEL_METRICS_EXPORTER: ' otlp ,, console' }, 'metrics'), ['otlp', 'console'])
  assert.equal(variable({ A: ' b ' }, 'A'), 'b')
  assert.equal(variable({ A: ' ' }, 'A'), undefined)
})

const endpoints: [what: string, env: NodeJS.ProcessEnv, wrong: string[]][] = [
  ['what is no URL', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }, ['OTEL_EXPORTER_OTLP_ENDPOINT']],
  ['a URL', { OTEL_EXPORTER_OTLP_ENDPOINT: ' https://c:4318 ' }, []],
  ['a host that looks like a scheme', { OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4318' }, ['OTEL_EXPORTER_OTLP_ENDPOINT']],
  ['another scheme', { OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://c' }, ['OTEL_EXPORTER_OTLP_ENDPOINT']],
  [
    'the one of a signal',
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c:4318',
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'collector',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
    },
    ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'],
  ],
  ['gRPC: without scheme', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4317' }, []],
  ['gRPC: a socket', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'unix:///run/c' }, []],
  [
    'gRPC: another scheme',
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://c' },
    ['OTEL_EXPORTER_OTLP_ENDPOINT'],
  ],
  [
    'gRPC for one signal alone',
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'c:4317' },
    ['OTEL_EXPORTER_OTLP_ENDPOINT'],
  ],
]

for (const [what, env, wrong] of endpoints) {
  test(`an endpoint that cannot be one is named, and its value is not: ${what}`, () => {
    assert.deepEqual(wrongEndpoints(env), wrong)
  })
}

test('none beside others is a contradiction', () => {
  const env = { OTEL_TRACES_EXPORTER: 'otlp,none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'otlp' }
  assert.deepEqual(contradictions(env), ['OTEL_TRACES_EXPORTER'])
  assert.deepEqual([...askedFor(env)], ['logs'])
})
