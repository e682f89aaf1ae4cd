/** What the API answers is what its OpenAPI document says: every operation, with all that is optional and with nothing of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'
import { checker, describedOperations, documentOf } from './document.js'
import { operations, perform, tellingGateway } from './operations.js'
import { allScopes, bearer, namedToken } from './tokens.js'

const tokens = [namedToken('all', allScopes)]
const headers = bearer('all')
/** These ask nothing of the gateway, or say in their own way that it failed. */
const failures = new Map([
  ['GET /healthz', 200],
  ['GET /api/v1/openapi.json', 200],
  ['POST /mi', 200],
])

test('every operation of the document is tried here, and no other', async (t) => {
  const { api } = await testApi(t)
  const described = describedOperations(await documentOf(api)).map(([key]) => key)
  assert.deepEqual(described.sort(), Object.keys(operations).sort())
})

for (const kind of ['full', 'bare'] as const) {
  test(`what a gateway tells, ${kind}, is answered as the document says, and nothing is lost`, async (t) => {
    const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway(kind) })
    const document = await documentOf(api)
    const described = Object.fromEntries(describedOperations(document))
    const check = checker(document)
    for (const [key, { tells }] of Object.entries(operations)) {
      await t.test(key, async () => {
        const answer = await perform(api, key, { headers })
        const said = described[key]?.responses[answer.statusCode]
        assert.ok(said, `${answer.statusCode} ${answer.body}`)
        assert.equal(answer.body === '', answer.statusCode === 204)
        if (answer.statusCode === 204) return
        const type = String(answer.headers['content-type']).split(';', 1)[0]!
        const { schema } = said.content?.[type] ?? {}
        assert.ok(schema, `${type} is not in the document`)
        const body = type.endsWith('json') ? answer.json() : answer.body
        assert.deepEqual(check(schema, body), [])
        if (tells !== undefined) assert.deepEqual(body, JSON.parse(JSON.stringify(tells(gateway))))
      })
    }

    for (const [i, name] of ['Snapshot', 'Delta'].entries()) {
      await t.test(`${name} of the event stream`, async () => {
        const { body } = await api.inject({ url: '/api/v1/events', headers })
        const data = [...body.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!))
        assert.equal(data.length, 2)
        assert.deepEqual(check({ $ref: `#/components/schemas/${name}` }, data[i]), [])
      })
    }
  })
}

test('a fault of ours is the problem document that the document says', async (t) => {
  const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway('full') })
  const document = await documentOf(api)
  const check = checker(document)
  gateway.failure = new Error('secret insides')
  for (const [key, { responses }] of describedOperations(document)) {
    await t.test(key, async () => {
      const answer = await perform(api, key, { headers })
      assert.equal(answer.statusCode, failures.get(key) ?? 500)
      assert.equal(answer.body.includes('insides'), false)
      if (failures.has(key)) return
      const schema = responses.default?.content?.['application/problem+json']?.schema
      assert.ok(schema)
      assert.deepEqual(check(schema, answer.json()), [])
    })
  }
})

test('the check notices a member without a name, one that lacks, and one of the wrong kind', async (t) => {
  const { api } = await testApi(t)
  const check = checker(await documentOf(api))
  const schema = { $ref: '#/components/schemas/ReloadResult' }
  const good = { ok: true, notes: [] }
  assert.deepEqual(check(schema, good), [])
  for (const wrong of [{ ...good, extra: 1 }, { ok: true }, { ...good, notes: [7] }, { ...good, ok: 'yes' }]) {
    assert.notDeepEqual(check(schema, wrong), [])
  }
})
