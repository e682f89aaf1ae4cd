/** Who may use the API, and for what: with tokens, and without any. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { startApi } from '../../../src/api/server.js'
import { UsageError } from '../../../src/base/errors.js'
import { silentLog } from '../../../src/base/log.js'
import type { ApiScope, ApiTokenConfig } from '../../../src/config/types.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { apiOptions, type TestApiOptions, testApi } from './api.js'

const token = 'correct-horse'

function bearer(token: string) {
  return { authorization: `Bearer ${token}` }
}

function named(name: string, scopes: readonly ApiScope[], token: string): ApiTokenConfig {
  return { name, scopes, sha256: createHash('sha256').update(token).digest('hex') }
}

test('with a token: the right one is let in, whatever the Host', async (t) => {
  const { api } = await testApi(t, { token, ip: '0.0.0.0' })
  for (const authorization of [`Bearer ${token}`, `bearer  ${token}`]) {
    const answer = await api.inject({
      url: '/api/v1/status',
      headers: { authorization, host: 'gateway.example.com:8080' },
    })
    assert.equal(answer.statusCode, 200)
  }
})

for (const [name, authorization] of [
  ['no', undefined],
  ['a wrong', 'Bearer wrong-horse-x'],
  ['a longer', `Bearer ${token}x`],
  ['a shorter', `Bearer ${token.slice(0, -1)}`],
  ['an empty', 'Bearer '],
  ['a Basic', `Basic ${Buffer.from(`a:${token}`).toString('base64')}`],
] as const) {
  test(`with a token: ${name} one is a 401 on every path but open ones, known or not`, async (t) => {
    const { api, gateway } = await testApi(t, { token, tokens: [named('other', ['read'], 'another-token')] })
    for (const [method, url] of [
      ['GET', '/api/v1/tls_trace'],
      ['GET', '/nothing'],
      ['POST', '/mi'],
      ['POST', '/api/v1/reload'],
      ['PUT', '/api/v1/reload'],
    ] as const) {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await api.inject({ method, url, headers })
      assert.equal(answer.statusCode, 401, url)
      assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="hepgate"/)
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
      assert.equal(answer.body.includes(token), false)
    }
    assert.deepEqual(gateway.calls, [])
  })
}

test('with a token: what tells nothing of this gateway needs none', async (t) => {
  const { api } = await testApi(t, { token })
  for (const url of ['/healthz', '/readyz', '/api/v1/openapi.json', '/docs', '/docs/static/swagger-ui.css']) {
    assert.equal((await api.inject(url)).statusCode, 200, url)
  }
})

test('a token is good for its scopes only: the 403 names the one that lacks (RFC 6750 §3.1)', async (t) => {
  const { api, gateway } = await testApi(t, {
    tokens: [named('eyes', ['read'], 'token-of-eyes'), named('hands', ['control'], 'token-of-hands')],
  })
  const reads = { url: '/api/v1/status' }
  const changes = { url: '/api/v1/reload', method: 'POST' } as const
  assert.equal((await api.inject({ ...reads, headers: bearer('token-of-eyes') })).statusCode, 200)
  assert.equal((await api.inject({ ...changes, headers: bearer('token-of-hands') })).statusCode, 200)
  assert.equal(gateway.calls.length, 1)
  for (const [request, token, scope] of [
    [changes, 'token-of-eyes', 'control'],
    [reads, 'token-of-hands', 'read'],
  ] as const) {
    const answer = await api.inject({ ...request, headers: bearer(token) })
    assert.equal(answer.statusCode, 403)
    assert.equal(
      answer.headers['www-authenticate'],
      `Bearer realm="hepgate", error="insufficient_scope", scope="${scope}"`,
    )
    assert.equal(answer.json().detail, `this needs a token with the scope ${scope}`)
  }
  assert.equal(gateway.calls.length, 1)
})

for (const [who, options, headers, text] of [
  ['a named token', { tokens: [named('on-call', ['control'], 'abc')] }, bearer('abc'), 'token on-call 127.0.0.1'],
  ['the plain token', { token: 'abc' }, bearer('abc'), 'token api.token 127.0.0.1'],
  ['a local program', {}, {}, 'local 127.0.0.1'],
] as [string, TestApiOptions, Record<string, string>, string][]) {
  test(`who asked is told to the gateway: ${who} as ${text}`, async (t) => {
    const { api, gateway } = await testApi(t, options)
    await api.inject({ method: 'POST', url: '/api/v1/reload', headers })
    assert.deepEqual(gateway.calls, [['reload', text]])
  })
}

for (const [who, options, headers, text] of [
  ['a token', { tokens: [named('on-call', ['control'], 'abc')] }, bearer('abc'), 'mi on-call 127.0.0.1'],
  ['a local program', {}, {}, 'mi 127.0.0.1'],
] as [string, TestApiOptions, Record<string, string>, string][]) {
  test(`who asked over the management interface is told to the gateway: ${who} as ${text}`, async (t) => {
    const { api, gateway } = await testApi(t, options)
    const payload = '{"jsonrpc":"2.0","id":1,"method":"tls_trace","params":["on"]}'
    await api.inject({
      method: 'POST',
      url: '/mi',
      headers: { ...headers, 'content-type': 'application/json' },
      payload,
    })
    assert.match(JSON.stringify(gateway.calls), new RegExp(`"by":"${text}"`))
  })
}

/** A log that keeps its warnings. */
function keepingLog() {
  const lines: unknown[] = []
  return { lines, log: { ...silentLog, warn: (...line: unknown[]) => lines.push(line) } }
}

async function guess(api: Awaited<ReturnType<typeof testApi>>['api'], token: string, remoteAddress = '192.0.2.7') {
  return api.inject({ url: '/api/v1/status', headers: bearer(token), remoteAddress })
}

test('after ten wrong tokens in a minute further ones of that address are a 429, and the right one is let in', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const { lines, log } = keepingLog()
  const { api, auth } = await testApi(t, { token, ip: '0.0.0.0', log })
  for (let i = 0; i < 10; i++) assert.equal((await guess(api, `wrong-${i}`)).statusCode, 401)
  const answer = await guess(api, 'wrong-10')
  assert.equal(answer.statusCode, 429)
  assert.equal(answer.headers['retry-after'], '60')
  assert.match(answer.json().detail, /wait 60 s/)
  assert.equal((await guess(api, token)).statusCode, 200)
  assert.equal((await guess(api, 'wrong-11', '192.0.2.8')).statusCode, 401)
  t.mock.timers.setTime(1_060_000)
  assert.equal((await guess(api, 'wrong-12')).statusCode, 401)

  assert.equal(auth.refused, 13)
  assert.deepEqual(lines, [[{ address: '192.0.2.7', since_start: 1 }, 'a wrong API token was refused']])
  assert.doesNotMatch(JSON.stringify(lines), /wrong-|correct/)
})

test('guesses that come all at once are counted before they are answered', async (t) => {
  const api = await startApi({ ...apiOptions(new FakeGateway()), token, listen: { ip: '127.0.0.1', port: 0 } })
  t.after(() => api.close())
  const { port, host } = new URL(api.url)
  const request = (i: number, connection: string) =>
    `GET /api/v1/status HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer wrong-${i}\r\nConnection: ${connection}\r\n\r\n`
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(Array.from({ length: 40 }, (_, i) => request(i, i === 39 ? 'close' : 'keep-alive')).join(''))
  const statuses = Array.from((await text(socket)).matchAll(/^HTTP\/1\.1 (\d+)/gm), ([, status]) => Number(status))
  const judged = statuses.filter((status) => status === 401).length
  assert.ok(judged <= 10, `${judged} were judged`)
  assert.equal(statuses.filter((status) => status === 429).length, 40 - judged)
})

test('requests without a token are no guesses: a dashboard that was opened may ask for one', async (t) => {
  const { api } = await testApi(t, { token })
  for (let i = 0; i < 20; i++) assert.equal((await api.inject('/api/v1/status')).statusCode, 401)
  assert.equal((await guess(api, token)).statusCode, 200)
})

test('other tokens are taken into use at once: the one that is gone is refused, the new one is let in', async (t) => {
  const { api, prepare } = await testApi(t, { tokens: [named('leaked', ['read'], 'leaked-token')] })
  assert.equal((await guess(api, 'leaked-token')).statusCode, 200)
  const use = prepare({ ...apiOptions(new FakeGateway()), tokens: [named('fresh', ['read'], 'fresh-token')] })
  assert.equal((await guess(api, 'leaked-token')).statusCode, 200, 'nothing changes before it is used')
  use()
  assert.equal((await guess(api, 'leaked-token')).statusCode, 401)
  assert.equal((await guess(api, 'fresh-token')).statusCode, 200)
})

test('the last token cannot be taken away while others than this machine can reach the API', async (t) => {
  const { api, prepare } = await testApi(t, { token, ip: '0.0.0.0' })
  assert.throws(() => prepare(apiOptions(new FakeGateway())), /0\.0\.0\.0 is not a loopback address, so api\.token/)
  assert.equal((await api.inject('/api/v1/status')).statusCode, 401)
})

for (const [name, options] of [
  ['without a token', { token: undefined }],
  ['with an empty list of tokens', { tokens: [] }],
] as const) {
  test(`${name}: an address that is not loopback is refused before anything listens`, async (t: TestContext) => {
    for (const ip of ['0.0.0.0', '::', '192.0.2.1']) {
      const started = startApi({ ...apiOptions(new FakeGateway()), ...options, listen: { ip, port: 0 } })
      t.after(async () => (await started.catch(() => undefined))?.close())
      await assert.rejects(started, (error) => error instanceof UsageError && /api\.token/.test(error.message))
    }
  })
}

for (const host of ['localhost', 'localhost:8080', '127.0.0.1:8080', '127.0.0.1', '[::1]:8080', 'API.localhost:1']) {
  test(`without a token: Host ${host} is let in`, async (t) => {
    const { api } = await testApi(t)
    assert.equal((await api.inject({ url: '/api/v1/status', headers: { host } })).statusCode, 200)
  })
}

for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:8080', '10.0.0.1', '[::2]']) {
  test(`without a token: Host "${host}" is a 403 (DNS rebinding)`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject({ method: 'POST', url: '/api/v1/reload', headers: { host } })
    assert.equal(answer.statusCode, 403)
    assert.deepEqual(gateway.calls, [])
  })
}

for (const origin of ['http://evil.example', 'null', 'http://localhost:3000', 'https://localhost:8080']) {
  test(`without a token: a page of ${origin} is refused`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject({
      method: 'POST',
      url: '/mi',
      headers: { host: 'localhost:8080', origin, 'content-type': 'text/plain' },
      payload: '{"jsonrpc":"2.0","id":1,"method":"tls_trace","params":["on"]}',
    })
    assert.equal(answer.statusCode, 403)
    assert.deepEqual(gateway.calls, [])
  })
}

test('without a token: a page of our own is let in', async (t) => {
  const { api } = await testApi(t)
  const headers = { host: 'localhost:8080', origin: 'http://localhost:8080' }
  assert.equal((await api.inject({ url: '/api/v1/status', headers })).statusCode, 200)
})

// An <img> on any page asks without Origin, and the page needs no answer to take up places and work.
for (const [site, status] of [
  ['cross-site', 403],
  ['same-site', 403],
  ['same-origin', 200],
  ['none', 200],
] as const) {
  test(`without a token: what a browser asks of a page of ${site} is a ${status}`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.onWatch = ({ viewer }) => viewer.end('enough')
    const headers = { host: 'a1.localhost:8080', 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }
    for (const url of ['/api/v1/events', '/api/v1/pcapng', '/api/v1/connections']) {
      assert.equal((await api.inject({ url, headers })).statusCode, status, url)
    }
    assert.equal(gateway.calls.length, status === 200 ? 3 : 0)
  })
}

test('with a token: it decides, not the page that asks', async (t) => {
  const { api } = await testApi(t, { token })
  const headers = { ...bearer(token), 'sec-fetch-site': 'cross-site' }
  assert.equal((await api.inject({ url: '/api/v1/status', headers })).statusCode, 200)
})
