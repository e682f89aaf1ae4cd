/** The OpenAPI document: it describes every path there is, and docs/http-api.md does too. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { repoRoot } from '../../support/paths.js'
import { testApi } from './api.js'

const operations = [
  'DELETE /api/v1/connections/{conn_id}',
  'GET /api/v1/collector/packets',
  'GET /api/v1/connections',
  'GET /api/v1/openapi.json',
  'GET /api/v1/status',
  'GET /api/v1/tls_trace',
  'GET /healthz',
  'GET /readyz',
  'POST /api/v1/reload',
  'POST /api/v1/trace/filter/dry-run',
  'POST /mi',
  'PUT /api/v1/tls_trace',
  'PUT /api/v1/trace/filter',
]

test('the document is OpenAPI 3.1 and has every operation with a summary', async (t) => {
  const { api } = await testApi(t)
  const document = (await api.inject('/api/v1/openapi.json')).json()
  assert.equal(document.openapi, '3.1.0')
  assert.equal(document.info.version, '1.2.3')
  const found = Object.entries<Record<string, { summary?: string }>>(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => {
      assert.ok(summary, `${method} ${path} has no summary`)
      return `${method.toUpperCase()} ${path}`
    }),
  )
  assert.deepEqual(found.sort(), operations)
})

test('every reference in the document leads somewhere', async (t) => {
  const { api } = await testApi(t)
  const { body } = await api.inject('/api/v1/openapi.json')
  const schemas = Object.keys(JSON.parse(body).components.schemas)
  const references = [...body.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1])
  assert.ok(references.length > 10)
  for (const name of references) assert.ok(schemas.includes(name), name)
})

test('docs/http-api.md describes every operation', () => {
  const text = readFileSync(`${repoRoot}docs/http-api.md`, 'utf8')
  for (const operation of operations) assert.ok(text.includes(`\`${operation}\``), operation)
})
