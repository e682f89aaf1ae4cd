/** `GET /metrics` as Prometheus asks for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'
import { bearer, namedToken } from './tokens.js'

test('the text goes out as it is, as the version of the format that it is', async (t) => {
  const { api, gateway } = await testApi(t)
  const answer = await api.inject('/metrics')
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(answer.body, gateway.metricsText)
})

test('HEAD is answered with the same head', async (t) => {
  const { api } = await testApi(t)
  const [get, head] = [await api.inject('/metrics'), await api.inject({ method: 'HEAD', url: '/metrics' })]
  assert.equal(head.statusCode, 200)
  for (const name of ['content-type', 'content-length']) assert.equal(head.headers[name], get.headers[name], name)
  assert.equal(head.body, '')
})

test('where nothing is measured there is nothing, and it says why', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.metricsText = undefined
  const answer = await api.inject('/metrics')
  assert.equal(answer.statusCode, 404)
  assert.match(answer.json().detail, /telemetry\.metrics is off/)
})

test('a token for metrics alone, or one for reading, is enough; one for control is not', async (t) => {
  const tokens = [namedToken('m', ['metrics']), namedToken('r', ['read']), namedToken('c', ['control'])]
  const { api } = await testApi(t, { tokens })
  for (const [token, status] of [
    ['m', 200],
    ['r', 200],
    ['c', 403],
  ] as const) {
    assert.equal((await api.inject({ url: '/metrics', headers: bearer(token) })).statusCode, status, token)
  }
  assert.equal((await api.inject('/metrics')).statusCode, 401)
  const elsewhere = await api.inject({ url: '/api/v1/status', headers: bearer('m') })
  assert.equal(elsewhere.statusCode, 403, 'metrics and nothing else')
})
