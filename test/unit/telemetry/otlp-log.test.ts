import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trace } from '@opentelemetry/api'
import { type LogRecord, SeverityNumber } from '@opentelemetry/api-logs'
import { exportLine } from '../../../src/telemetry/otel/log-export.js'
import { SdkLog } from '../../../src/telemetry/otel/sdk-log.js'

const line = { time: '2026-01-02T03:04:05.678Z', level: 'info', component: 'tls', msg: 'connection accepted' }
const ids = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) }

function exported(fields: object): LogRecord {
  const found: LogRecord[] = []
  const logger = { emit: (record: LogRecord) => void found.push(record), enabled: () => true }
  exportLine(logger, JSON.stringify({ ...line, ...fields }))
  assert.equal(found.length, 1)
  return found[0]!
}

test('a line is a log record: its sentence the body, its fields attributes', () => {
  const { timestamp, severityNumber, severityText, body, attributes } = exported({ conn_id: '42', open: 3, ok: true })
  assert.deepEqual(timestamp, new Date('2026-01-02T03:04:05.678Z'))
  assert.deepEqual([severityNumber, severityText, body], [SeverityNumber.INFO, 'info', 'connection accepted'])
  assert.deepEqual(attributes, { component: 'tls', conn_id: '42', open: 3, ok: true })
})

test('levels are severities', () => {
  const { DEBUG, INFO, WARN, ERROR } = SeverityNumber
  assert.deepEqual(
    ['debug', 'info', 'warn', 'error'].map((level) => exported({ level }).severityNumber),
    [DEBUG, INFO, WARN, ERROR],
  )
})

test('the ids of a span are the context of the record, and no attributes', () => {
  const { context, attributes } = exported({ trace_id: ids.traceId, span_id: ids.spanId })
  const { traceId, spanId, traceFlags } = trace.getSpanContext(context!)!
  assert.deepEqual([traceId, spanId, traceFlags], [ids.traceId, ids.spanId, 1])
  assert.deepEqual(attributes, { component: 'tls' })
  assert.equal(trace.getSpanContext(exported({}).context!), undefined)
})

test('an error is told by the conventions for exceptions', () => {
  const err = { type: 'TypeError', message: 'no', stack: 'TypeError: no\n    at here' }
  assert.deepEqual(exported({ err }).attributes, {
    component: 'tls',
    'exception.type': 'TypeError',
    'exception.message': 'no',
    'exception.stacktrace': err.stack,
  })
  assert.deepEqual(exported({ err: 'thrown' }).attributes, { component: 'tls', 'exception.message': 'thrown' })
})

interface Told {
  readonly level: string
  readonly reason: string
}

function heard() {
  const lines: Told[] = []
  const take =
    (level: string) =>
    (fields: object): void =>
      void lines.push({ level, ...(fields as { reason: string }) })
  const clock = { nowMs: 0 }
  const log = { debug: take('debug'), info: take('info'), warn: take('warn'), error: take('error') }
  return { lines, clock, sdkLog: new SdkLog(log, () => clock.nowMs) }
}

test('the same trouble of the SDK is told once in five minutes', () => {
  const { lines, clock, sdkLog } = heard()
  for (let i = 0; i < 3; i++) sdkLog.error('connect ECONNREFUSED')
  for (let i = 0; i < 3; i++) sdkLog.warn(`Dropped ${i} spans`)
  const told = () => lines.filter(({ level }) => level === 'warn').map(({ reason }) => reason)
  assert.deepEqual(told(), ['connect ECONNREFUSED', 'Dropped 0 spans'])
  clock.nowMs += 300_000
  sdkLog.error('connect ECONNREFUSED')
  assert.equal(told().length, 3)
})

test('of an error as the SDK writes it only the sentence is told, not what a collector answered', () => {
  const { lines, sdkLog } = heard()
  sdkLog.error(JSON.stringify({ stack: 'at …', message: 'Unauthorized', data: 'SECRET', name: 'OTLPExporterError' }))
  sdkLog.error(JSON.stringify({ stack: 'at …', message: '', code: 'ECONNREFUSED', name: 'AggregateError' }))
  sdkLog.error(JSON.stringify({ errors: 'Error: connect ECONNREFUSED ::1:4318', code: 'ECONNREFUSED' }))
  sdkLog.error('an export threw', new Error('no route'), { authorization: 'SECRET' })
  sdkLog.error('{ cut off')
  sdkLog.error('x'.repeat(10_000))
  assert.deepEqual(
    lines.map(({ reason }) => reason),
    [
      'Unauthorized',
      'ECONNREFUSED',
      'Error: connect ECONNREFUSED ::1:4318',
      'an export threw: no route',
      'an export failed',
      'x'.repeat(300),
    ],
  )
})

test('the password of a URL is told at no level, wherever the sentence is cut', () => {
  const { lines, sdkLog } = heard()
  const url = 'http://us:s3cr/et@[@collector:4318 /v1/metrics'
  for (const level of ['error', 'warn', 'info'] as const) sdkLog[level](`'v1/metrics' is not valid in '${url}'`)
  sdkLog.error(`${'x'.repeat(280)} ${url}`)
  sdkLog.error('an export threw', new Error(`connect ${url}`))
  assert.equal(lines.length, 4 + 1)
  assert.doesNotMatch(JSON.stringify(lines), /us:|s3cr|et@/)
  assert.match(lines[0]!.reason, /collector:4318/)
})

test('what the SDK has to say that is no trouble stays at debug', () => {
  const { lines, sdkLog } = heard()
  for (const level of ['info', 'debug', 'verbose'] as const) sdkLog[level]('a word')
  assert.deepEqual(new Set(lines.map(({ level }) => level)), new Set(['debug']))
})

test('sentences that never repeat do not fill the memory', () => {
  const { lines, sdkLog } = heard()
  for (let i = 0; i < 250; i++) sdkLog.warn('x'.repeat(i))
  sdkLog.warn('xx')
  assert.equal(lines.filter(({ reason, level }) => level === 'warn' && reason === 'xx').length, 2)
})
