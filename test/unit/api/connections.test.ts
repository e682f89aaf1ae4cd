/** Connections and calls over HTTP: how they are asked for, and what is done to one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'
import { allScopes, bearer, namedToken } from './tokens.js'

const path = '/api/v1/connections'
const by = 'local 127.0.0.1'
const plain = { fields: {}, sort: 'opened_at', descending: true, limit: 100, closed: false }

const queries: [query: string, asked: object][] = [
  ['', {}],
  ['search=version%3ATLSv1.2%20alice', { search: 'version:TLSv1.2 alice' }],
  ['peer=203.0.113.0%2F24&sni=*.example.com', { fields: { peer: '203.0.113.0/24', sni: '*.example.com' } }],
  ['call=a84b%40host&state=closed&closed=true', { fields: { call: 'a84b@host', state: 'closed' }, closed: true }],
  ['peer=&limit=1000', { limit: 1000 }],
  ['sort=bytes&order=asc&cursor=abc', { sort: 'bytes', descending: false, cursor: 'abc' }],
]
for (const [query, asked] of queries) {
  test(`connections?${query} is asked of the gateway`, async (t) => {
    const { api, gateway } = await testApi(t)
    assert.equal((await api.inject(`${path}?${query}`)).statusCode, 200)
    assert.deepEqual(gateway.calls, [['connections', { ...plain, ...asked }]])
  })
}

const badQueries: [url: string, detail: RegExp][] = [
  [`${path}?limit=1001`, /^limit should be at most 1000$/],
  [`${path}?limit=-1`, /^limit should be of type integer$/],
  [`${path}?limit=1e3`, /^limit should be of type integer$/],
  [`${path}?closed=yes`, /^closed should be of type boolean$/],
  [`${path}?sort=colour`, /^sort should be 'opened_at' or /],
  [`${path}?order=up`, /^order should be 'asc' or 'desc'$/],
  [`${path}?colour=red`, /^the query has an unknown member 'colour'$/],
  [`${path}?peer=a&peer=b`, /^peer should be of type string$/],
  [`${path}?search=${'x'.repeat(1001)}`, /^search should have at most 1000 characters$/],
  ['/api/v1/calls?limit=0', /^limit should be at least 1$/],
  ['/api/v1/calls?from=alice', /^the query has an unknown member 'from'$/],
]
for (const [url, detail] of badQueries) {
  test(`${url.slice(0, 50)} is a 400`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject(url)
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, detail)
    assert.deepEqual(gateway.calls, [])
  })
}

test('a search that says nothing is a 400 with the sentence of the gateway', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.rows = { problem: 'pear: unknown name; did you mean peer?' }
  gateway.callRows = { problem: 'status: should be a number' }
  for (const [url, { problem }] of [
    [`${path}?search=pear:1`, gateway.rows],
    ['/api/v1/calls?search=status:x', gateway.callRows],
  ] as const) {
    const answer = await api.inject(url)
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.json().detail, problem)
  }
})

for (const [method, url] of [
  ['GET', `${path}/99`],
  ['DELETE', `${path}/99`],
  ['POST', `${path}/99/trace`],
  ['DELETE', `${path}/99/trace`],
  ['GET', '/api/v1/calls/99'],
] as const) {
  test(`${method} ${url} of what is not there is a 404`, async (t) => {
    const { api } = await testApi(t)
    const answer = await api.inject({ method, url })
    assert.equal(answer.statusCode, 404)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  })
}

test('DELETE closes a connection and passes on who asked', async (t) => {
  const { api, gateway } = await testApi(t)
  const closed = await api.inject({ method: 'DELETE', url: `${path}/12` })
  assert.equal(closed.statusCode, 204)
  assert.equal(closed.body, '')
  assert.deepEqual(gateway.calls, [['closeConnection', '12', by]])
})

test('the reason of a DELETE goes along, and has bounds', async (t) => {
  const { api, gateway } = await testApi(t)
  const status = async (reason: string): Promise<number> =>
    (await api.inject({ method: 'DELETE', url: `${path}/12?reason=${encodeURIComponent(reason)}` })).statusCode
  assert.equal(await status('moved away'), 204)
  assert.deepEqual(gateway.calls, [['closeConnection', '12', by, 'moved away']])
  assert.equal(await status('x'.repeat(201)), 400)
  assert.equal(await status('two\nlines'), 400)
})

test('a DELETE and a POST without a body may call it JSON', async (t) => {
  const { api } = await testApi(t)
  const headers = { 'content-type': 'application/json' }
  for (const [method, url, status] of [
    ['DELETE', `${path}/12`, 204],
    ['POST', '/api/v1/reload', 200],
    ['POST', `${path}/12/trace`, 200],
  ] as const) {
    assert.equal((await api.inject({ method, url, headers })).statusCode, status)
  }
})

test('a question for which there is no room now is a 503 that says when to come again', async (t) => {
  const { api, gateway } = await testApi(t)
  const full = { problem: '32 others wait: ask again later', full: true } as const
  gateway.rows = gateway.callRows = gateway.file = full
  for (const url of [path, '/api/v1/calls', '/api/v1/pcapng', `${path}/12/pcapng`, '/api/v1/calls/12/pcapng']) {
    const answer = await api.inject(url)
    assert.deepEqual([answer.statusCode, answer.json().detail], [503, full.problem], url)
    assert.equal(answer.headers['retry-after'], '10')
  }
})

test('one connection is traced for a while, ten minutes unless said, or until it is closed, and then no longer', async (t) => {
  const { api, gateway } = await testApi(t)
  const url = `${path}/12/trace`
  const forAWhile = await api.inject({ method: 'POST', url, payload: { for: '90s' } })
  assert.deepEqual(forAWhile.json(), { traced: true, until: gateway.samples.trace.picked[0]?.until })
  gateway.known.add('13')
  for (const payload of [undefined, {}, { until_closed: false }, { until_closed: true }]) {
    const answer = await api.inject({ method: 'POST', url: `${path}/13/trace`, ...(payload && { payload }) })
    assert.deepEqual(answer.json(), { traced: true })
  }
  assert.equal((await api.inject({ method: 'DELETE', url })).statusCode, 204)
  assert.deepEqual(gateway.calls, [
    ['pick', { id: '12', on: true, forMs: 90_000, by }],
    ...Array(3).fill(['pick', { id: '13', on: true, forMs: 600_000, by }]),
    ['pick', { id: '13', on: true, by }],
    ['pick', { id: '12', on: false, by }],
  ])
})

for (const payload of [
  { for: '10' },
  { for: '0s' },
  { until: '10m' },
  { until_closed: 'true' },
  { for: '10m', until_closed: true },
]) {
  test(`to trace one connection with ${JSON.stringify(payload)} is a 400`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject({ method: 'POST', url: `${path}/12/trace`, payload })
    assert.equal(answer.statusCode, 400)
    assert.deepEqual(gateway.calls, [])
  })
}

/** RFC 3261 §25.1: a Call-ID may hold nearly every printing character */
const callIds = [
  'a84b4c76e66710@pc33.example.com',
  'a/b',
  '/../x',
  'a%2Fb',
  '100%',
  'a b',
  '?q#f',
  '{"<>"}',
  'ü',
  `${'x'.repeat(255)}`,
]
for (const callId of callIds) {
  test(`a call is found by its Call-ID ${callId.slice(0, 40)}`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.known.add(callId)
    for (const more of ['', '/pcapng']) {
      const answer = await api.inject(`/api/v1/calls/${encodeURIComponent(callId)}${more}`)
      assert.equal(answer.statusCode, 200, answer.body)
    }
    assert.deepEqual(gateway.calls, [
      ['call', callId],
      ['capture', { callId, follow: false, keys: false }],
    ])
  })
}

test('the key log of a connection is lines of text, and who took it is told', async (t) => {
  const { api, gateway } = await testApi(t, { tokens: [namedToken('all', allScopes)] })
  gateway.keylog = ['CLIENT_TRAFFIC_SECRET_0 00 11', 'SERVER_TRAFFIC_SECRET_0 00 22']
  const answer = await api.inject({ url: `${path}/12/keylog`, headers: bearer('all') })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.equal(answer.body, 'CLIENT_TRAFFIC_SECRET_0 00 11\nSERVER_TRAFFIC_SECRET_0 00 22\n')
  assert.deepEqual(gateway.calls, [['keylog', '12', 'token for-all 127.0.0.1']])
})

test('the key log of a connection that was not traced is a 409 that says what to do; of none a 404', async (t) => {
  const { api } = await testApi(t, { tokens: [namedToken('all', allScopes)] })
  const untraced = await api.inject({ url: `${path}/12/keylog`, headers: bearer('all') })
  assert.equal(untraced.statusCode, 409)
  assert.match(untraced.json().detail, /switch tracing on, then let the peer connect again/)
  assert.equal((await api.inject({ url: `${path}/99/keylog`, headers: bearer('all') })).statusCode, 404)
})
