/** What a gateway in edge mode exports of connections and calls over OTLP, as a collector decodes it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { registered, startEdgeCast } from '../support/edge-cast.js'
import { exportTo, OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.js'
import { sipAnswer, sipRequest, token } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { until } from '../support/wait.js'

const scope = { after }
const otlp = await OtlpReceiver.http(scope)
exportTo(otlp.endpoint, { OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' })
const cast = await startEdgeCast(scope, { telemetry: { sip_spans: 1 } })
const { core, scene } = cast

function traceOf(callId: string): string {
  return createHash('sha256').update(callId).digest('hex').slice(0, 32)
}

function ofConnection(name: string, connId: unknown): Promise<ReceivedSpan> {
  return otlp.span(
    `${name} of ${connId}`,
    (span) => span.name === name && span.attributes['hepgate.conn_id'] === connId,
  )
}

test('the handshake of a phone is a span, and HEP events and log lines of the connection have its ids', async () => {
  const phone = await cast.phone()
  const accepted = await scene.event('ACCEPTED', { peer: phone.address })
  const span = await ofConnection('tls.handshake', accepted.conn_id)
  assert.deepEqual([span.kind, span.status, span.parentSpanId], ['SERVER', 'UNSET', ''])
  assert.equal(span.attributes['tls.protocol.version'], '1.3')
  assert.equal(span.attributes['tls.client.server_name'], 'sip.example.com')
  assert.equal(span.attributes['tls.resumed'], false)
  assert.equal(span.attributes['network.peer.port'], Number(phone.address.split(':')[1]))
  assert.ok(span.end > span.start)
  assert.deepEqual([accepted.trace_id, accepted.span_id], [span.traceId, span.spanId])
  phone.socket.end()
  const closed = await scene.event('CLOSED', { conn_id: accepted.conn_id })
  assert.deepEqual([closed.trace_id, closed.span_id], [span.traceId, span.spanId])
  const line = await otlp.log('a line of the log', ({ attributes }) => attributes.conn_id === accepted.conn_id)
  assert.deepEqual([line.traceId, line.spanId], [span.traceId, span.spanId])
})

test('the connect to the core is a span of ours', async () => {
  const { conn_id } = await scene.event('CONNECTED', { side: 'core', Status: 'SUCCESS' })
  const span = await ofConnection('connect', conn_id)
  assert.deepEqual([span.kind, span.status, span.parentSpanId], ['CLIENT', 'UNSET', ''])
  assert.equal(span.attributes['network.peer.port'], cast.upstream.port)
})

test('a handshake that fails is an error with its cause', async () => {
  await assert.rejects(SipClient.connect({ port: cast.edgePort, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }))
  const failed = await scene.event('ACCEPTED', { Status: 'FAILURE' })
  const span = await ofConnection('tls.handshake', failed.conn_id)
  assert.equal(span.status, 'ERROR')
  assert.equal(span.attributes['error.type'], failed.cause)
  assert.equal(span.spanId, failed.span_id)
})

test('a request is a span in the trace of its call, linked to both connections', async () => {
  const phone = await cast.phone()
  const callId = `${token()}@spans`
  phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', callId }))
  const request = await core.next()
  core.send(sipAnswer(request, '180 Ringing'))
  core.send(sipAnswer(request, '486 Busy Here'))
  for (let i = 0; i < 2; i++) await phone.next()
  const span = await otlp.span('INVITE', ({ traceId }) => traceId === traceOf(callId))
  assert.deepEqual([span.name, span.kind, span.status, span.parentSpanId], ['INVITE', 'SERVER', 'UNSET', ''])
  assert.equal(span.attributes['sip.call_id'], callId)
  assert.equal(span.attributes['sip.status_code'], 486)
  const { conn_id } = await scene.event('ACCEPTED', { peer: phone.address })
  const ends = await Promise.all([
    ofConnection('tls.handshake', conn_id),
    ofConnection('connect', span.attributes['hepgate.relayed_to']),
  ])
  assert.deepEqual(
    span.links,
    ends.map(({ traceId, spanId }) => ({ traceId, spanId })),
  )
  assert.deepEqual(
    span.events.map(({ name, attributes }) => [name, attributes['sip.status_code']]),
    [
      ['relayed', undefined],
      ['provisional response', 180],
    ],
  )
})

test('a request from the core to a phone is one too, in the same trace', async () => {
  const { phone, path } = await registered(cast)
  const callId = `${token()}@spans`
  core.send(sipRequest({ method: 'MESSAGE', callId, headers: [`Route: ${path}`] }))
  phone.answer(await phone.next())
  await core.next()
  const span = await otlp.span('MESSAGE', ({ traceId }) => traceId === traceOf(callId))
  const { conn_id } = await scene.event('ACCEPTED', { peer: phone.address })
  assert.equal(span.attributes['hepgate.side'], 'core')
  assert.equal(span.attributes['hepgate.relayed_to'], conn_id)
  assert.equal(span.links.length, 2)
})

test('our own answer ends a span as well', async () => {
  const phone = await cast.phone()
  const callId = `${token()}@spans`
  const request = sipRequest({ method: 'OPTIONS', callId })
  phone.send(Buffer.from(String(request).replace('Max-Forwards: 70', 'Max-Forwards: 0')))
  await phone.next()
  const span = await otlp.span('OPTIONS', ({ traceId }) => traceId === traceOf(callId))
  assert.equal(span.attributes['hepgate.own_answer'], true)
  assert.equal(span.attributes['hepgate.relayed_to'], undefined)
})

test('a request of a phone that is gone ends with its connection, for the same cause', async () => {
  const phone = await cast.phone()
  const callId = `${token()}@spans`
  phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', callId }))
  await core.next()
  phone.socket.destroy()
  const { conn_id } = await scene.event('ACCEPTED', { peer: phone.address })
  const { cause } = await scene.event('CLOSED', { conn_id })
  const span = await otlp.span('INVITE', ({ traceId }) => traceId === traceOf(callId))
  assert.deepEqual([span.status, span.attributes['error.type']], ['ERROR', cause])
  assert.equal(span.attributes['sip.status_code'], undefined)
})

test('who exports is said by the resource', async () => {
  await until('an export', () => otlp.spans.length > 0)
  const { resource } = otlp
  assert.equal(resource['service.name'], 'hepgate')
  assert.equal(resource['service.instance.id'], 'gw-1')
  assert.match(String(resource['service.version']), /^\d+\.\d+\.\d+/)
  assert.equal(resource['deployment.environment.name'], 'test')
  assert.deepEqual([...otlp.scopes], ['hepgate'])
})
