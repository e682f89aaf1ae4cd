/** Captures over HTTP: what is asked of the gateway, and how a file goes to a client that is slow, gone or late. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { startApi } from '../../../src/api/server.js'
import { type Log, silentLog } from '../../../src/base/log.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { until } from '../../support/wait.js'
import { apiOptions, testApi } from './api.js'
import { allScopes, bearer, namedToken } from './tokens.js'

const plain = { follow: false, keys: false }

const requests: [url: string, asked: object, file: RegExp][] = [
  ['/api/v1/connections/12/pcapng', { connId: '12', ...plain }, /^hepgate-12\.pcapng$/],
  ['/api/v1/calls/a84b%40pc33/pcapng?keys=false', { callId: 'a84b@pc33', ...plain }, /^hepgate-a84b_pc33\.pcapng$/],
  ['/api/v1/calls/%22..%2F%0D%0A%C3%BC/pcapng', { callId: '"../\r\nü', ...plain }, /^hepgate-_\.\._\.pcapng$/],
  [
    '/api/v1/pcapng?search=-alice&peer=10.0.0.0%2F8&sni=*.a&user=bob&follow=true',
    {
      filter: { search: '-alice', fields: { peer: '10.0.0.0/8', sni: '*.a', user: 'bob' } },
      follow: true,
      keys: false,
    },
    /^hepgate-\d{4}-\d\d-\d\dT\d\d_\d\d_\d\d\.pcapng$/,
  ],
  ['/api/v1/pcapng?peer=', { filter: { fields: {} }, ...plain }, /^hepgate-/],
]
for (const [url, asked, file] of requests) {
  test(`${url} is asked of the gateway, and is a file with a clean name`, async (t) => {
    const { api, gateway } = await testApi(t)
    gateway.file = [Buffer.from('one'), Buffer.from('two')]
    const answer = await api.inject(url)
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['content-type'], 'application/x-pcapng')
    const [, name] = /^attachment; filename="([^"]*)"$/.exec(String(answer.headers['content-disposition']))!
    assert.match(name!, file)
    assert.equal(answer.body, 'onetwo')
    assert.deepEqual(gateway.calls, [['capture', asked]])
  })
}

test('a filter that cannot be is a 400, nothing traced a 404, and time goes with follow', async (t) => {
  const { api, gateway } = await testApi(t)
  gateway.file = { problem: 'peer: not a network' }
  const wrong = await api.inject('/api/v1/pcapng?peer=x')
  assert.deepEqual([wrong.statusCode, wrong.json().detail], [400, 'peer: not a network'])
  gateway.file = undefined
  assert.equal((await api.inject('/api/v1/connections/12/pcapng')).statusCode, 404)
  for (const query of ['for=10m', 'for=10&follow=true', 'keys=1', 'follow=']) {
    assert.equal((await api.inject(`/api/v1/pcapng?${query}`)).statusCode, 400, query)
  }
})

for (const [url, what] of [
  ['/api/v1/connections/12/pcapng', 'connection 12'],
  ['/api/v1/calls/a%40b/pcapng', 'call a@b'],
  ['/api/v1/pcapng?peer=10.0.0.0%2F8&user=bob', 'peer:10.0.0.0/8 user:bob'],
  ['/api/v1/pcapng', 'everything'],
] as const) {
  test(`who takes keys of ${what} is written down, once there is a file to take`, async (t) => {
    const { api, gateway } = await testApi(t, { tokens: [namedToken('all', allScopes)] })
    const request = { url: `${url}${url.includes('?') ? '&' : '?'}keys=true`, headers: bearer('all') }
    gateway.file = undefined
    assert.equal((await api.inject(request)).statusCode, 404)
    gateway.file = [Buffer.from('x')]
    assert.equal((await api.inject(request)).statusCode, 200)
    const notes = gateway.calls.filter(([call]) => call === 'note')
    const by = 'token for-all 127.0.0.1'
    assert.deepEqual(notes, [['note', { by, action: 'keys-taken', what: `took a capture with keys: ${what}` }]])
    const [[, asked]] = gateway.calls as [[string, { keys: boolean }]]
    assert.equal(asked.keys, true)
  })
}

/** A capture that goes on until it is stopped, and tells how that went. */
class Endless {
  made = 0
  ended = false
  signal: AbortSignal | undefined

  async *pieces({ signal }: { readonly signal?: AbortSignal | undefined }): AsyncGenerator<Buffer> {
    this.signal = signal
    try {
      while (!signal?.aborted) {
        this.made++
        yield Buffer.alloc(64 * 1024)
        await new Promise(setImmediate)
      }
    } finally {
      this.ended = true
    }
  }
}

async function download(
  t: TestContext,
  gateway: FakeGateway,
  query: string,
  log: Log = silentLog,
): Promise<IncomingMessage> {
  const api = await startApi({ ...apiOptions(gateway), log, listen: { ip: '127.0.0.1', port: 0 } })
  t.after(() => api.close())
  const [response] = (await once(get(`${api.url}/api/v1/pcapng?${query}`, { agent: false }), 'response')) as [
    IncomingMessage,
  ]
  response.on('error', () => {})
  t.after(() => response.destroy())
  return response
}

test('a client that reads nothing holds the capture up, and memory with it', async (t) => {
  const gateway = new FakeGateway()
  const endless = new Endless()
  gateway.file = (request) => endless.pieces(request)
  await download(t, gateway, 'follow=true')
  let [before, quietPolls] = [0, 0]
  // it stands still once the buffers between here and there are full
  await until('the capture to be held up', () => {
    quietPolls = endless.made === before ? quietPolls + 1 : 0
    before = endless.made
    return quietPolls > 20
  })
  assert.ok(endless.made < 400, `${endless.made} pieces of 64 KiB`)
  assert.equal(endless.ended, false)
})

test('a client that is gone ends the capture', async (t) => {
  const gateway = new FakeGateway()
  const endless = new Endless()
  gateway.file = (request) => endless.pieces(request)
  const response = await download(t, gateway, 'follow=true')
  response.destroy()
  await until('the capture to end', () => endless.ended)
  assert.equal(endless.signal?.aborted, true)
})

test('a client that is gone while nothing comes ends the capture too', async (t) => {
  const gateway = new FakeGateway()
  let ended = false
  gateway.file = async function* ({ signal }) {
    yield Buffer.from('head')
    await once(signal!, 'abort')
    ended = true
  }
  const response = await download(t, gateway, 'follow=true')
  response.destroy()
  await until('the capture to end', () => ended)
})

test('after its time the file ends well', async (t) => {
  const gateway = new FakeGateway()
  const endless = new Endless()
  gateway.file = (request) => endless.pieces(request)
  const response = await download(t, gateway, 'follow=true&for=50ms')
  const file = await buffer(response)
  assert.equal(response.complete, true)
  assert.equal(file.length, endless.made * 64 * 1024)
  assert.equal(endless.ended, true)
})

test('a capture that fails on the way is cut short, and the log says why', async (t) => {
  const gateway = new FakeGateway()
  const failure = new Error('the store is gone')
  gateway.file = async function* () {
    yield Buffer.from('head')
    throw failure
  }
  const logged: object[] = []
  const response = await download(t, gateway, '', { ...silentLog, error: (fields) => logged.push(fields) })
  await assert.rejects(buffer(response))
  assert.equal(response.complete, false)
  assert.deepEqual(logged, [{ err: failure }])
})
