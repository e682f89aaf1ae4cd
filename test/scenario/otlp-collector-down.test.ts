/**
 * A collector that is not there, does not answer or refuses us; wrong variables: calls go on, the log says why, and the
 * gateway stops within its deadline, beyond which `stop()` fails.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLine } from '../support/gateway-process.js'
import { tcpServer } from '../support/listening.js'
import { exportTo, OtlpReceiver } from '../support/otlp-receiver.js'
import { freePort } from '../support/ports.js'
import { type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

const telemetryLines = ({ gateway }: Scene) => gateway.logLines().filter(({ component }) => component === 'telemetry')
/** What telemetry has to say at warn or error. */
const complaints = (scene: Scene) => telemetryLines(scene).filter(({ level }) => level === 'warn' || level === 'error')

/** The first complaint that is so, waited for. */
function complaint(scene: Scene, isIt: (line: LogLine) => boolean = () => true): Promise<LogLine> {
  return until('a word about it', () => complaints(scene).find(isIt))
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

const all = { telemetry: { sip_spans: 1 } }

test('a collector that stays down is told once for each signal at most, and calls go on', async (t) => {
  const often = { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_BLRP_SCHEDULE_DELAY: '50', OTEL_METRIC_EXPORT_INTERVAL: '50' }
  exporting(`http://127.0.0.1:${await freePort()}`, {
    ...often,
    OTEL_METRIC_EXPORT_TIMEOUT: '50',
    OTEL_EXPORTER_OTLP_TIMEOUT: '50',
  })
  const scene = await startScene(t, all)
  await calls(scene)
  await complaint(scene)
  // at debug it is told each time
  await until('the same again and again', () => telemetryLines(scene).filter(({ level }) => level === 'debug')[9])
  await calls(scene)
  const { length } = complaints(scene)
  assert.ok(length <= 3, `${length} lines`)
  await scene.gateway.stop()
})

test('a collector that takes connections and says nothing does not hold up the stop', async (t) => {
  exporting(`http://127.0.0.1:${await tcpServer(t, () => {})}`)
  const scene = await startScene(t, all)
  await calls(scene)
  await scene.gateway.stop()
  assert.equal(complaints(scene).at(-1)?.msg, 'what was left could not be exported: the collector did not take it')
})

test('a collector that refuses us is told with its status, and what is in our headers with nobody', async (t) => {
  const otlp = await OtlpReceiver.http(t)
  otlp.status = 401
  exporting(otlp.endpoint, { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cr3t' })
  const scene = await startScene(t, all)
  await calls(scene)
  await complaint(scene, ({ reason }) => /401|Unauthorized/.test(String(reason)))
  await scene.gateway.stop()
  assert.doesNotMatch(scene.gateway.process.output, /s3cr3t/)
})

test('an endpoint that is no URL: nothing is exported, the log says so, and the gateway runs', async (t) => {
  exporting('collector')
  const scene = await startScene(t, all)
  await calls(scene)
  const { level, reason } = await complaint(scene)
  assert.equal(level, 'error')
  assert.match(String(reason), /^OTEL_EXPORTER_OTLP_ENDPOINT: not a URL/)
  await scene.gateway.stop()
})

test('an endpoint with a blank behind it is reached, and its password is told nobody', async (t) => {
  const otlp = await OtlpReceiver.http(t)
  exporting(`${otlp.endpoint.replace('//', '//us:s3cr3t@')} `)
  const scene = await startScene(t, all)
  await calls(scene)
  await until('spans, metrics and log', () => otlp.spans.length > 0 && otlp.metrics.size > 0 && otlp.logs.length > 0)
  await scene.gateway.stop()
  assert.doesNotMatch(scene.gateway.process.output, /s3cr3t/)
})

test('what Node.js warns of at each export is one line of the log', async (t) => {
  const otlp = await OtlpReceiver.http(t)
  // More than a timer holds, which makes 1 ms of it.
  exporting(otlp.endpoint, { OTEL_BSP_SCHEDULE_DELAY: '1e12', OTEL_LOGS_EXPORTER: 'none' })
  const scene = await startScene(t, all)
  for (let i = 0; i < 3; i++) {
    const before = otlp.spans.length
    await calls(scene)
    await until('an export', () => otlp.spans.length > before)
  }
  await scene.gateway.stop()
  const warnings = scene.gateway.logLines().filter(({ msg }) => msg === 'Node.js warns')
  assert.deepEqual(
    warnings.map(({ reason }) => /^TimeoutOverflowWarning: /.test(String(reason))),
    [true],
  )
  assert.doesNotMatch(scene.gateway.process.output, /^\(node:/m)
})

const wrong: Readonly<Record<string, RegExp>> = {
  OTEL_TRACES_EXPORTER: /OTEL_TRACES_EXPORTER.*jaeger/,
  OTEL_METRICS_EXPORTER: /OTEL_METRICS_EXPORTER.*prometheus.*GET \/metrics/,
  OTEL_EXPORTER_OTLP_PROTOCOL: /smoke/,
  OTEL_TRACES_SAMPLER: /OTEL_TRACES_SAMPLER.*dice/,
  OTEL_METRIC_EXPORT_INTERVAL: /OTEL_METRIC_EXPORT_INTERVAL=1e12 is not/,
  OTEL_METRIC_EXPORT_TIMEOUT: /OTEL_METRIC_EXPORT_TIMEOUT=often is not/,
  OTEL_SDK_DISABLED: /OTEL_SDK_DISABLED/,
  OTEL_NODE_RESOURCE_DETECTORS: /OTEL_NODE_RESOURCE_DETECTORS/,
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: /TEMPORALITY_PREFERENCE=delta has no effect/,
}

test('values that mean nothing are named in the log, each, and what they leave is exported', async (t) => {
  const otlp = await OtlpReceiver.http(t)
  exporting(otlp.endpoint, {
    OTEL_TRACES_EXPORTER: 'jaeger,otlp',
    OTEL_METRICS_EXPORTER: 'prometheus,otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'smoke',
    OTEL_TRACES_SAMPLER: 'dice',
    OTEL_METRIC_EXPORT_INTERVAL: '1e12',
    OTEL_METRIC_EXPORT_TIMEOUT: 'often',
    OTEL_SDK_DISABLED: '1',
    OTEL_NODE_RESOURCE_DETECTORS: 'env,oracle',
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
  })
  const scene = await startScene(t, all)
  await calls(scene)
  await scene.gateway.stop()
  const reasons = complaints(scene).map(({ reason }) => String(reason))
  for (const [name, told] of Object.entries(wrong)) {
    assert.ok(
      reasons.some((reason) => told.test(reason)),
      `${name}: ${reasons.join('\n')}`,
    )
  }
  assert.ok(otlp.spans.length > 0 && otlp.metrics.size > 0 && otlp.logs.length > 0)
})
