/** Who may do what: every operation of the document with every kind of caller, by the scope it declares. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'
import { describedOperations, documentOf, scopeOf } from './document.js'
import { operations, perform, tellingGateway } from './operations.js'
import { allScopes, bearer, namedToken } from './tokens.js'

const open = ['GET /healthz', 'GET /readyz', 'GET /api/v1/openapi.json']
const secrets = ['GET /api/v1/connections/{conn_id}/keylog']
/** tries something out and changes nothing, but makes the gateway work for it */
const tries = ['POST /api/v1/trace/filter/dry-run', 'POST /mi']

type Scope = (typeof allScopes)[number]

/** Each with the scopes it has; no token at all is a 401, and no token configured makes a local caller. */
const callers: [name: string, has: readonly Scope[], headers: Record<string, string>][] = [
  ...allScopes.map((scope): [string, readonly Scope[], Record<string, string>] => [scope, [scope], bearer(scope)]),
  ['all', allScopes, bearer('all')],
]
const tokens = callers.map(([name, has]) => namedToken(name, has))

/** Wrong tokens are counted by address: each request comes from another. */
let lastAddress = 0
const remoteAddress = () => `198.51.100.${++lastAddress % 250}`

for (const key of Object.keys(operations)) {
  test(`${key}: its scope is declared, and is what reading, changing and secrets take`, async (t) => {
    const { api } = await testApi(t)
    const described = Object.fromEntries(describedOperations(await documentOf(api)))[key]!
    assert.ok(described.security, 'security is not said')
    const changes = !key.startsWith('GET ') || tries.includes(key)
    const expected = open.includes(key) ? undefined : secrets.includes(key) ? 'secrets' : changes ? 'control' : 'read'
    assert.equal(scopeOf(described), expected)
  })

  for (const [name, has, headers] of callers) {
    test(`${key} with a token for ${name}`, async (t) => {
      const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway('full') })
      const scope = scopeOf(Object.fromEntries(describedOperations(await documentOf(api)))[key]!)
      const answer = await perform(api, key, { headers })
      if (scope === undefined || has.includes(scope as Scope)) {
        assert.ok(answer.statusCode < 300, `${answer.statusCode} ${answer.body}`)
        return
      }
      assert.equal(answer.statusCode, 403)
      assert.match(String(answer.headers['www-authenticate']), new RegExp(`insufficient_scope.*scope="${scope}"`))
      assert.deepEqual(gateway.calls, [])
    })
  }

  for (const [name, headers] of [
    ['no token', {}],
    ['a wrong token', bearer('wrong')],
  ] as const) {
    test(`${key} with ${name}, where there are some`, async (t) => {
      const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway('full') })
      const answer = await perform(api, key, { headers, remoteAddress: remoteAddress() })
      if (open.includes(key)) return assert.equal(answer.statusCode, 200)
      assert.equal(answer.statusCode, 401)
      assert.deepEqual(gateway.calls, [])
    })
  }

  test(`${key} by a local program, where there is no token: all but secrets`, async (t) => {
    const { api, gateway } = await testApi(t, { gateway: tellingGateway('full') })
    const answer = await perform(api, key)
    if (!secrets.includes(key)) return assert.ok(answer.statusCode < 300, `${answer.statusCode} ${answer.body}`)
    assert.equal(answer.statusCode, 403)
    assert.deepEqual(gateway.calls, [])
  })
}

for (const url of ['/api/v1/connections/12/pcapng', '/api/v1/calls/12/pcapng', '/api/v1/pcapng']) {
  for (const [name, has, headers] of callers) {
    test(`${url} with keys and a token for ${name}: reading and secrets are both needed`, async (t) => {
      const { api, gateway } = await testApi(t, { tokens, gateway: tellingGateway('full') })
      const answer = await api.inject({ url: `${url}?keys=true`, headers })
      const may = has.includes('read') && has.includes('secrets')
      assert.equal(answer.statusCode, may ? 200 : 403)
      assert.deepEqual(
        gateway.calls.map(([call]) => call),
        may ? ['capture', 'note'] : [],
      )
    })
  }

  test(`${url} with keys by a local program, where there is no token, is a 403`, async (t) => {
    const { api, gateway } = await testApi(t, { gateway: tellingGateway('full') })
    assert.equal((await api.inject(`${url}?keys=true`)).statusCode, 403)
    assert.deepEqual(gateway.calls, [])
  })
}
