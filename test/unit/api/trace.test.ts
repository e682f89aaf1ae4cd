/** The trace switch, its scope and its filter over HTTP: what is asked of the gateway and what is answered. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'

const by = 'local 127.0.0.1'

test('PUT tls_trace switches on for a while, existing connections included', async (t) => {
  const { api, gateway } = await testApi(t)
  const answer = await api.inject({
    method: 'PUT',
    url: '/api/v1/tls_trace',
    payload: { trace_mode: 'on', for: '10m', existing: true },
  })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.json().trace_mode, 'on')
  assert.deepEqual(gateway.calls, [['setTrace', { trace_mode: 'on', forMs: 600_000, existing: true, by }]])
})

const badSwitches: [name: string, body: unknown, detail: RegExp][] = [
  ['an unknown mode', { trace_mode: 'maybe' }, /^trace_mode should be 'on' or 'off'$/],
  ['a boolean mode', { trace_mode: true }, /^trace_mode should be 'on' or 'off'$/],
  ['no mode', {}, /^the body lacks 'trace_mode'$/],
  ['a duration without a unit', { trace_mode: 'on', for: '10' }, /^for should be a duration/],
  ['no time at all', { trace_mode: 'on', for: '0s' }, /^for should be a duration/],
  ['more time than a timer holds', { trace_mode: 'on', for: '25d' }, /not above 24 days/],
  ['a number as duration', { trace_mode: 'on', for: 10 }, /^for should be of type string$/],
  ['a string as boolean', { trace_mode: 'on', existing: 'true' }, /^existing should be of type boolean$/],
  ['off for a while', { trace_mode: 'off', for: '10m' }, /go with trace_mode 'on'/],
  ['off for existing connections', { trace_mode: 'off', existing: true }, /go with trace_mode 'on'/],
  ['an unknown member', { trace_mode: 'on', until: '10m' }, /^the body has an unknown member 'until'$/],
  ['an array', ['on'], /^the body should be of type object$/],
]
for (const [name, payload, detail] of badSwitches) {
  test(`PUT tls_trace with ${name} is a 400 and changes nothing`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject({
      method: 'PUT',
      url: '/api/v1/tls_trace',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(payload),
    })
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, detail)
    assert.deepEqual(gateway.calls, [])
  })
}

const scopes: [name: string, scope: object, told: object][] = [
  ['one peer', { peer: '203.0.113.9' }, { peer: ['203.0.113.9'] }],
  ['networks', { peer: ['203.0.113.0/24', '2001:db8::/32'] }, { peer: ['203.0.113.0/24', '2001:db8::/32'] }],
  [
    'SNI, user and Call-ID',
    { sni: '*.a.example', user: 'alice', call_id: 'x@y' },
    { sni: '*.a.example', user: 'alice', call_id: 'x@y' },
  ],
]
for (const [name, scope, told] of scopes) {
  test(`a trace and a dry run narrowed to ${name}`, async (t) => {
    const { api, gateway } = await testApi(t)
    const payload = { trace_mode: 'on', scope }
    assert.equal((await api.inject({ method: 'PUT', url: '/api/v1/tls_trace', payload })).statusCode, 200)
    const dry = await api.inject({ method: 'POST', url: '/api/v1/trace/filter/dry-run', payload: { scope } })
    assert.equal(dry.statusCode, 200)
    assert.deepEqual(gateway.calls, [
      // what is asked for is on connections that are open
      ['setTrace', { trace_mode: 'on', existing: 'user' in told, scope: told, by }],
      ['dryRunFilter', told],
    ])
  })
}

const badScopes: [name: string, scope: unknown, detail: RegExp, pointer: string][] = [
  ['nothing', {}, /^scope should not be empty$/, '/scope'],
  ['a peer that is none', { peer: '203.0.113.0/33' }, /^scope\.peer should be an address or a network/, '/scope/peer'],
  ['one peer of two', { peer: ['::1', 'a.example'] }, /^scope\.peer should be an address/, '/scope/peer/1'],
  ['no peers', { peer: [] }, /^scope\.peer has none of the forms it may have$/, '/scope/peer'],
  ['a number as peer', { peer: 7 }, /^scope\.peer has none of the forms it may have$/, '/scope/peer'],
  ['an empty user', { user: '' }, /^scope\.user should not be empty$/, '/scope/user'],
  [
    'a long Call-ID',
    { call_id: 'x'.repeat(256) },
    /^scope\.call_id should have at most 255 characters$/,
    '/scope/call_id',
  ],
  ['what is not known', { port: '5061' }, /^scope has an unknown member 'port'$/, '/scope'],
]
for (const [name, scope, detail, pointer] of badScopes) {
  test(`a scope of ${name} is a 400 that says where`, async (t) => {
    const { api, gateway } = await testApi(t)
    const payload = { trace_mode: 'on', scope }
    const answer = await api.inject({ method: 'PUT', url: '/api/v1/tls_trace', payload })
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, detail)
    assert.deepEqual(
      answer.json().errors.map((error: { pointer: string }) => error.pointer),
      [pointer],
    )
    assert.deepEqual(gateway.calls, [])
  })
}

for (const [method, url, rest] of [
  ['PUT', '/api/v1/tls_trace', { trace_mode: 'on' }],
  ['POST', '/api/v1/trace/filter/dry-run', {}],
] as const) {
  test(`what the gateway finds wrong with a scope is a 400 that says where: ${method} ${url}`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.scopeRefusal = { problem: 'user: a name such as alice' }
    const answer = await api.inject({ method, url, payload: { ...rest, scope: { user: 'a b' } } })
    const detail = 'scope.user: a name such as alice'
    assert.deepEqual(
      [answer.statusCode, answer.json().detail, answer.json().errors],
      [400, detail, [{ pointer: '/scope/user', detail }]],
    )
  })
}

test('a dry run for which there is no room now is a 503 that says when to come again', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.scopeRefusal = { problem: '32 others wait: ask again later', full: true }
  const answer = await api.inject({ method: 'POST', url: '/api/v1/trace/filter/dry-run', payload: {} })
  assert.deepEqual([answer.statusCode, answer.json().detail], [503, '32 others wait: ask again later'])
  assert.equal(answer.headers['retry-after'], '10')
})

test('off within a scope is a 400', async (t) => {
  const { api } = await testApi(t)
  const payload = { trace_mode: 'off', scope: { user: 'alice' } }
  assert.equal((await api.inject({ method: 'PUT', url: '/api/v1/tls_trace', payload })).statusCode, 400)
})

test('a dry run of nothing asks about the filter that is there', async (t) => {
  const { api, gateway } = await testApi(t)
  const answer = await api.inject({ method: 'POST', url: '/api/v1/trace/filter/dry-run', payload: {} })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(gateway.calls, [['dryRunFilter']])
})

test('PUT and DELETE filter pass on who asked', async (t) => {
  const { api, gateway } = await testApi(t)
  await api.inject({ method: 'PUT', url: '/api/v1/trace/filter', payload: { route: 'drop;' } })
  await api.inject({ method: 'DELETE', url: '/api/v1/trace/filter' })
  assert.deepEqual(gateway.calls, [
    ['setFilter', 'drop;', by],
    ['resetFilter', by],
  ])
})

for (const [method, url] of [
  ['POST', '/api/v1/trace/filter/dry-run'],
  ['PUT', '/api/v1/trace/filter'],
] as const) {
  test(`${method} ${url} answers a route that does not parse with line and column`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.filterAnswer = { problems: [{ line: 2, column: 7, message: '$tls_snj: unknown variable' }] }
    const answer = await api.inject({ method, url, payload: { route: 'if\n$tls_snj' } })
    assert.equal(answer.statusCode, 422)
    assert.equal(answer.json().detail, 'line 2, column 7: $tls_snj: unknown variable')
    assert.deepEqual(answer.json().errors, [{ line: 2, column: 7, detail: '$tls_snj: unknown variable' }])
  })
}
