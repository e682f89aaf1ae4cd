import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { channels } from '../../../src/base/channels.js'
import { type Log, silentLog } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import { Telemetry } from '../../../src/telemetry/telemetry.js'
import { healthyStatus } from '../../support/watched.js'

function start(metrics: boolean, env: NodeJS.ProcessEnv = {}, log: Log = silentLog): Promise<Telemetry> {
  return Telemetry.start({
    config: { metrics, sip_spans: 1 },
    version: '1.2.3',
    nodeName: undefined,
    log,
    observers: new Observers(silentLog),
    status: async () => healthyStatus(),
    ready: async () => true,
    logRepeats: () => 0,
    env,
  })
}

/** of the SDK's packages, which are CommonJS: everybody who loads them finds them here */
function loadedOtel(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('@opentelemetry'))
}

const subscribed = () =>
  Object.entries(channels)
    .filter(([, channel]) => channel.hasSubscribers)
    .map(([name]) => name)

test('where nothing is configured nothing is subscribed, and nothing of OpenTelemetry is loaded', async () => {
  const telemetry = await start(false)
  assert.deepEqual(subscribed(), [])
  assert.equal(await telemetry.metrics(), undefined)
  await telemetry.stop()
  assert.deepEqual(loadedOtel(), [])
})

test('metrics alone need nothing of OpenTelemetry', async () => {
  const telemetry = await start(true)
  assert.deepEqual(subscribed(), ['connection', 'message'])
  assert.match((await telemetry.metrics())!, /^hepgate_ready 1$/m)
  await telemetry.stop()
  assert.deepEqual(subscribed(), [])
  assert.deepEqual(loadedOtel(), [])
})

test('none beside others switches the signal off, and that is told', async () => {
  const told: object[] = []
  const env = { OTEL_TRACES_EXPORTER: 'otlp,none' }
  const telemetry = await start(false, env, { ...silentLog, warn: (fields) => void told.push(fields) })
  assert.deepEqual(told, [{ variable: 'OTEL_TRACES_EXPORTER' }])
  assert.deepEqual(subscribed(), [])
  await telemetry.stop()
  assert.deepEqual(loadedOtel(), [])
})

test('what is exported is subscribed, and no longer after a stop, which may be told again', async () => {
  const env = { OTEL_TRACES_EXPORTER: 'otlp', OTEL_LOGS_EXPORTER: 'otlp' }
  // Nothing is exported: there is nothing to export, and nobody listens.
  const telemetry = await start(false, env)
  assert.deepEqual(subscribed(), ['connection', 'message', 'log'])
  assert.notDeepEqual(loadedOtel(), [])
  await telemetry.stop()
  await telemetry.stop()
  assert.deepEqual(subscribed(), [])
})
