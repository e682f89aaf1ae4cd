/** The OpenAPI document is a good one by itself, and docs/http-api.md describes what it describes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { searchFields } from '../../../src/base/live.js'
import { repoRoot } from '../../support/paths.js'
import { testApi } from './api.js'
import { describedOperations, documentOf } from './document.js'
import { operations } from './operations.js'

test('it is OpenAPI 3.1, and every operation has a summary, a known tag, a scope and answers', async (t) => {
  const { api } = await testApi(t)
  const document = await documentOf(api)
  assert.equal(document.openapi, '3.1.0')
  assert.equal(document.info.version, '1.2.3')
  const tags = new Set(document.tags.map(({ name }) => name))
  const used = new Set<string>()
  for (const [key, { summary, tags: [tag] = [], security, responses }] of describedOperations(document)) {
    assert.ok(summary, `${key} has no summary`)
    assert.ok(tag !== undefined && tags.has(tag), `${key}: ${tag}`)
    assert.ok(security, `${key} says nothing of who may`)
    used.add(tag)
    for (const [status, { description }] of Object.entries(responses)) {
      assert.match(status, /^(?:[1-5]\d\d|default)$/)
      assert.ok(description, `${key} ${status} has no description`)
    }
    assert.ok(responses.default ?? key.endsWith('/openapi.json'), `${key} does not say what its errors are`)
  }
  assert.deepEqual(
    [...tags].filter((tag) => !used.has(tag)),
    [],
    'tags of nothing',
  )
})

test('every part of a path is a parameter, and only these are', async (t) => {
  const { api } = await testApi(t)
  for (const [key, { parameters = [] }] of describedOperations(await documentOf(api))) {
    const inPath = parameters.filter((one) => one.in === 'path')
    assert.deepEqual(
      inPath.map(({ name }) => `{${name}}`),
      [...key.matchAll(/\{\w+\}/g)].map(([part]) => part),
      key,
    )
    assert.ok(
      inPath.every(({ required }) => required),
      key,
    )
  }
})

test('every schema is one by JSON Schema 2020-12, and every reference leads somewhere', async (t) => {
  const { api } = await testApi(t)
  const document = await documentOf(api)
  const ajv = new Ajv2020({ strict: true })
  formats.default(ajv)
  ajv.addVocabulary(['components', 'example'])
  ajv.addSchema({ $id: 'openapi', components: document.components })
  for (const name of Object.keys(document.components.schemas)) {
    assert.equal(typeof ajv.compile({ $ref: `openapi#/components/schemas/${name}` }), 'function')
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference!)
  assert.ok(references.length > 50)
  for (const reference of references) {
    const [, name] = /^#\/components\/schemas\/([^/]+)$/.exec(reference) ?? []
    assert.ok(name !== undefined && name in document.components.schemas, reference)
  }
})

test('the parameters of the connections are the search fields', async (t) => {
  const { api } = await testApi(t)
  const [, { parameters = [] }] = describedOperations(await documentOf(api)).find(
    ([key]) => key === 'GET /api/v1/connections',
  )!
  const names = parameters.map(({ name }) => name)
  for (const { name } of searchFields) assert.ok(names.includes(name), name)
  assert.equal(new Set(names).size, names.length)
})

test('docs/http-api.md describes every operation and every search field', () => {
  const text = readFileSync(`${repoRoot}docs/http-api.md`, 'utf8')
  for (const key of Object.keys(operations)) assert.ok(text.includes(`\`${key}\``), key)
  for (const { name } of searchFields) assert.match(text, new RegExp(`^\\| \`${name}\` \\|`, 'm'))
})
