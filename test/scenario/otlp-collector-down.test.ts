/** A collector that is not there, does not answer or refuses us; wrong variables: calls go on, the log says why, and it stops in time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tcpServer } from '../support/listening.js'
import { exportTo, OtlpReceiver } from '../support/otlp-receiver.js'
import { freePort } from '../support/ports.js'
import { type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

interface Line {
  readonly level: string
  readonly component: string
  readonly msg: string
  readonly reason?: string
}

/** What telemetry has to say at warn or error. */
function complaints({ gateway }: Scene): Line[] {
  return gateway.process.output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ component, level }) => component === 'telemetry' && (level === 'warn' || level === 'error'))
}

async function calls(scene: Scene): Promise<void> {
  const client = await scene.client()
  for (let i = 0; i < 20; i++) {
    client.send(sipRequest())
    await client.next()
  }
}

/** No variable of another test is left. */
function exporting(endpoint: string, variables: Readonly<Record<string, string>> = {}): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name]
  exportTo(endpoint, variables)
}

/** A drain of 0.5 s, 3 s for the collector; the rest is a busy machine. */
async function stopsInTime(scene: Scene): Promise<void> {
  const started = performance.now()
  await scene.gateway.stop()
  assert.ok(performance.now() - started < 8_000)
}

const all = { telemetry: { sip_spans: 1 } }

test('a collector that is down is told once for each signal at most, and calls go on', async (t) => {
  exporting(`http://127.0.0.1:${await freePort()}`, { OTEL_EXPORTER_OTLP_TIMEOUT: '200' })
  const scene = await startScene(t, all)
  await calls(scene)
  await until('a word about it', () => complaints(scene).length > 0)
  await calls(scene)
  const { length } = complaints(scene)
  assert.ok(length <= 3, `${length} lines`)
  await stopsInTime(scene)
})

test('a collector that takes connections and says nothing does not hold up the stop', async (t) => {
  exporting(`http://127.0.0.1:${await tcpServer(t, () => {})}`)
  const scene = await startScene(t, all)
  await calls(scene)
  await stopsInTime(scene)
  assert.equal(complaints(scene).at(-1)?.msg, 'what was left could not be exported: the collector did not take it')
})

test('a collector that refuses us is told with its status, and what is in our headers with nobody', async (t) => {
  const otlp = await OtlpReceiver.http(t)
  otlp.status = 401
  exporting(otlp.endpoint, { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cr3t' })
  const scene = await startScene(t, all)
  await calls(scene)
  await until('a word about it', () => complaints(scene).some(({ reason }) => /401|Unauthorized/.test(reason ?? '')))
  await stopsInTime(scene)
  assert.doesNotMatch(scene.gateway.process.output, /s3cr3t/)
})

test('an endpoint that is no URL: nothing is exported, the log says so, and the gateway runs', async (t) => {
  exporting('collector')
  const scene = await startScene(t, all)
  await calls(scene)
  const [line] = complaints(scene)
  assert.equal(line?.level, 'error')
  assert.match(line.reason!, /^OTEL_EXPORTER_OTLP_ENDPOINT: not a URL/)
  await stopsInTime(scene)
})

const wrong: Readonly<Record<string, RegExp>> = {
  OTEL_TRACES_EXPORTER: /OTEL_TRACES_EXPORTER.*jaeger/,
  OTEL_METRICS_EXPORTER: /OTEL_METRICS_EXPORTER.*prometheus.*GET \/metrics/,
  OTEL_EXPORTER_OTLP_PROTOCOL: /smoke/,
  OTEL_TRACES_SAMPLER: /OTEL_TRACES_SAMPLER.*dice/,
  OTEL_METRIC_EXPORT_INTERVAL: /OTEL_METRIC_EXPORT_INTERVAL=often/,
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: /TEMPORALITY_PREFERENCE=delta has no effect/,
}

test('values that mean nothing are named in the log, each, and what they leave is exported', async (t) => {
  const otlp = await OtlpReceiver.http(t)
  exporting(otlp.endpoint, {
    OTEL_TRACES_EXPORTER: 'jaeger,otlp',
    OTEL_METRICS_EXPORTER: 'prometheus,otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'smoke',
    OTEL_TRACES_SAMPLER: 'dice',
    OTEL_METRIC_EXPORT_INTERVAL: 'often',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
  })
  const scene = await startScene(t, all)
  await calls(scene)
  const reasons = complaints(scene).map(({ reason }) => reason ?? '')
  for (const [name, told] of Object.entries(wrong)) {
    assert.ok(
      reasons.some((reason) => told.test(reason)),
      `${name}: ${reasons.join('\n')}`,
    )
  }
  await stopsInTime(scene)
  assert.ok(otlp.spans.length > 0 && otlp.metrics.size > 0 && otlp.logs.length > 0)
})
