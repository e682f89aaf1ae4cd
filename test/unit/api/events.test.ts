/** The event stream over HTTP: what is asked of the gateway, how events go, and how a viewer comes to an end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { startApi } from '../../../src/api/server.js'
import { FakeGateway, type Watch } from '../../support/fake-gateway.js'
import { until } from '../../support/wait.js'
import { apiOptions, testApi } from './api.js'
import { bearer, namedToken } from './tokens.js'

const path = '/api/v1/events'
const all = ['overview', 'connections', 'calls', 'trace']
const plain = { topics: all, connections: {}, calls: {}, limit: 1000 }

const requests: [name: string, query: string, headers: Record<string, string>, asked: object][] = [
  ['nothing said', '', {}, {}],
  ['some topics', 'topics=trace,%20overview', {}, { topics: ['overview', 'trace'] }],
  [
    'searches',
    'search=peer%3A10.0.0.0%2F8&calls=state%3Afailed&limit=5000',
    {},
    { connections: { search: 'peer:10.0.0.0/8' }, calls: { search: 'state:failed' }, limit: 5000 },
  ],
  ['the last event in the header', 'last_event_id=old-1', { 'last-event-id': 'e-7' }, { lastEventId: 'e-7' }],
  ['the last event in the query', 'last_event_id=e-7', {}, { lastEventId: 'e-7' }],
]
for (const [name, query, headers, asked] of requests) {
  test(`a stream with ${name} is asked of the gateway`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.onWatch = ({ viewer }) => viewer.end('enough')
    const answer = await api.inject({ url: `${path}?${query}`, headers })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(gateway.calls, [['watch', { ...plain, ...asked }]])
  })
}

for (const query of ['topics=weather', 'limit=0', 'limit=5001', 'searches=x', 'topics=trace,']) {
  test(`a stream with ${query} is a 400`, async (t) => {
    const { api, gateway } = await testApi(t)
    const answer = await api.inject(`${path}?${query}`)
    assert.equal(answer.statusCode, 400)
    assert.deepEqual(gateway.calls, [])
  })
}

test('a search that says nothing is a 400, and too many viewers are a 503 that says when to come again', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.watchRefusal = { problem: 'pear: unknown name' }
  const wrong = await api.inject(`${path}?search=pear:1`)
  assert.deepEqual([wrong.statusCode, wrong.json().detail], [400, 'pear: unknown name'])
  gateway.watchRefusal = { problem: 'no more than 32 viewers', full: true }
  const full = await api.inject(path)
  assert.deepEqual([full.statusCode, full.json().detail], [503, 'no more than 32 viewers'])
  assert.match(String(full.headers['retry-after']), /^\d+$/)
  assert.match(String(full.headers['content-type']), /^application\/problem\+json/)
})

interface Open {
  readonly gateway: FakeGateway
  readonly response: IncomingMessage
  readonly watch: Watch
}

async function open(t: TestContext, gateway = new FakeGateway()): Promise<Open> {
  const api = await startApi({ ...apiOptions(gateway), listen: { ip: '127.0.0.1', port: 0 } })
  t.after(() => api.close())
  const [response] = (await once(get(`${api.url}${path}`, { agent: false }), 'response')) as [IncomingMessage]
  response.on('error', () => {})
  t.after(() => response.destroy())
  return { gateway, response, watch: gateway.watches[0]! }
}

test('it begins before the first event, is kept by nobody on the way, and each event comes at once', async (t) => {
  const { response, watch } = await open(t)
  assert.equal(response.statusCode, 200)
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.equal(response.headers['cache-control'], 'no-store')
  assert.equal(response.headers['x-accel-buffering'], 'no')
  assert.equal(response.headers['x-content-type-options'], 'nosniff')
  for (const event of ['event: snapshot\ndata: {}\n\n', 'event: delta\ndata: ü\n\n']) {
    assert.equal(watch.viewer.send(event), true)
    const [piece] = await once(response, 'data')
    assert.equal(String(piece), event)
  }
})

test('an end by the gateway is an end for the viewer, after everything that was sent', async (t) => {
  const { response, watch } = await open(t)
  watch.viewer.send('data: 1\n\n')
  watch.viewer.end('the gateway is stopping')
  assert.equal(await text(response), 'data: 1\n\n')
  assert.equal(response.complete, true)
  await until('the watch to be stopped', () => watch.stopped)
  assert.equal(watch.viewer.send('data: 2\n\n'), false)
})

test('a viewer that is gone stops its watch', async (t) => {
  const { response, watch } = await open(t)
  response.destroy()
  await until('the watch to be stopped', () => watch.stopped)
  assert.equal(watch.viewer.send('data: 2\n\n'), false)
})

test('a viewer that is gone before it is let in leaves no watch behind', async (t) => {
  const gateway = new FakeGateway()
  const { watch } = gateway.view
  let letIn = () => {}
  const asked = new Promise<void>((resolve) => {
    gateway.view.watch = async (...args) => {
      resolve()
      await new Promise<void>((go) => {
        letIn = go
      })
      return watch(...args)
    }
  })
  const api = await startApi({ ...apiOptions(gateway), listen: { ip: '127.0.0.1', port: 0 } })
  t.after(() => api.close())
  const request = get(`${api.url}${path}`, { agent: false }).on('error', () => {})
  await asked
  request.destroy()
  // what the API closes it has seen the end of
  await until('the connection to be closed', async () => {
    letIn()
    return gateway.watches[0]?.stopped
  })
})

test('a viewer that reads nothing is full, and takes more once it has read', async (t) => {
  const { response, watch } = await open(t)
  const event = `data: ${'x'.repeat(1 << 20)}\n\n`
  await until('the buffers to be full', () => !watch.viewer.send(event))
  const sent = watch.viewer
  response.resume()
  await until('room', () => sent.send(': \n\n'))
})

test('a viewer that is ended while it is full is cut off, and its memory is free', async (t) => {
  const { response, watch } = await open(t)
  const closed = new Promise((resolve) => response.once('close', resolve))
  await until('the buffers to be full', () => !watch.viewer.send(`data: ${'x'.repeat(1 << 20)}\n\n`))
  watch.viewer.end('too slow')
  await until('the watch to be stopped', () => watch.stopped)
  response.resume()
  await closed
  assert.equal(response.complete, false)
})

test('closing the API ends its streams', async () => {
  const gateway = new FakeGateway()
  const api = await startApi({ ...apiOptions(gateway), listen: { ip: '127.0.0.1', port: 0 } })
  const [response] = (await once(get(`${api.url}${path}`, { agent: false }), 'response')) as [IncomingMessage]
  response.on('error', () => {}).resume()
  const closed = new Promise((resolve) => response.once('close', resolve))
  await api.close()
  await closed
  await until('the watch to be stopped', () => gateway.watches[0]?.stopped)
})

test('a token may watch, and which one is never in an event', async (t) => {
  const { api, gateway } = await testApi(t, { tokens: [namedToken('eyes', ['read'])] })
  gateway.onWatch = ({ viewer }) => viewer.end('enough')
  assert.equal((await api.inject(path)).statusCode, 401)
  const answer = await api.inject({ url: path, headers: bearer('eyes') })
  assert.deepEqual([answer.statusCode, answer.body], [200, ''])
})
