/** Metrics and log records as a collector decodes them, and everything there still is to export when a gateway stops. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { instruments } from '../../src/telemetry/metrics/instruments.js'
import { exportTo, OtlpReceiver } from '../support/otlp-receiver.js'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { until } from '../support/wait.js'

const scope = { after }
const otlp = await OtlpReceiver.http(scope)
exportTo(otlp.endpoint, { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip', OTEL_TRACES_EXPORTER: 'none' })
const startedNs = BigInt(Date.now()) * 1_000_000n
const scene = await startScene(scope)

function metric(name: string) {
  const found = otlp.metrics.get(name)
  assert.ok(found !== undefined, `no ${name} among ${[...otlp.metrics.keys()]}`)
  return found
}

test('what was counted arrives, as what it is in the table', async () => {
  for (let i = 0; i < 3; i++) await scene.client()
  await assert.rejects(SipClient.connect({ port: scene.port, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }))
  const { name, help, unit } = instruments.handshakes
  const of = (result: string): number =>
    metric(name)
      .points.filter(({ attributes }) => attributes.result === result && attributes.direction === 'in')
      .reduce((sum, { value }) => sum + value, 0)
  await until('four handshakes', () => of('success') === 3 && of('failure') === 1)
  const handshakes = metric(name)
  assert.deepEqual([handshakes.type, handshakes.monotonic, handshakes.cumulative], ['sum', true, true])
  assert.deepEqual([handshakes.description, handshakes.unit], [help, unit])
  for (const { start, time } of handshakes.points) assert.ok(start >= startedNs && time > start)
})

test('histograms and gauges are what they are', () => {
  const durations = metric(instruments.handshakeDuration.name)
  assert.equal(durations.type, 'histogram')
  for (const { counts, bounds, value } of durations.points) {
    assert.deepEqual(bounds, instruments.handshakeDuration.buckets)
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      value,
    )
  }
  const ready = metric(instruments.ready.name)
  assert.deepEqual([ready.type, ready.points[0]!.value], ['gauge', 1])
})

test('a line of the log is a log record; lines about exporting are not exported', async () => {
  const record = await otlp.log('the first line', ({ body }) => body === 'hepgate is running')
  assert.deepEqual([record.severity, record.severityText], [9, 'info'])
  assert.ok(record.time >= startedNs)
  assert.match(scene.gateway.process.output, /exporting by OpenTelemetry/)
  assert.deepEqual(
    otlp.logs.filter(({ attributes }) => attributes.component === 'telemetry'),
    [],
  )
})

test('a signal that is switched off is not exported', () => {
  assert.deepEqual(otlp.spans, [])
})

test('what is left when the gateway stops is exported before it ends', async () => {
  const client = await scene.client()
  client.send(sipRequest())
  await client.next()
  await scene.gateway.stop()
  assert.ok(otlp.logs.some(({ body }) => body === 'stopping'))
  const received = metric(instruments.messages.name).points.filter(
    ({ attributes }) => attributes['sip.request.method'] === 'OPTIONS',
  )
  assert.deepEqual(
    received.map(({ value }) => value),
    [1, 1],
  )
})
