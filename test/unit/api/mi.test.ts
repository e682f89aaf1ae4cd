/** The management interface: JSON-RPC 2.0 as opensips-cli and others send it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { bareSamples } from '../../support/api-samples.js'
import { testApi } from './api.js'

async function call(t: TestContext, payload: string, headers: Record<string, string> = {}) {
  const { api, gateway } = await testApi(t)
  const answer = await api.inject({
    method: 'POST',
    url: '/mi',
    headers: { 'content-type': 'application/json', ...headers },
    payload,
  })
  return { answer, gateway }
}

const commandNames = [
  'tls_trace',
  'tls:trace',
  'tls_list',
  'tls_mgm:list',
  'tls_reload',
  'tls_mgm:reload',
  'list_tcp_conns',
  'tcp:list',
  'get_statistics',
  'statistics:get',
  'log_level',
  'uptime',
  'version',
  'which',
]

test('which answers the array of commands to the bytes of opensips-cli', async (t) => {
  const { answer } = await call(t, '{"jsonrpc": "2.0", "id": "7621", "method": "which", "params": {}}')
  assert.equal(answer.statusCode, 200)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  const names = commandNames.map((name) => `"${name}"`).join(',')
  assert.equal(answer.body, `{"jsonrpc":"2.0","result":[${names}],"id":"7621"}`)
})

for (const method of ['tls_trace', 'tls:trace']) {
  for (const params of ['', ', "params": {}', ', "params": []']) {
    test(`${method}${params} answers the state`, async (t) => {
      const { answer, gateway } = await call(t, `{"jsonrpc": "2.0", "id": 1, "method": "${method}"${params}}`)
      assert.deepEqual(answer.json(), { jsonrpc: '2.0', result: { 'TLS tracing': 'off' }, id: 1 })
      assert.deepEqual(gateway.calls, [])
    })
  }

  for (const params of ['["on"]', '{"trace_mode": "on"}', '["ON"]']) {
    test(`${method} ${params} switches on and answers OK`, async (t) => {
      const { answer, gateway } = await call(t, `{"jsonrpc":"2.0","id":"a","method":"${method}","params":${params}}`)
      assert.equal(answer.body, '{"jsonrpc":"2.0","result":"OK","id":"a"}')
      assert.deepEqual(gateway.calls, [['setTrace', { trace_mode: 'on', by: 'mi 127.0.0.1' }]])
    })
  }
}

for (const params of ['["maybe"]', '{"trace_mode":""}', '[true]', '[null]', '[{"trace_mode":"on"}]']) {
  test(`tls_trace ${params} is the error of proto_tls and changes nothing`, async (t) => {
    const { answer, gateway } = await call(t, `{"jsonrpc":"2.0","id":2,"method":"tls_trace","params":${params}}`)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), {
      jsonrpc: '2.0',
      error: { code: 500, message: 'Bad parameter value', data: "trace_mode should be 'on' or 'off'" },
      id: 2,
    })
    assert.deepEqual(gateway.calls, [])
  })
}

const faults: [name: string, code: number, id: unknown, payload: string][] = [
  ['a body that is not JSON', -32700, null, '{"jsonrpc":"2.0","method'],
  ['no body', -32700, null, ''],
  ['an empty batch', -32600, null, '[]'],
  ['a bare string', -32600, null, '"which"'],
  ['null', -32600, null, 'null'],
  ['another version', -32600, 3, '{"jsonrpc":"1.0","id":3,"method":"which"}'],
  ['no version', -32600, 3, '{"id":3,"method":"which"}'],
  ['a method that is not a string', -32600, 3, '{"jsonrpc":"2.0","id":3,"method":7}'],
  [
    'parameters that are neither named nor listed',
    -32600,
    3,
    '{"jsonrpc":"2.0","id":3,"method":"which","params":"on"}',
  ],
  ['an id that may not be one', -32600, null, '{"jsonrpc":"2.0","id":{},"method":"which"}'],
  ['an unknown method', -32601, 3, '{"jsonrpc":"2.0","id":3,"method":"get_stats"}'],
  ['a method named like a property of objects', -32601, 3, '{"jsonrpc":"2.0","id":3,"method":"constructor"}'],
  ['an unknown parameter', -32602, 3, '{"jsonrpc":"2.0","id":3,"method":"tls_trace","params":{"mode":"on"}}'],
  ['a parameter too few', -32602, 3, '{"jsonrpc":"2.0","id":3,"method":"get_statistics"}'],
  ['a parameter where there is none', -32602, 3, '{"jsonrpc":"2.0","id":3,"method":"uptime","params":["x"]}'],
  ['too many parameters', -32602, 3, '{"jsonrpc":"2.0","id":3,"method":"tls_trace","params":["on","10m"]}'],
]
for (const [name, code, id, payload] of faults) {
  test(`${name} is error ${code}`, async (t) => {
    const { answer, gateway } = await call(t, payload)
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.json().error.code, code)
    assert.equal(answer.json().id, id)
    assert.equal('result' in answer.json(), false)
    assert.deepEqual(gateway.calls, [])
  })
}

test('a null id is echoed, a missing one makes it a notification that acts and is not answered', async (t) => {
  const echoed = await call(t, '{"jsonrpc":"2.0","id":null,"method":"which"}')
  assert.equal(echoed.answer.json().id, null)
  const { answer, gateway } = await call(t, '{"jsonrpc":"2.0","method":"tls_trace","params":["on"]}')
  assert.equal(answer.statusCode, 204)
  assert.equal(answer.body, '')
  assert.equal(gateway.mode, 'on')
})

test('a batch is answered in order, without its notifications', async (t) => {
  const { answer } = await call(
    t,
    `[{"jsonrpc":"2.0","method":"tls_trace","params":["on"]},
      {"jsonrpc":"2.0","id":1,"method":"tls_trace"},
      7,
      {"jsonrpc":"2.0","id":2,"method":"nope"}]`,
  )
  assert.deepEqual(answer.json(), [
    { jsonrpc: '2.0', result: { 'TLS tracing': 'on' }, id: 1 },
    { jsonrpc: '2.0', error: { code: -32600, message: 'Invalid Request' }, id: null },
    { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: 2 },
  ])
})

test('a batch of more than 32 is refused as a whole, and changes nothing', async (t) => {
  const batch = (count: number) =>
    JSON.stringify([
      { jsonrpc: '2.0', method: 'tls_trace', params: ['on'] },
      ...Array.from({ length: count - 1 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'tls_trace' })),
    ])
  const long = await call(t, batch(33))
  assert.deepEqual(long.answer.json(), {
    jsonrpc: '2.0',
    error: { code: -32600, message: 'Invalid Request', data: 'more than 32 requests in a batch' },
    id: null,
  })
  assert.deepEqual(long.gateway.calls, [])
  const { answer } = await call(t, batch(32))
  assert.equal(answer.json().length, 31)
})

test('a batch whose answers grow too long runs no more of it, and says so', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.rows = {
    rows: Array.from({ length: 9000 }, (_, i) => bareSamples.connection(`${i}`.repeat(200))),
    total: 9000,
  }
  const list = { jsonrpc: '2.0', id: 1, method: 'list_tcp_conns' }
  const switchOn = { jsonrpc: '2.0', method: 'tls_trace', params: ['on'] }
  const payload = JSON.stringify([...new Array(30).fill(list), switchOn, { ...list, id: 'last' }])
  const answer = await api.inject({ method: 'POST', url: '/mi', payload })
  const answers = answer.json()
  assert.equal(answers.length, 31)
  assert.ok(answer.body.length < 32 * 1024 * 1024, `${answer.body.length} characters`)
  assert.equal(answers[0].result.Connections.length, 9000)
  assert.deepEqual(answers.at(-1), {
    jsonrpc: '2.0',
    error: { code: -32000, message: 'the answers before this one are too long: ask for it alone' },
    id: 'last',
  })
  assert.equal(gateway.mode, 'off')
})

test('a batch of nothing but notifications is not answered', async (t) => {
  const { answer } = await call(t, '[{"jsonrpc":"2.0","method":"which"},{"jsonrpc":"2.0","method":"nope"}]')
  assert.equal(answer.statusCode, 204)
})

for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json-rpc', 'application/JSON']) {
  test(`a body called ${type} is read as JSON`, async (t) => {
    const { answer } = await call(t, '{"jsonrpc":"2.0","id":1,"method":"which"}', { 'content-type': type })
    assert.deepEqual(answer.json().result, commandNames)
  })
}

test('a command that fails inside is error -32603 that tells nothing', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.failure = new Error('secret insides')
  const payload = '{"jsonrpc":"2.0","id":1,"method":"tls_trace"}'
  const answer = await api.inject({ method: 'POST', url: '/mi', payload })
  assert.equal(answer.json().error.code, -32603)
  assert.equal(answer.body.includes('insides'), false)
})
