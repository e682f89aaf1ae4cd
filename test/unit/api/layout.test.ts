/** JSON as people read it in a terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fullSamples } from '../../support/api-samples.js'
import { testApi } from './api.js'

const paths = [
  '/api/v1/tls_trace',
  '/api/v1/status',
  '/api/v1/connections',
  '/api/v1/openapi.json',
  '/readyz',
  '/nothing',
]

for (const url of paths) {
  test(`the answer of ${url} ends its line, once, and its length is told`, async (t) => {
    const { api } = await testApi(t)
    const { body, headers } = await api.inject(url)
    assert.match(body, /\}\n$/)
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)))
  })
}

test('what people read whole is indented', async (t) => {
  const { api } = await testApi(t)
  const { body } = await api.inject('/api/v1/status')
  assert.equal(body, `${JSON.stringify(JSON.parse(body), undefined, 2)}\n`)
})

test('a list too long for people is not', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.rows = { rows: Array.from({ length: 500 }, (_, i) => fullSamples.connection(String(i))), total: 500 }
  const { body } = await api.inject('/api/v1/connections')
  assert.equal(body, `${JSON.stringify(JSON.parse(body))}\n`)
})
