/** A trace of one customer for a while does not become a trace of everybody because the gateway was started again, or crashed. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startAgain } from '../support/gateway-process.js'
import { patienceMs, startScene } from '../support/scene.js'
import { SipClient } from '../support/sip-client.js'
import { recordsOf } from '../support/sip-trace.js'
import { until } from '../support/wait.js'

const scope = { after }

test('scope and end of a temporary trace outlive the process', async () => {
  const { gateway, collector } = await startScene(scope, { proto_tls: { trace_on: 0 } })
  const narrowed = { user: 'alice', peer: ['127.0.0.0/8'] }
  const answer = await gateway.put('/api/v1/tls_trace', { trace_mode: 'on', for: '10m', scope: narrowed })
  assert.equal(answer.status, 200)
  await gateway.stop()
  const { port, ...again } = await startAgain(scope, gateway)
  const response = await fetch(`${again.apiUrl}/api/v1/tls_trace`)
  const status = (await response.json()) as { trace_mode: string; scope: object; secondsLeft: number }
  assert.deepEqual([status.trace_mode, status.scope], ['on', narrowed])
  assert.ok(status.secondsLeft > 0 && status.secondsLeft <= 600)

  const client = await SipClient.connect({ port, servername: 'sip.example.com' })
  await client.request({ callId: 'of-carol@restart', from: '<sip:carol@example.com>;tag=c' })
  await client.request({ callId: 'of-alice@restart', from: '<sip:alice@example.com>;tag=a' })
  await until('his call', () => recordsOf(collector, 'of-alice@restart').length > 0, patienceMs)
  await client.close()
  assert.deepEqual(recordsOf(collector, 'of-carol@restart'), [])
})

test('a trace whose time ran out while the gateway was down is off, with trace_on too, until it is switched', async () => {
  const { gateway } = await startScene(scope, { proto_tls: { trace_on: 1 } })
  const narrowed = { trace_mode: 'on', for: '3s', scope: { user: 'alice' } }
  const answer = await gateway.put('/api/v1/tls_trace', narrowed)
  assert.equal(answer.status, 200)
  const end = Date.parse(((await answer.json()) as { until: string }).until)
  await gateway.process.stop('SIGKILL')
  await until('the end of the trace', () => Date.now() > end)
  const again = await startAgain(scope, gateway)
  assert.deepEqual(
    [(await again.status()).trace.trace_mode, again.process.output.includes('a temporary trace ended before')],
    ['off', true],
  )
  await again.put('/api/v1/tls_trace', { trace_mode: 'off' })
  await again.stop()
  const configured = await startAgain(scope, again)
  assert.equal((await configured.status()).trace.trace_mode, 'on')
})
