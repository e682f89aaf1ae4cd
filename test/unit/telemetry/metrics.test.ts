/** All metrics together: what is subscribed, who may read, and what happens when something is missing or fails. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { publishConnection, publishReceived, publishSent } from '../../../src/base/channels.js'
import type { ConnectionEvent } from '../../../src/base/facts.js'
import { silentLog } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import { Metrics, type MetricsOptions } from '../../../src/telemetry/metrics/metrics.js'
import { prometheusText } from '../../../src/telemetry/metrics/prometheus.js'
import { facts } from '../../support/destinations.js'
import { parseExposition, sampleOf } from '../../support/exposition.js'
import { FakeGateway } from '../../support/fake-gateway.js'

function start(t: TestContext, options: Partial<MetricsOptions> = {}): Metrics {
  const gateway = new FakeGateway()
  const metrics = new Metrics({
    status: async () => gateway.status(),
    ready: async () => true,
    observers: new Observers(silentLog),
    logRepeats: () => 0,
    spansDropped: () => 0,
    ...options,
  })
  t.after(() => metrics.stop())
  return metrics
}

async function read(metrics: Metrics) {
  return parseExposition(prometheusText(await metrics.read()))
}

const request = Buffer.from('INVITE sip:bob@example.com SIP/2.0\r\n\r\n')

function accepted(overrides: Partial<ConnectionEvent> = {}): void {
  publishConnection({
    name: 'ACCEPTED',
    status: 'SUCCESS',
    cause: undefined,
    message: '',
    facts: facts(),
    ...overrides,
  })
}

test('what is published is counted, until it is stopped', async (t) => {
  const metrics = start(t)
  const publish = (): void => {
    accepted()
    publishReceived(facts(), request, 0, request.length, 0, 0)
    publishSent(facts({ side: 'core', transport: 'tcp' }), request, 0, request.length, 0, 0, performance.now())
  }
  publish()
  const families = await read(metrics)
  const labels = { direction: 'in', side: 'edge', transport: 'tls', domain: 'default' }
  assert.equal(sampleOf(families, 'hepgate_connections_opened_total', labels), 1)
  const received = { network_io_direction: 'receive', side: 'edge', transport: 'tls', sip_request_method: 'INVITE' }
  assert.equal(sampleOf(families, 'hepgate_sip_messages_total', received), 1)
  assert.equal(sampleOf(families, 'hepgate_sip_io_bytes_total', received), request.length)
  assert.equal(sampleOf(families, 'hepgate_sip_relay_duration_seconds_count', { side: 'core', type: 'request' }), 1)
  metrics.stop()
  publish()
  assert.equal(sampleOf(await read(metrics), 'hepgate_connections_opened_total', labels), 1)
})

test('it knows since when it counts', (t) => {
  const before = Date.now()
  const { startedMs } = start(t)
  assert.ok(startedMs >= before && startedMs <= Date.now())
})

test('before the gateway has started what it counts is missing, and nothing else', async (t) => {
  const failing = {
    status: () => Promise.reject(new Error('not started')),
    ready: () => Promise.reject(new Error('no')),
  }
  const families = await read(start(t, failing))
  assert.ok(!families.has('hepgate_trace_enabled') && !families.has('hepgate_ready'))
  assert.ok(families.has('process_uptime_seconds') && families.has('hepgate_log_repeats_total'))
})

test('two who collect get the same, and take nothing from each other', async (t) => {
  const metrics = start(t)
  accepted()
  const [one, other] = await Promise.all([read(metrics), read(metrics)])
  const changing = /^(process|nodejs|v8js|hepgate_process)_/
  const still = (families: typeof one) => [...families.values()].filter(({ name }) => !changing.test(name))
  assert.deepEqual(still(other), still(one))
  assert.deepEqual(still(await read(metrics)), still(one))
})

test('an event that cannot be counted costs that count, and is one of the failures of all observers', async (t) => {
  const observers = new Observers(silentLog)
  observers.failures = 10
  const metrics = start(t, { observers })
  const broken = { facts: undefined } as unknown as ConnectionEvent
  accepted(broken)
  accepted(broken)
  accepted()
  const families = await read(metrics)
  assert.equal(sampleOf(families, 'hepgate_telemetry_failures_total'), 12)
  assert.equal(families.get('hepgate_connections_opened_total')?.samples.length, 1)
})
