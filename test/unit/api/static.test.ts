/** The files of the dashboard, and the page about the API. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { contentSecurityPolicy } from '../../../src/api/headers.js'
import { tempDir } from '../../support/tmp.js'
import { testApi } from './api.js'

const script = 'export const nothing = 0\n'

/** As the build leaves it, beside a file that is nobody's business. */
function built(t: TestContext): string {
  const dir = tempDir(t)
  writeFileSync(join(dir, 'secret.txt'), 'not for others')
  const dashboard = join(dir, 'dashboard')
  mkdirSync(dashboard)
  writeFileSync(join(dashboard, 'index.html'), '<!doctype html><title>hepgate</title>')
  writeFileSync(join(dashboard, 'app-5NQ2ZQ3X.js'), script)
  writeFileSync(join(dashboard, 'app-5NQ2ZQ3X.js.br'), brotliCompressSync(script))
  writeFileSync(join(dashboard, 'calls-ABCD2345.css'), 'body {}')
  writeFileSync(join(dashboard, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  return dashboard
}

test('the dashboard is at /, needs no token, and is asked for again each time', async (t) => {
  const { api } = await testApi(t, { dashboard: built(t), token: 'correct-horse' })
  const page = await api.inject('/')
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /<title>hepgate/)
  assert.match(String(page.headers['content-type']), /^text\/html/)
  assert.equal(page.headers['cache-control'], 'no-cache')
  assert.equal(page.headers['content-security-policy'], contentSecurityPolicy)

  const again = await api.inject({ url: '/', headers: { 'if-none-match': String(page.headers.etag) } })
  assert.equal(again.statusCode, 304)
  assert.equal(again.body, '')
})

test('a file with a hash in its name is kept for ever, one without is not', async (t) => {
  const { api } = await testApi(t, { dashboard: built(t) })
  for (const [url, type, cached] of [
    ['/app-5NQ2ZQ3X.js', /^(?:text|application)\/javascript/, 'public, max-age=31536000, immutable'],
    ['/calls-ABCD2345.css', /^text\/css/, 'public, max-age=31536000, immutable'],
    ['/icon.svg', /^image\/svg\+xml/, 'no-cache'],
  ] as const) {
    const { statusCode, headers } = await api.inject(url)
    assert.equal(statusCode, 200, url)
    assert.match(String(headers['content-type']), type)
    assert.equal(headers['cache-control'], cached)
    assert.equal((await api.inject({ method: 'HEAD', url })).statusCode, 200)
  }
})

test('a dashboard that is built anew while the gateway runs is served as it is then', async (t) => {
  const dashboard = built(t)
  const { api } = await testApi(t, { dashboard })
  writeFileSync(join(dashboard, 'app-7ZZ2ZQ3Y.js'), script)
  writeFileSync(join(dashboard, 'index.html'), '<!doctype html><title>another</title>')
  assert.match((await api.inject('/')).body, /another/)
  assert.equal((await api.inject('/app-7ZZ2ZQ3Y.js')).statusCode, 200)
  assert.equal((await api.inject('/app-0000AAAA.js')).statusCode, 404)
})

test('what the build has compressed goes out as it is, to those who take it', async (t) => {
  const { api } = await testApi(t, { dashboard: built(t) })
  const url = '/app-5NQ2ZQ3X.js'
  const small = await api.inject({ url, headers: { 'accept-encoding': 'gzip, br' } })
  assert.equal(small.headers['content-encoding'], 'br')
  assert.equal(small.headers.vary, 'accept-encoding')
  assert.match(String(small.headers['content-type']), /javascript/)
  assert.equal(brotliDecompressSync(small.rawPayload).toString(), script)
  const plain = await api.inject(url)
  assert.equal(plain.headers['content-encoding'], undefined)
  assert.equal(plain.body, script)
})

test('nothing beside the dashboard can be reached through it', async (t) => {
  const { api } = await testApi(t, { dashboard: built(t) })
  for (const url of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/chunks/..%2f..%2fsecret.txt',
    '/chunks',
    '/app-5NQ2ZQ3X.js.br',
  ]) {
    const answer = await api.inject(url)
    assert.equal(answer.statusCode, 404, url)
    assert.doesNotMatch(answer.body, /not for others/)
  }
})

test('the dashboard is only read: another method is a 405', async (t) => {
  const { api } = await testApi(t, { dashboard: built(t) })
  const answer = await api.inject({ method: 'POST', url: '/' })
  assert.equal(answer.statusCode, 405)
  assert.equal(answer.headers.allow, 'GET, HEAD')
})

test('where it was not built, / says what to do', async (t) => {
  const { api } = await testApi(t, { dashboard: join(tempDir(t), 'nowhere') })
  const answer = await api.inject('/')
  assert.equal(answer.statusCode, 404)
  assert.match(answer.body, /npm run build/)
})

test('the page about the API is made of files of our own, under the policy of the dashboard', async (t) => {
  const { api } = await testApi(t, { token: 'correct-horse' })
  const page = await api.inject('/docs')
  assert.equal(page.headers['content-security-policy'], contentSecurityPolicy)
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string)
  assert.ok(sources.length >= 5)
  for (const url of sources) {
    assert.match(url, /^\/docs\//)
    assert.equal((await api.inject(url)).statusCode, 200, url)
  }
  assert.equal((await api.inject('/docs/json')).json().openapi, '3.1.0')
})

test('who asks for what is not there is told where to look', async (t) => {
  const { api } = await testApi(t)
  assert.equal((await api.inject('/nothing')).json().detail, 'there is nothing here; see /docs or /api/v1/openapi.json')
})
