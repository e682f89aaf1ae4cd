/** What a gateway at work answers is what its OpenAPI document says: every operation, of every connection and call there is. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { createParser } from 'eventsource-parser'
import type { CallRow, ConnectionRow } from '../../src/base/live.js'
import { type Demo, startDemo } from '../demo/demo.js'
import { changeFile } from '../support/reconfigure.js'
import { suiteScope } from '../support/scope.js'
import { until } from '../support/wait.js'
import {
  type ApiDocument,
  type Check,
  checker,
  type DescribedOperation,
  describedOperations,
} from '../unit/api/document.js'
import { allScopes, bearer, namedToken } from '../unit/api/tokens.js'

const token = 'all'
const route = { route: 'if ($si == "192.0.2.192/26")\n  drop;\n' }
const json = (body: object): RequestInit => ({
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...bearer(token) },
})

describe('the answers of a gateway at work', () => {
  const scope = suiteScope()
  let demo: Demo
  let described: Readonly<Record<string, DescribedOperation>>
  let check: Check
  const tried = new Set<string>()

  before(async () => {
    demo = await startDemo(scope, { phones: 8, callsPerMinute: 200 })
    changeFile(demo.gateway, (config) => {
      config.api = { ...config.api, tokens: [namedToken(token, allScopes)] }
    })
    await fetch(`${demo.url}/api/v1/reload`, { method: 'POST' })
    const document = (await (await fetch(`${demo.url}/api/v1/openapi.json`)).json()) as ApiDocument
    described = Object.fromEntries(describedOperations(document))
    check = checker(document)
  })

  test('of each connection, live or closed', async () => {
    const rows = async (): Promise<ConnectionRow[]> => {
      const live = await ask('GET /api/v1/connections', '/api/v1/connections?limit=1000')
      const closed = await ask('GET /api/v1/connections', '/api/v1/connections?limit=1000&closed=true')
      return [live, closed].flatMap((answer) => (answer as { connections: ConnectionRow[] }).connections)
    }
    const all = await until('a stray that was refused, and phones', async () => {
      const found = await rows()
      const [users, causes] = [found.flatMap((row) => row.users), found.map((row) => row.closed?.cause)]
      return users.length > 4 && causes.includes('cert-expired') ? found : undefined
    })
    for (const { conn_id } of all) {
      await ask('GET /api/v1/connections/{conn_id}', `/api/v1/connections/${conn_id}`)
    }
    const phone = all.find(({ users, state }) => users.length > 0 && state === 'open')!
    const path = `/api/v1/connections/${phone.conn_id}`
    await ask('GET /api/v1/connections/{conn_id}/pcapng', `${path}/pcapng?keys=true`)
    await ask('GET /api/v1/connections/{conn_id}/keylog', `${path}/keylog`)
    await ask('POST /api/v1/connections/{conn_id}/trace', `${path}/trace`, json({ for: '1m' }))
    await ask('GET /api/v1/tls_trace')
    await ask('DELETE /api/v1/connections/{conn_id}/trace', `${path}/trace`)
    await ask('DELETE /api/v1/connections/{conn_id}', path)
    await ask('GET /api/v1/connections/{conn_id}', path)
  })

  test('of each call, also where another agent saw it', async () => {
    const all = await until('a call that is over, and seen by another agent', async () => {
      const { calls } = (await ask('GET /api/v1/calls', '/api/v1/calls?limit=1000')) as { calls: CallRow[] }
      return calls.some(({ state, agents }) => state === 'ended' && agents.length > 0) ? calls : undefined
    })
    for (const { call_id } of all) {
      await ask('GET /api/v1/calls/{call_id}', `/api/v1/calls/${encodeURIComponent(call_id)}`)
    }
    const path = `/api/v1/calls/${encodeURIComponent(all[0]!.call_id)}/pcapng`
    await ask('GET /api/v1/calls/{call_id}/pcapng', path)
  })

  test('of the trace and its filter, on and off', async () => {
    const change = { trace_mode: 'on', for: '10m', existing: true, scope: { peer: '203.0.113.0/24' } }
    for (const body of [change, { trace_mode: 'off' }, { trace_mode: 'on' }]) {
      await ask('PUT /api/v1/tls_trace', '/api/v1/tls_trace', json(body))
    }
    await ask('POST /api/v1/trace/filter/dry-run', '/api/v1/trace/filter/dry-run', json(route))
    await ask('PUT /api/v1/trace/filter', '/api/v1/trace/filter', json({ route: 'dorp;' }), 422)
    await ask('PUT /api/v1/trace/filter', '/api/v1/trace/filter', json(route))
    await ask('GET /api/v1/trace/filter')
    await ask('DELETE /api/v1/trace/filter')
    for (const act of ['pause', 'resume', 'test']) {
      await ask(`POST /api/v1/destinations/{name}/${act}`, `/api/v1/destinations/hep_dest/${act}`)
    }
  })

  test('of everything else', async () => {
    await ask('POST /mi', '/mi', json({ jsonrpc: '2.0', id: 1, method: 'list_tcp_conns' }))
    await ask('GET /api/v1/collector/packets', '/api/v1/collector/packets?limit=100')
    await ask('POST /api/v1/domains/reload')
    await ask('PUT /api/v1/log', '/api/v1/log', json({ component: 'tls', level: 'debug', for: '1m' }))
    await ask('POST /api/v1/reload')
    await ask('GET /api/v1/pcapng', '/api/v1/pcapng?user=alice')
    const others = Object.keys(described).filter((key) => !tried.has(key) && key !== 'GET /api/v1/events')
    assert.deepEqual(
      others.filter((key) => !key.startsWith('GET ') || key.includes('{')),
      [],
      'every operation is tried',
    )
    for (const key of others) await ask(key)
  })

  test('of the event stream: a snapshot, and what follows it', async () => {
    const stream = await fetch(`${demo.url}/api/v1/events`, { headers: bearer(token) })
    const names: string[] = []
    const parser = createParser({
      onEvent: ({ event = '', data }) => {
        names.push(event)
        const schema = { $ref: `#/components/schemas/${event === 'snapshot' ? 'Snapshot' : 'Delta'}` }
        assert.deepEqual(check(schema, JSON.parse(data)), [], event)
      },
    })
    const decoder = new TextDecoder()
    for await (const chunk of stream.body!) {
      parser.feed(decoder.decode(chunk, { stream: true }))
      if (names.length >= 5) break
    }
    assert.deepEqual(names.slice(0, 5), ['snapshot', 'delta', 'delta', 'delta', 'delta'])
  })

  /** What the document says of this answer holds; of JSON, its body. */
  async function ask(key: string, path?: string, init: RequestInit = {}, expected?: number): Promise<unknown> {
    tried.add(key)
    const [method, template] = key.split(' ') as [string, string]
    const url = demo.url + (path ?? template)
    const answer = await fetch(url, { method, headers: bearer(token), ...init })
    const body = Buffer.from(await answer.arrayBuffer())
    if (expected === undefined) assert.ok(answer.ok, `${key}: ${answer.status} ${body}`)
    else assert.equal(answer.status, expected, key)
    const { responses } = described[key]!
    const said = responses[answer.status] ?? (expected === undefined ? undefined : responses.default)
    assert.ok(said, `${key}: ${answer.status} is not in the document`)
    if (answer.status === 204) return undefined
    const type = answer.headers.get('content-type')!.split(';', 1)[0]!
    const schema = said.content?.[type]?.schema
    assert.ok(schema, `${key}: ${type} is not in the document`)
    if (!type.endsWith('json')) return undefined
    const value: unknown = JSON.parse(String(body))
    assert.deepEqual(check(schema, value), [], `${key} ${path}`)
    return value
  }
})
