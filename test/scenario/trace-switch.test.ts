import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { TraceStatus } from '../../src/base/status.js'
import { startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { patienceMs, startScene } from '../support/scene.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const scene = await startScene(scope)

async function trace(body: object): Promise<TraceStatus> {
  const answer = await scene.gateway.put('/api/v1/tls_trace', body)
  assert.equal(answer.status, 200)
  return (await answer.json()) as TraceStatus
}

/** What the collector got about a connection: events and SIP. */
function packetsOf(peer: string): number {
  const text = `"${peer}"`
  return scene.collector.records.filter(
    ({ payload, correlation }) => payload.includes(text) || correlation.includes(peer),
  ).length
}

/** A whole life that is traced: whatever was sent before it has arrived now. */
async function tracedLife(): Promise<void> {
  const client = await scene.client()
  const peer = client.address
  await client.request()
  await client.close()
  await scene.event('CLOSED', { peer })
}

test('switched off, nothing more comes of any connection, CLOSED included; switched on, old ones stay out', async () => {
  await trace({ trace_mode: 'on' })
  const client = await scene.client()
  const peer = client.address
  await client.request({ callId: `1@${peer}` })
  await until('the answer at the collector', () => scene.collector.sip().length >= 2)
  const { tracedConnections } = await scene.gateway.status().then(({ trace: status }) => status)
  assert.ok(tracedConnections >= 1)
  const before = packetsOf(peer)

  assert.equal((await trace({ trace_mode: 'off' })).trace_mode, 'off')
  await client.request({ callId: `2@${peer}` })
  assert.equal((await trace({ trace_mode: 'on' })).tracedConnections, 0)
  await client.request({ callId: `3@${peer}` })
  await client.close()
  await tracedLife()
  assert.equal(packetsOf(peer), before)
})

test('with existing: true the open connections get a STATS event and are traced from there', async () => {
  await trace({ trace_mode: 'off' })
  const client = await scene.client()
  const peer = client.address
  await client.request({ callId: `1@${peer}` })
  await client.request({ callId: `2@${peer}` })
  await trace({ trace_mode: 'on', existing: true })
  const stats = await scene.event('STATS', { peer })
  assert.deepEqual([stats.Status, stats.msgs_in, stats.msgs_out, stats.seq], ['SUCCESS', 2, 2, 1])
  assert.equal(stats['server-subject'], '/O=hepgate test/CN=sip.example.com')
  await scene.event('STATS', { conn_id: stats.relayed_to })

  await client.request({ callId: `3@${peer}` })
  await client.close()
  await scene.event('CLOSED', { peer })
  const about = scene.collector.records.filter(({ correlation }) => correlation.endsWith(`@${peer}`))
  assert.deepEqual(
    about.map(({ type, correlation }) => [type, correlation[0]]),
    [
      [100, '3'],
      [1, '3'],
      [1, '3'],
    ],
  )
})

test('tracing for a while ends by itself', async () => {
  const status = await trace({ trace_mode: 'on', for: '1s' })
  assert.ok(Date.parse(String(status.until)) <= Date.now() + 1000)
  const client = await scene.client()
  const peer = client.address
  await until('the end of tracing', async () => (await scene.gateway.status()).trace.trace_mode === 'off', patienceMs)
  const before = packetsOf(peer)
  await client.request({ callId: `late@${peer}` })
  await client.close()
  await trace({ trace_mode: 'on' })
  await tracedLife()
  assert.equal(packetsOf(peer), before)
  assert.equal((await scene.gateway.status()).trace.until, undefined)
})

test('a restart does not forget that tracing is temporary, nor how long', async (t) => {
  const collector = await HepCollector.start(t)
  const state_dir = join(tempDir(t), 'state')
  const config = {
    state_dir,
    proto_tls: { trace_destination: 'hep_dest' },
    proto_hep: { hep_id: [collector.destination('hep_dest', 'udp')] },
  }
  const first = await startGatewayProcess(t, config)
  await first.put('/api/v1/tls_trace', { trace_mode: 'on', for: '10m' })
  const { until: end } = (await first.status()).trace
  assert.ok(end)
  await first.process.stop('SIGKILL')

  const second = await startGatewayProcess(t, config)
  const { trace: restored } = await second.status()
  assert.deepEqual([restored.trace_mode, restored.until], ['on', end])
  // now it ends while nobody runs
  await second.put('/api/v1/tls_trace', { trace_mode: 'on', for: '100ms' })
  await second.process.stop('SIGKILL')

  const third = await startGatewayProcess(t, config)
  const { trace: over } = await third.status()
  assert.deepEqual([over.trace_mode, over.until], ['off', undefined])
})
