/** Who may use the API, with and without a token. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApi } from '../../../src/api/server.js'
import { UsageError } from '../../../src/base/errors.js'
import { silentLog } from '../../../src/base/log.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { testApi } from './api.js'

const token = 'correct-horse'

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
  test(`with a token: ${name} one is a 401 on every path, known or not`, async (t) => {
    const { api, gateway } = await testApi(t, { token })
    for (const [method, url] of [
      ['GET', '/api/v1/tls_trace'],
      ['GET', '/api/v1/openapi.json'],
      ['GET', '/nothing'],
      ['POST', '/mi'],
      ['POST', '/api/v1/reload'],
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

test('with a token: healthz and readyz need none', async (t) => {
  const { api } = await testApi(t, { token })
  assert.equal((await api.inject('/healthz')).statusCode, 200)
  assert.equal((await api.inject('/readyz')).statusCode, 200)
})

test('without a token: an address that is not loopback is refused before anything listens', async () => {
  for (const ip of ['0.0.0.0', '::', '192.0.2.1']) {
    const { view, control } = new FakeGateway()
    const options = { listen: { ip, port: 0 }, token: undefined, view, control, log: silentLog, version: '1' }
    await assert.rejects(startApi(options), (error) => error instanceof UsageError && /api\.token/.test(error.message))
  }
})

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
