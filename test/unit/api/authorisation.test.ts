/** Who may do what: every operation of the document with every kind of caller, by the scope it declares. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FakeGateway } from '../../support/fake-gateway.js'
import { testApi } from './api.js'
import { describedOperations, documentOf, scopesOf } from './document.js'
import { operations, perform, tellingGateway } from './operations.js'
import { allScopes, bearer, namedToken } from './tokens.js'

const open = ['GET /healthz', 'GET /readyz', 'GET /api/v1/openapi.json']
const secrets = ['GET /api/v1/connections/{conn_id}/keylog']

const metrics = ['GET /metrics']

const callers: [name: string, has: readonly string[], headers: Record<string, string>][] = [
  ...allScopes.map((scope): [string, string[], Record<string, string>] => [`only ${scope}`, [scope], bearer(scope)]),
  ['all scopes', allScopes, bearer('all')],
]
const tokens = [...allScopes.map((scope) => namedToken(scope, [scope])), namedToken('all', allScopes)]

test('every operation declares a scope: reading read, changing control, keys secrets, metrics their own or read', async (t) => {
  const { api } = await testApi(t)
  for (const [key, described] of describedOperations(await documentOf(api))) {
    assert.ok(described.security, `${key} does not say who may`)
    // what tries something out changes nothing, but makes the gateway work: POST too
    const scope = secrets.includes(key) ? 'secrets' : key.startsWith('GET ') ? 'read' : 'control'
    const scopes = metrics.includes(key) ? ['metrics', 'read'] : [scope]
    assert.deepEqual(scopesOf(described), open.includes(key) ? [] : scopes, key)
  }
})

for (const [name, has, headers] of callers) {
  test(`a token with ${name} may do what that is for, and nothing else reaches the gateway`, async (t) => {
    const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway('full') })
    for (const [key, described] of describedOperations(await documentOf(api))) {
      await t.test(key, async () => {
        const scopes = scopesOf(described)
        const told = asks(gateway)
        const answer = await perform(api, key, { headers })
        if (scopes.length === 0 || scopes.some((scope) => has.includes(scope))) {
          assert.ok(answer.statusCode < 300, `${answer.statusCode} ${answer.body}`)
          return
        }
        assert.equal(answer.statusCode, 403)
        assert.match(String(answer.headers['www-authenticate']), new RegExp(`insufficient_scope.*scope="${scopes[0]}"`))
        assert.equal(told(), 0)
      })
    }
  })
}

for (const [name, headers] of [
  ['no token', {}],
  ['a wrong token', bearer('wrong')],
] as const) {
  test(`where there are tokens, ${name} opens only what is open`, async (t) => {
    const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway('full') })
    for (const [i, key] of Object.keys(operations).entries()) {
      // wrong tokens are counted by address: each request comes from another
      const answer = await perform(api, key, { headers, remoteAddress: `198.51.100.${i}` })
      assert.equal(answer.statusCode, open.includes(key) ? 200 : 401, key)
    }
    assert.deepEqual(gateway.calls, [])
  })
}

test('where there is no token, a local program may do everything but get secrets', async (t) => {
  const { api, gateway } = await testApi(t, { gateway: tellingGateway('full') })
  for (const key of Object.keys(operations)) {
    const told = asks(gateway)
    const answer = await perform(api, key)
    if (secrets.includes(key)) assert.deepEqual([answer.statusCode, told()], [403, 0], key)
    else assert.ok(answer.statusCode < 300, `${key}: ${answer.statusCode} ${answer.body}`)
  }
})

test('a capture with keys takes reading and secrets both, and is written down', async (t) => {
  const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway('full') })
  for (const url of ['/api/v1/connections/12/pcapng', '/api/v1/calls/12/pcapng', '/api/v1/pcapng']) {
    for (const [name, has, headers] of callers) {
      const told = asks(gateway)
      const { statusCode } = await api.inject({ url: `${url}?keys=true`, headers })
      const may = has.includes('read') && has.includes('secrets')
      assert.deepEqual([statusCode, told()], may ? [200, 2] : [403, 0], `${url} with ${name}`)
    }
  }
  assert.equal(gateway.calls.filter(([call]) => call === 'note').length, 3)
})

test('a capture with keys is not for a local program without a token', async (t) => {
  const { api, gateway } = await testApi(t, { gateway: tellingGateway('full') })
  assert.equal((await api.inject('/api/v1/pcapng?keys=true')).statusCode, 403)
  assert.deepEqual(gateway.calls, [])
})

/** How often the gateway was asked or told something since. */
function asks({ calls }: FakeGateway): () => number {
  const before = calls.length
  return () => calls.length - before
}
