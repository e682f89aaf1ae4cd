/** How often one may ask, what every route says of itself, and the server under TLS. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { fastify } from 'fastify'
import { describeScopes } from '../../../src/api/openapi.js'
import { type Api, type ApiSettings, startApi } from '../../../src/api/server.js'
import { UsageError } from '../../../src/base/errors.js'
import { selfSigned, type TestCertificate } from '../../support/certificates.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { apiOptions, testApi } from './api.js'

const settings: ApiSettings = apiOptions(new FakeGateway())

// ── rate limit ──

test('more requests in a minute than allowed are a 429 that says how long to wait, for that address only', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const { api } = await testApi(t, { rate_limit: 3 })
  for (const url of ['/api/v1/status', '/nothing', '/api/v1/tls_trace']) {
    assert.notEqual((await api.inject(url)).statusCode, 429)
  }
  const answer = await api.inject('/api/v1/status')
  assert.equal(answer.statusCode, 429)
  assert.equal(answer.headers['retry-after'], '60')
  assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  assert.match(answer.json().detail, /too many requests .* wait 60 s/)
  assert.equal((await api.inject({ url: '/api/v1/status', remoteAddress: '127.0.0.2' })).statusCode, 200)
  t.mock.timers.setTime(1_060_000)
  assert.equal((await api.inject('/api/v1/status')).statusCode, 200)
})

test('requests that are refused for want of a token count as well', async (t) => {
  const { api } = await testApi(t, { rate_limit: 2, token: 'correct-horse' })
  for (const status of [401, 401, 429]) assert.equal((await api.inject('/api/v1/status')).statusCode, status)
})

test('health checks are not counted', async (t) => {
  const { api } = await testApi(t, { rate_limit: 1 })
  for (const url of ['/healthz', '/readyz', '/healthz', '/readyz']) {
    assert.equal((await api.inject(url)).statusCode, 200, url)
  }
  assert.equal((await api.inject('/api/v1/status')).statusCode, 200)
})

for (const url of ['/api/v1/openapi.json', '/docs', '/docs/json', '/docs/yaml', '/docs/static/swagger-ui.css', '/']) {
  test(`what is open to everybody is counted: ${url}`, async (t) => {
    const { api } = await testApi(t, { rate_limit: 1, token: 'correct-horse' })
    assert.notEqual((await api.inject(url)).statusCode, 429)
    assert.equal((await api.inject(url)).statusCode, 429)
  })
}

test('0 is no limit, and another limit is taken into use while it runs', async (t) => {
  const { api, prepare } = await testApi(t, { rate_limit: 0 })
  for (let i = 0; i < 50; i++) assert.equal((await api.inject('/api/v1/status')).statusCode, 200)
  prepare({ ...settings, rate_limit: 1 })()
  assert.equal((await api.inject('/api/v1/status')).statusCode, 200)
  assert.equal((await api.inject('/api/v1/status')).statusCode, 429)
})

// ── scopes ──

test('a route that does not say which scope it needs is a bug that shows at the start', () => {
  const app = fastify()
  describeScopes(app)
  assert.throws(() => app.get('/forgotten', async () => ''), /GET \/forgotten does not say which scope it needs/)
})

test('the document names the scope of every operation', async (t) => {
  const { api } = await testApi(t)
  const { paths, components } = (await api.inject('/api/v1/openapi.json')).json()
  assert.deepEqual(components.securitySchemes, { token: { type: 'http', scheme: 'bearer' } })
  assert.deepEqual(paths['/healthz'].get.security, [])
  assert.deepEqual(paths['/api/v1/status'].get.security, [{ token: ['read'] }])
  assert.deepEqual(paths['/api/v1/reload'].post.security, [{ token: ['control'] }])
  assert.match(paths['/api/v1/reload'].post.description, /Needs the scope `control`\.$/)
})

// ── TLS ──

async function secureApi(t: TestContext, certificate: TestCertificate): Promise<Api> {
  const api = await startApi({
    ...apiOptions(new FakeGateway()),
    identity: identityOf(certificate),
    listen: { ip: '127.0.0.1', port: 0 },
  })
  t.after(() => api.close())
  return api
}

function identityOf({ chainPem, keyPem }: TestCertificate) {
  return { chain: chainPem, key: keyPem }
}

/** One request over a connection of its own. */
async function ask(api: Api, headers = '', options: { maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {}) {
  const { port } = new URL(api.url)
  const socket: TLSSocket = connectTls({
    ...options,
    host: '127.0.0.1',
    port: Number(port),
    rejectUnauthorized: false,
    ...(options.maxVersion === 'TLSv1.1' && { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  })
  await once(socket, 'secureConnect')
  const serial = socket.getPeerCertificate().serialNumber
  socket.write(`GET /api/v1/status HTTP/1.1\r\nHost: localhost:${port}\r\n${headers}Connection: close\r\n\r\n`)
  return { serial, status: (await text(socket)).split(' ')[1] }
}

test('with a certificate it speaks HTTPS, its URL says so, and a page of its own is one of https', async (t) => {
  const certificate = selfSigned()
  const api = await secureApi(t, certificate)
  const { port } = new URL(api.url)
  assert.equal(api.url, `https://127.0.0.1:${port}`)
  assert.deepEqual(await ask(api), { serial: certificate.serial, status: '200' })
  assert.equal((await ask(api, `Origin: https://localhost:${port}\r\n`)).status, '200')
  assert.equal((await ask(api, `Origin: http://localhost:${port}\r\n`)).status, '403')
})

test('TLS 1.2 is spoken, and nothing older', async (t) => {
  const api = await secureApi(t, selfSigned())
  assert.equal((await ask(api, '', { maxVersion: 'TLSv1.2' })).status, '200')
  await assert.rejects(ask(api, '', { maxVersion: 'TLSv1.1' }), { code: /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/ })
})

test('who speaks plain HTTP to it is let go, and it goes on', async (t) => {
  const api = await secureApi(t, selfSigned())
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  socket.on('error', () => {}) // a reset is an end too
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.resume().write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await ended
  assert.equal((await ask(api)).status, '200')
})

test('another certificate is shown from the next handshake on', async (t) => {
  const [first, second] = [selfSigned(), selfSigned()]
  const api = await secureApi(t, first)
  const use = api.prepare({ ...settings, identity: identityOf(second) })
  assert.equal((await ask(api)).serial, first.serial)
  use()
  assert.equal((await ask(api)).serial, second.serial)
})

test('a certificate without its own key is refused, and the one before stays', async (t) => {
  const [first, second] = [selfSigned(), selfSigned()]
  const api = await secureApi(t, first)
  const mixed = { chain: second.chainPem, key: first.keyPem }
  assert.throws(
    () => api.prepare({ ...settings, identity: mixed }),
    (error) => error instanceof UsageError && /^api\.certificate: OpenSSL does not take it/.test(error.message),
  )
  assert.equal((await ask(api)).serial, first.serial)
  await assert.rejects(
    startApi({ ...apiOptions(new FakeGateway()), identity: mixed, listen: { ip: '127.0.0.1', port: 0 } }),
    UsageError,
  )
})
