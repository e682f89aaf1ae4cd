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

/** C1, of which U+009B begins a command in some terminals; line ends; what turns the reading order. */
const unsightly = 'bidi\u202egnp.exe\u202c \u009b31m \u2028\u2029\u2066\u061c ü €'

for (const [name, count] of [
  ['a short answer', 1],
  ['a long one', 500],
] as const) {
  test(`what would act on a screen is escaped in ${name}, and means the same`, async (t) => {
    const { api, gateway } = await testApi(t)
    const rows = Array.from({ length: count }, (_, i) => ({ ...fullSamples.connection(String(i)), tls_sni: unsightly }))
    gateway.rows = { rows, total: count }
    const { body, headers } = await api.inject('/api/v1/connections')
    assert.doesNotMatch(body, /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/u)
    assert.match(body, /\\u202egnp\.exe\\u202c \\u009b31m .*ü €/)
    assert.equal(JSON.parse(body).connections[0].tls_sni, unsightly)
    assert.equal(headers['content-length'], String(Buffer.byteLength(body)))
  })
}

test('what would act on a screen is escaped in a problem document, and in the packets of the collector', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.rows = { problem: `no such name: ${unsightly}` }
  gateway.packets = [JSON.stringify({ payload: unsightly })]
  for (const url of ['/api/v1/connections?search=x', '/api/v1/collector/packets?format=json']) {
    const { body } = await api.inject(url)
    assert.match(body, /\\u202egnp\.exe\\u202c \\u009b31m \\u2028\\u2029\\u2066\\u061c ü €/)
  }
})

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
