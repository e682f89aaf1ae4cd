import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { tracing } from '@opentelemetry/sdk-node'
import { unknownEndpoint } from '../../../src/base/address.js'
import { causeSentence } from '../../../src/base/errors.js'
import type { ConnectionEvent, ConnectionEventName, ConnectionFacts } from '../../../src/base/facts.js'
import { ConnectionSpans } from '../../../src/telemetry/otel/connection-spans.js'
import { SpanRecorder } from '../../support/span-recorder.js'
import { liveFacts } from '../../support/watched.js'

/** one certificate and its words */
const certificate = {
  subject: '/CN=sip.example.com',
  issuer: '/CN=an issuer',
  serial: '01',
  san: 'URI:sip:alice@example.com',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
  sha256: 'ab'.repeat(32),
}

function watched(sampler?: tracing.Sampler) {
  const recorder = new SpanRecorder(sampler)
  const spans = new ConnectionSpans(recorder.tracer, () => openedMicros + 40_000)
  const see = (name: ConnectionEventName, facts: ConnectionFacts, cause?: ConnectionEvent['cause']): void =>
    spans.see({ name, status: cause === undefined ? 'SUCCESS' : 'FAILURE', cause, message: 'words of a peer', facts })
  return { recorder, see }
}

const openedMicros = 1_800_000_000_000_000

function outgoing(changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
  const facts = { direction: 'out', side: 'core', openedMicros, hello: undefined, local: unknownEndpoint } as const
  return liveFacts({ ...facts, connectMs: 4, handshakeMs: 12.5, ...changes })
}

function milliseconds(span: tracing.ReadableSpan): [start: number, duration: number] {
  const ms = ([s, ns]: [number, number]): number => s * 1000 + ns / 1e6
  return [Math.round((ms(span.startTime) - openedMicros / 1000) * 10) / 10, Math.round(ms(span.duration) * 10) / 10]
}

test('an accepted connection is one span of its handshake, by the semantic conventions', () => {
  const { recorder, see } = watched()
  const facts = liveFacts({ openedMicros, handshakeMs: 12.4, ownCertificate: certificate })
  see('ACCEPTED', facts)
  const [span, ...more] = recorder.ended
  assert.ok(span !== undefined && more.length === 0)
  assert.deepEqual([span.name, span.kind, span.status.code], ['tls.handshake', SpanKind.SERVER, SpanStatusCode.UNSET])
  assert.deepEqual(milliseconds(span), [0, 12.4])
  assert.equal(span.parentSpanContext, undefined)
  assert.deepEqual(span.attributes, {
    'hepgate.conn_id': facts.id,
    'hepgate.side': 'edge',
    'hepgate.direction': 'in',
    'hepgate.domain': 'default',
    'network.transport': 'tcp',
    'network.type': 'ipv4',
    'network.peer.address': facts.peer.ip,
    'network.peer.port': 50_000,
    'network.local.address': '192.0.2.1',
    'network.local.port': 5061,
    'tls.protocol.name': 'tls',
    'tls.protocol.version': '1.3',
    'tls.cipher': 'TLS_AES_256_GCM_SHA384',
    'tls.curve': 'X25519',
    'tls.resumed': false,
    'tls.next_protocol': 'sip',
    'tls.client.server_name': 'sip.example.com',
    'tls.established': true,
    'tls.server.subject': '/CN=sip.example.com',
    'tls.server.issuer': '/CN=an issuer',
    'tls.server.not_before': '2026-01-01T00:00:00Z',
    'tls.server.not_after': '2027-01-01T00:00:00Z',
    'tls.server.hash.sha256': 'AB'.repeat(32),
    'hepgate.tls.verify': 'none',
    'hepgate.tls.offered_versions': ['TLSv1.3', 'TLSv1.2'],
    'hepgate.tls.ja4': 't13d1516h2_8daaf6152771',
  })
})

test('the connection knows the ids of its span from the moment of its event on', () => {
  const { recorder, see } = watched()
  const facts = liveFacts()
  see('ACCEPTED', facts)
  const { traceId, spanId } = recorder.ended[0]!.spanContext()
  assert.deepEqual(facts.span, { traceId, spanId })
})

test('a handshake that fails is an error with its cause, and holds no word of the peer', () => {
  const { recorder, see } = watched()
  const facts = liveFacts({ openedMicros, handshakeMs: undefined, tls: undefined })
  see('ACCEPTED', facts, 'no-shared-version')
  const span = recorder.ended[0]!
  assert.deepEqual(span.status, { code: SpanStatusCode.ERROR, message: causeSentence('no-shared-version') })
  assert.equal(span.attributes['error.type'], 'no-shared-version')
  assert.equal(span.attributes['tls.established'], false)
  assert.equal(span.attributes['tls.protocol.version'], undefined)
  assert.deepEqual(milliseconds(span), [0, 40], 'it ends when it was broken off')
  assert.doesNotMatch(JSON.stringify(span.attributes), /words of a peer/)
})

test('a certificate with names without end, of a stranger or a good friend, makes no large span', () => {
  const { recorder, see } = watched()
  const [subject, issuer] = ['/OU=x'.repeat(9000), '/O=y'.repeat(9000)]
  see('ACCEPTED', liveFacts({ peerCertificate: { ...certificate, subject, issuer } }), 'unknown-ca')
  const { attributes } = recorder.ended[0]!
  assert.equal(attributes['tls.client.subject'], subject.slice(0, 512))
  assert.equal(attributes['tls.client.issuer'], issuer.slice(0, 512))
})

test('no key material and no name of a user gets into a span', () => {
  const { recorder, see } = watched()
  see('ACCEPTED', liveFacts({ peerCertificate: certificate, users: ['alice@example.com'] }))
  assert.doesNotMatch(JSON.stringify(recorder.ended[0]!.attributes), /CLIENT_RANDOM|alice/)
})

test('connections of ours: the handshake begins in the connect, where that has come through', () => {
  const { recorder, see } = watched()
  const facts = outgoing()
  see('CONNECT_START', facts)
  const duringConnect = facts.span
  facts.local = { ip: '192.0.2.1', port: 40_000 }
  see('CONNECTED', facts)
  const [handshake, connect] = recorder.ended
  assert.ok(handshake !== undefined && connect !== undefined)
  assert.deepEqual([handshake.name, connect.name], ['tls.handshake', 'connect'])
  assert.deepEqual([handshake.kind, connect.kind], [SpanKind.CLIENT, SpanKind.CLIENT])
  assert.deepEqual(
    [milliseconds(connect), milliseconds(handshake)],
    [
      [0, 12.5],
      [4, 8.5],
    ],
  )
  assert.equal(connect.parentSpanContext, undefined)
  assert.equal(handshake.parentSpanContext?.spanId, connect.spanContext().spanId)
  assert.equal(handshake.spanContext().traceId, connect.spanContext().traceId)
  assert.equal(duringConnect?.spanId, connect.spanContext().spanId)
  assert.equal(facts.span?.spanId, handshake.spanContext().spanId)
  assert.equal(connect.attributes['network.local.port'], 40_000, 'our end is known when it is connected')
})

test('a connect that was refused has no handshake', () => {
  const { recorder, see } = watched()
  const facts = outgoing({ connectMs: undefined, handshakeMs: undefined })
  see('CONNECT_START', facts)
  see('CONNECTED', facts, 'connect-refused')
  see('CLOSED', facts, 'connect-refused')
  assert.deepEqual(
    recorder.ended.map(({ name, status, attributes }) => [name, status.code, attributes['error.type']]),
    [['connect', SpanStatusCode.ERROR, 'connect-refused']],
  )
})

test('a connection that closes while it connects does not leave its span open', () => {
  const { recorder, see } = watched()
  const facts = outgoing({ transport: 'tcp', connectMs: undefined, handshakeMs: undefined })
  see('CONNECT_START', facts)
  see('ERROR', facts, 'postponed-overflow')
  assert.equal(recorder.ended.length, 0)
  see('CLOSED', facts, 'postponed-overflow')
  assert.deepEqual(
    recorder.ended.map(({ name, attributes }) => [name, attributes['error.type']]),
    [['connect', 'postponed-overflow']],
  )
})

test('what has no handshake has no span of one', () => {
  const { recorder, see } = watched()
  see('ACCEPTED', liveFacts({ transport: 'tcp' }))
  see('ACCEPTED', liveFacts({ transport: 'udp' }))
  see('ACCEPTED', liveFacts(), 'limit-reached')
  for (const name of ['CONNECT_START', 'CONNECTED'] as const) see(name, outgoing({ transport: 'udp' }))
  assert.equal(recorder.ended.length, 0)
  const tcp = outgoing({ transport: 'tcp', handshakeMs: undefined })
  for (const name of ['CONNECT_START', 'CONNECTED', 'CLOSED'] as const) see(name, tcp)
  assert.deepEqual(
    recorder.ended.map(({ name }) => name),
    ['connect'],
  )
})

test('a connection that the sampler leaves out has no ids to show', () => {
  const { recorder, see } = watched(new tracing.AlwaysOffSampler())
  const [accepted, ours] = [liveFacts(), outgoing()]
  see('ACCEPTED', accepted)
  see('CONNECT_START', ours)
  see('CONNECTED', ours)
  assert.deepEqual([accepted.span, ours.span, recorder.ended], [undefined, undefined, []])
})
