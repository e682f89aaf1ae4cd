/** Every error is a problem document (RFC 9457), whoever found it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { startApi } from '../../../src/api/server.js'
import { silentLog } from '../../../src/base/log.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { apiOptions, testApi } from './api.js'

const errors: [name: string, status: number, title: string, request: object][] = [
  ['an unknown path', 404, 'Not Found', { url: '/api/v2' }],
  ['a path that is not one', 400, 'Bad Request', { url: '/%zz' }],
  ['a method the path does not have', 405, 'Method Not Allowed', { method: 'POST', url: '/api/v1/status' }],
  ['a body that is not JSON', 400, 'Bad Request', { payload: '{' }],
  ['no body', 400, 'Bad Request', { payload: '' }],
  ['another media type', 415, 'Unsupported Media Type', { headers: { 'content-type': 'text/plain' }, payload: 'on' }],
  ['a body that is too large', 413, 'Payload Too Large', { payload: `"${'x'.repeat(70_000)}"` }],
]
for (const [name, status, title, request] of errors) {
  test(`${name} is a ${status} problem document`, async (t) => {
    const { api } = await testApi(t)
    const base = { method: 'PUT', url: '/api/v1/tls_trace', headers: { 'content-type': 'application/json' } } as const
    const answer = await api.inject({ ...base, ...request })
    assert.equal(answer.statusCode, status)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    const { type, title: given, status: member, detail } = answer.json()
    assert.deepEqual({ type, title: given, status: member }, { type: 'about:blank', title, status })
    assert.equal(typeof detail, 'string')
  })
}

test('a 405 names the methods the path has', async (t) => {
  const { api } = await testApi(t)
  const trace = await api.inject({ method: 'DELETE', url: '/api/v1/tls_trace' })
  assert.equal(trace.headers.allow, 'GET, HEAD, PUT')
  const pause = await api.inject({ method: 'GET', url: '/api/v1/destinations/hep_dest/pause' })
  assert.equal(pause.statusCode, 405)
  assert.equal(pause.headers.allow, 'POST')
})

test('instance is the path without its query', async (t) => {
  const { api } = await testApi(t)
  const answer = await api.inject('/nothing?token=geheim')
  assert.equal(answer.json().instance, '/nothing')
  assert.equal(answer.body.includes('geheim'), false)
})

test('a fault of ours is a 500 that tells nothing, and is logged', async (t) => {
  const logged: object[] = []
  const log = { ...silentLog, error: (fields: object) => logged.push(fields) }
  const { api, gateway } = await testApi(t, { log })
  gateway.failure = new Error('secret insides')
  const answer = await api.inject('/api/v1/status')
  assert.equal(answer.statusCode, 500)
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  assert.equal(answer.body.includes('secret insides'), false)
  assert.deepEqual(logged, [{ err: gateway.failure, method: 'GET', route: '/api/v1/status' }])
})

for (const [name, bytes, status] of [
  ['bytes that are not HTTP', 'REGISTER sip:a SIP/2.0\r\n\r\n', 400],
  ['header fields without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 431],
] as const) {
  test(`${name} are answered with a ${status} problem document, and the connection ends`, async (t) => {
    const listen = { ip: '127.0.0.1', port: 0 }
    const api = await startApi({ ...apiOptions(new FakeGateway()), listen })
    t.after(() => api.close())
    const socket = connect(Number(new URL(api.url).port), listen.ip)
    socket.write(bytes)
    const [head, body] = (await text(socket)).split('\r\n\r\n')
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(head, /application\/problem\+json/)
    assert.equal(JSON.parse(body).status, status)
  })
}

test('closing ends the connections that are open, also a second time', async () => {
  const listen = { ip: '127.0.0.1', port: 0 }
  const api = await startApi({ ...apiOptions(new FakeGateway()), listen })
  const [idle, busy] = [0, 1].map(() => connect(Number(new URL(api.url).port), listen.ip))
  const ended = [idle!, busy!].map((socket) => {
    socket.resume().on('error', () => {}) // a reset is an end too
    return new Promise((resolve) => socket.once('close', resolve))
  })
  busy!.write('POST /mi HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n')
  await once(busy!, 'connect')
  await Promise.all([api.close(), api.close(), ...ended])
})
