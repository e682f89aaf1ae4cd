/** The switch of a running gateway over HTTP: what it says is what the collector sees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { SipClient } from '../support/sip-client.js'
import { until } from '../support/wait.js'

async function tracedGateway(t: Parameters<typeof HepCollector.start>[0]) {
  const collector = await HepCollector.start(t)
  const gateway = await startGatewayProcess(t, {
    relay: { mode: 'tunnel' },
    proto_tls: { trace_destination: 'homer', trace_on: 0, tls_handshake_timeout: 5000 },
    proto_hep: { hep_id: collector.destination('homer', 'tcp') },
  })
  return { collector, gateway }
}

test('off: nothing is sent. On for ten minutes: connections from then on. Off again: nothing at once', async (t) => {
  const { collector, gateway } = await tracedGateway(t)
  const before = await SipClient.connect({ port: gateway.port })
  await before.request()
  const switched = await gateway.put('/api/v1/tls_trace', { trace_mode: 'on', for: '10m' })
  const state = (await switched.json()) as { trace_mode: string; secondsLeft: number }
  assert.equal(state.trace_mode, 'on')
  assert.ok(state.secondsLeft > 590 && state.secondsLeft <= 600, String(state.secondsLeft))

  const client = await SipClient.connect({ port: gateway.port })
  const { request } = await client.request()
  await collector.event('ACCEPTED', (event) => event.peer === client.address)
  await until('the request and its answer', () => collector.sip().length === 2)
  assert.ok(collector.sip()[0]!.equals(request))
  assert.equal(
    collector.events().some((event) => event.peer === before.address),
    false,
    'a connection that was open stays out',
  )

  assert.equal((await gateway.put('/api/v1/tls_trace', { trace_mode: 'off' })).status, 200)
  const count = collector.records.length
  await client.request()
  await client.close()
  await before.close()
  await gateway.stop() // flushes what there is
  assert.equal(collector.records.length, count)
})

test('existing takes an open connection in, with a STATS event', async (t) => {
  const { collector, gateway } = await tracedGateway(t)
  const client = await SipClient.connect({ port: gateway.port })
  await client.request()
  await gateway.put('/api/v1/tls_trace', { trace_mode: 'on', existing: true })
  await collector.event('STATS', (event) => event.peer === client.address)
  await client.request()
  await until('the request and its answer', () => collector.sip().length === 2)
})

test('a scope that is none is refused with its place, also for a dry run, and the switch stays', async (t) => {
  const { gateway } = await tracedGateway(t)
  for (const [scope, pointer] of [
    [{ user: 'a b' }, '/scope/user'],
    [{ sni: 'a\u0000b' }, '/scope/sni'],
    [{ call_id: 'a b' }, '/scope/call_id'],
    [{ peer: ['203.0.113.0/33'] }, '/scope/peer/0'],
  ] as const) {
    const switched = await gateway.put('/api/v1/tls_trace', { trace_mode: 'on', scope })
    const tried = await fetch(`${gateway.apiUrl}/api/v1/trace/filter/dry-run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ scope }),
    })
    for (const answer of [switched, tried]) {
      const { errors } = (await answer.json()) as { errors: { pointer: string }[] }
      assert.deepEqual([answer.status, errors.map((error) => error.pointer)], [400, [pointer]])
    }
  }
  assert.equal((await gateway.status()).trace.trace_mode, 'off')
})

test('a filter that came over HTTP decides from then on', async (t) => {
  const { collector, gateway } = await tracedGateway(t)
  await gateway.put('/api/v1/tls_trace', { trace_mode: 'on' })
  const refused = await gateway.put('/api/v1/trace/filter', { route: 'if ($tls_snj == "a") drop;' })
  assert.equal(refused.status, 422)
  assert.match(((await refused.json()) as { detail: string }).detail, /^line 1, column 5: .*\$tls_sni/)
  const accepted = await gateway.put('/api/v1/trace/filter', { route: 'if ($tls_sni != "traced.example") drop;' })
  assert.equal(accepted.status, 200)
  const other = await SipClient.connect({ port: gateway.port, servername: 'other.example' })
  const traced = await SipClient.connect({ port: gateway.port, servername: 'traced.example' })
  await collector.event('ACCEPTED', (event) => event.peer === traced.address)
  assert.equal(
    collector.events().some((event) => event.peer === other.address),
    false,
  )
})
