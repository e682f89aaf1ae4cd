/** The packets of the embedded collector over HTTP: what is asked of the gateway, and the two forms of the answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testApi } from './api.js'

const path = '/api/v1/collector/packets'
const all = { limit: 100 }

const forms: [name: string, query: string, accept: string | undefined, form: 'text' | 'json'][] = [
  ['curl', '', '*/*', 'text'],
  ['nothing said', '', undefined, 'text'],
  ['text', '', 'text/plain', 'text'],
  ['a browser', '', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text'],
  ['JSON', '', 'application/json', 'json'],
  ['JSON first', '', 'application/json, text/plain, */*', 'json'],
  ['text first', '', 'text/plain, application/json;q=0.5', 'text'],
  ['format=json', '?format=json', 'text/plain', 'json'],
  ['format=text', '?format=text', 'application/json', 'text'],
]
for (const [name, query, accept, form] of forms) {
  test(`${name} gets ${form}`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.packets = form === 'json' ? ['{"type":1}', '{"type":100}'] : ['first\n\n', 'second\n\n']
    const answer = await api.inject({ url: path + query, headers: { ...(accept && { accept }) } })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(gateway.calls, [['collected', { ...all, form }]])
    if (form === 'json') {
      assert.match(String(answer.headers['content-type']), /^application\/json/)
      assert.equal(answer.body, '[{"type":1},\n{"type":100}]\n')
      assert.deepEqual(answer.json(), [{ type: 1 }, { type: 100 }])
    } else {
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(answer.body, 'first\n\nsecond\n\n')
    }
  })
}

const queries: [query: string, asked: object][] = [
  ['limit=7', { limit: 7 }],
  ['type=sip', { type: 1 }],
  ['type=log', { type: 100 }],
  ['type=89', { type: 89 }],
  ['correlation_id=a84b4c76%40host', { correlationId: 'a84b4c76@host' }],
  ['correlation_id=4711', { correlationId: '4711' }],
  ['type=net&limit=1000&correlation_id=1', { type: 89, limit: 1000, correlationId: '1' }],
]
for (const [query, asked] of queries) {
  test(`?${query} is asked of the gateway`, async (t) => {
    const { api, gateway } = await testApi(t)
    assert.equal((await api.inject(`${path}?${query}`)).statusCode, 200)
    assert.deepEqual(gateway.calls, [['collected', { ...all, form: 'text', ...asked }]])
  })
}

const badQueries: [query: string, detail: RegExp][] = [
  ['limit=0', /^limit should be at least 1$/],
  ['limit=1001', /^limit should be at most 1000$/],
  ['limit=ten', /^limit should be of type integer$/],
  ['limit=1&limit=2', /^limit should be of type integer$/],
  ['type=', /^type should be sip, .*log.*, or a number$/],
  ['type=SIP', /^type should be sip, /],
  ['type=constructor', /^type should be sip, /],
  ['format=xml', /^format should be 'text' or 'json'$/],
  ['callid=1', /^the query has an unknown member 'callid'$/],
]
for (const [query, detail] of badQueries) {
  test(`?${query} is a 400`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject(`${path}?${query}`)
    assert.equal(answer.statusCode, 400)
    assert.match(answer.json().detail, detail)
    assert.equal(answer.json().errors?.[0].pointer, undefined, 'a pointer is one into a body')
    assert.deepEqual(gateway.calls, [])
  })
}

test('nothing there is said in a text, and is an empty array in JSON', async (t) => {
  const { api } = await testApi(t)
  assert.equal((await api.inject(path)).body, 'nothing received yet\n')
  assert.equal((await api.inject(`${path}?type=sip`)).body, 'no packet matches\n')
  assert.deepEqual((await api.inject(`${path}?format=json`)).json(), [])
})

test('without a collector it is a 404 that says so', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.packets = undefined
  const answer = await api.inject(path)
  assert.equal(answer.statusCode, 404)
  assert.match(answer.json().detail, /collector\.listen/)
})

test('with a token only who has it sees packets', async (t) => {
  const { api, gateway } = await testApi(t, { token: 'correct-horse' })
  assert.equal((await api.inject(path)).statusCode, 401)
  assert.deepEqual(gateway.calls, [])
})
