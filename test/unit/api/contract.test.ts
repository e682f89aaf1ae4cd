/** What the API answers is what its OpenAPI document says: every operation, with all that is optional and with nothing of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'
import { checker, describedOperations, documentOf } from './document.js'
import { operations, perform, tellingGateway } from './operations.js'
import { allScopes, bearer, namedToken } from './tokens.js'

const tokens = [namedToken('all', allScopes)]
const headers = bearer('all')

test('every operation of the document is tried here, and no other', async (t) => {
  const { api } = await testApi(t)
  const described = describedOperations(await documentOf(api)).map(([key]) => key)
  assert.deepEqual(described.sort(), Object.keys(operations).sort())
})

for (const kind of ['full', 'bare'] as const) {
  for (const [key, { tells }] of Object.entries(operations)) {
    test(`${key}, ${kind}: the answer is what the document says, and loses nothing`, async (t) => {
      const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway(kind) })
      const document = await documentOf(api)
      const answer = await perform(api, key, { headers })
      const described = Object.fromEntries(describedOperations(document))[key]?.responses[answer.statusCode]
      assert.ok(described, `${answer.statusCode} ${answer.body}`)
      if (answer.statusCode === 204) {
        assert.equal(answer.body, '')
        return
      }
      const type = String(answer.headers['content-type']).split(';', 1)[0]!
      const { schema } = described.content?.[type] ?? {}
      assert.ok(schema, `${type} is not in the document`)
      const body = type.endsWith('json') ? answer.json() : answer.body
      assert.deepEqual(checker(document)(schema, body), [])
      assert.notEqual(answer.body, '')
      if (tells !== undefined) assert.deepEqual(body, JSON.parse(JSON.stringify(tells(gateway))))
    })
  }

  test(`the events of a stream, ${kind}, are what the document says`, async (t) => {
    const { api } = await testApi(t, { gateway: tellingGateway(kind) })
    const document = await documentOf(api)
    const { body } = await api.inject('/api/v1/events')
    const check = checker(document)
    const data = [...body.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!))
    assert.equal(data.length, 2)
    for (const [i, name] of ['Snapshot', 'Delta'].entries()) {
      assert.deepEqual(check({ $ref: `#/components/schemas/${name}` }, data[i]), [])
    }
  })
}

for (const key of Object.keys(operations)) {
  test(`${key}: a fault of ours is the problem document it says`, async (t) => {
    const gateway = tellingGateway('full')
    const { api } = await testApi(t, { tokens, gateway })
    const document = await documentOf(api)
    gateway.failure = new Error('secret insides')
    const answer = await perform(api, key, { headers })
    // these ask nothing of the gateway, or say it in their own way
    if (['GET /healthz', 'GET /api/v1/openapi.json', 'POST /mi'].includes(key))
      return assert.equal(answer.statusCode, 200)
    assert.equal(answer.statusCode, 500)
    const problem = Object.fromEntries(describedOperations(document))[key]?.responses.default
    const schema = problem?.content?.['application/problem+json']?.schema
    assert.ok(schema)
    assert.deepEqual(checker(document)(schema, answer.json()), [])
    assert.equal(answer.body.includes('insides'), false)
  })
}

test('the check notices a member without a name, one that lacks, and one of the wrong kind', async (t) => {
  const { api } = await testApi(t)
  const check = checker(await documentOf(api))
  const schema = { $ref: '#/components/schemas/ReloadResult' }
  assert.deepEqual(check(schema, { ok: true, notes: [] }), [])
  for (const wrong of [
    { ok: true, notes: [], extra: 1 },
    { ok: true },
    { ok: true, notes: [7] },
    { ok: 'yes', notes: [] },
  ]) {
    assert.notDeepEqual(check(schema, wrong), [])
  }
})
