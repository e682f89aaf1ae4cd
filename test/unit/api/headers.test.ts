/** What every answer tells a browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selfSigned } from '../../support/certificates.js'
import { tempDir } from '../../support/tmp.js'
import { testApi } from './api.js'

const paths = ['/', '/healthz', '/api/v1/status', '/api/v1/openapi.json', '/nothing', '/%zz']

test('no answer may be framed, sniffed, or load anything from elsewhere; the API is never kept', async (t) => {
  const { api } = await testApi(t, { dashboard: tempDir(t) })
  for (const url of paths.filter((path) => path !== '/%zz')) {
    const { headers } = await api.inject(url)
    assert.equal(
      headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      url,
    )
    assert.equal(headers['x-content-type-options'], 'nosniff', url)
    assert.equal(headers['referrer-policy'], 'no-referrer', url)
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin', url)
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', url)
    assert.match(String(headers['permissions-policy']), /camera=\(\)/, url)
    assert.equal(headers['cache-control'], 'no-store', url)
  }
})

test('refusals carry them too', async (t) => {
  const { api } = await testApi(t, { token: 'correct-horse' })
  const { statusCode, headers } = await api.inject('/api/v1/status')
  assert.equal(statusCode, 401)
  assert.match(String(headers['content-security-policy']), /^default-src 'none'/)
})

test('there is no CORS header, whoever asks', async (t) => {
  const { api } = await testApi(t, { token: 'correct-horse' })
  for (const url of paths) {
    for (const method of ['GET', 'OPTIONS'] as const) {
      const answer = await api.inject({
        method,
        url,
        headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'PUT' },
      })
      const names = Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))
      assert.deepEqual(names, [], `${method} ${url}`)
    }
  }
})

test('only with TLS a browser is told to come back with TLS', async (t) => {
  const { certPem, keyPem } = selfSigned()
  const secure = await testApi(t, { identity: { chain: certPem, key: keyPem } })
  assert.equal((await secure.api.inject('/healthz')).headers['strict-transport-security'], 'max-age=31536000')
  const { api } = await testApi(t)
  assert.equal((await api.inject('/healthz')).headers['strict-transport-security'], undefined)
})
