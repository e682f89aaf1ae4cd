/** Answers that go on: nobody takes all the places, and they end with the right to them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type Api, type ApiOptions, startApi } from '../../../src/api/server.js'
import type { ApiTokenConfig } from '../../../src/config/types.js'
import { FakeGateway } from '../../support/fake-gateway.js'
import { until, within } from '../../support/wait.js'
import { apiOptions } from './api.js'
import { bearer, namedToken } from './tokens.js'

const events = '/api/v1/events'
const capture = '/api/v1/pcapng?follow=true'

interface Scene {
  readonly api: Api
  readonly gateway: FakeGateway
  readonly options: ApiOptions
}

async function scene(t: TestContext, changes: Partial<ApiOptions> = {}): Promise<Scene> {
  const gateway = new FakeGateway()
  // a capture that nothing comes to
  gateway.file = async function* ({ signal }) {
    yield Buffer.from('head')
    await once(signal!, 'abort')
  }
  const options = { ...apiOptions(gateway), ...changes }
  const api = await startApi({ ...options, listen: { ip: '127.0.0.1', port: 0 } })
  t.after(() => api.close())
  return { api, gateway, options }
}

interface Answer {
  readonly response: IncomingMessage
  /** resolves to whether it was whole */
  readonly ended: Promise<boolean>
}

/** The beginning of an answer, from an address of this machine. */
async function ask(
  t: TestContext,
  { api }: Scene,
  path: string,
  token = '',
  localAddress = '127.0.0.1',
): Promise<Answer> {
  const headers = token === '' ? {} : bearer(token)
  const request = get(api.url + path, { agent: false, headers, localAddress })
  t.after(() => request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const ended = new Promise<boolean>((resolve) => response.once('close', () => resolve(response.complete)))
  response.on('error', () => {}).resume()
  return { response, ended }
}

/** Was it whole? */
function endOf({ ended }: Answer): Promise<boolean> {
  return within('the end of the answer', ended)
}

function reload({ api, options }: Scene, tokens: readonly ApiTokenConfig[]): void {
  api.prepare({ ...options, tokens })()
}

for (const path of [events, capture]) {
  test(`${path} ends with its token, and with a scope its token had; that of another token goes on`, async (t) => {
    const kept = namedToken('kept', ['read'])
    const running = await scene(t, {
      viewers: 8,
      tokens: [namedToken('revoked', ['read']), namedToken('narrowed', ['read', 'control']), kept],
    })
    const [revoked, narrowed, other] = await Promise.all(
      ['revoked', 'narrowed', 'kept'].map((token) => ask(t, running, path, token)),
    )
    reload(running, [namedToken('narrowed', ['control']), kept])
    assert.deepEqual(await Promise.all([endOf(revoked!), endOf(narrowed!)]), [false, false])
    assert.deepEqual([other!.response.statusCode, other!.response.closed], [200, false])
    const { response } = await ask(t, running, path, 'revoked')
    assert.equal(response.statusCode, 401)
  })

  test(`${path} of a local program without a token ends where tokens come`, async (t) => {
    const running = await scene(t)
    const local = await ask(t, running, path)
    reload(running, [])
    assert.equal((await ask(t, running, '/healthz')).response.statusCode, 200)
    assert.equal(local.response.closed, false, 'a reload that changes nothing ends nothing')
    reload(running, [namedToken('eyes', ['read'])])
    assert.equal(await endOf(local), false)
  })
}

test('the same token under another name, or with more scopes, keeps its streams', async (t) => {
  const running = await scene(t, { tokens: [namedToken('eyes', ['read']), namedToken('gone', ['read'])] })
  const [kept, gone] = [await ask(t, running, events, 'eyes'), await ask(t, running, events, 'gone')]
  reload(running, [{ ...namedToken('eyes', ['read', 'control']), name: 'renamed' }])
  await endOf(gone)
  assert.equal(kept.response.closed, false)
})

test('a capture with keys ends when its token may read no secrets any more', async (t) => {
  const running = await scene(t, { tokens: [namedToken('all', ['read', 'secrets'])] })
  const taken = await ask(t, running, `${capture}&keys=true`, 'all')
  reload(running, [namedToken('all', ['read'])])
  assert.equal(await endOf(taken), false)
})

test('the viewer of an ended stream is known to be gone', async (t) => {
  const running = await scene(t, { tokens: [namedToken('eyes', ['read'])] })
  await ask(t, running, events, 'eyes')
  reload(running, [namedToken('other', ['read'])])
  await until('the watch to be stopped', () => running.gateway.watches[0]?.stopped)
})

test('one address has half of the event streams; another still finds a place, and so does it after one has ended', async (t) => {
  const running = await scene(t, { viewers: 4 })
  const [first] = [await ask(t, running, events), await ask(t, running, events)]
  const { response } = await ask(t, running, events)
  assert.equal(response.statusCode, 503)
  assert.match(String(response.headers['retry-after']), /^\d+$/)
  assert.equal(running.gateway.watches.length, 2)
  assert.equal((await ask(t, running, events, '', '127.0.0.2')).response.statusCode, 200)
  first!.response.destroy()
  await until('a place', async () => (await ask(t, running, events)).response.statusCode === 200)
})

test('one token has half of the event streams, from however many addresses; another still finds a place', async (t) => {
  const running = await scene(t, { viewers: 4, tokens: [namedToken('a', ['read']), namedToken('b', ['read'])] })
  for (const address of ['127.0.0.2', '127.0.0.3']) await ask(t, running, events, 'a', address)
  assert.equal((await ask(t, running, events, 'a', '127.0.0.4')).response.statusCode, 503)
  assert.equal((await ask(t, running, events, 'b', '127.0.0.4')).response.statusCode, 200)
})

test('one address has half of the captures, whatever it watches', async (t) => {
  const running = await scene(t)
  await ask(t, running, events)
  for (let i = 0; i < 8; i++) assert.equal((await ask(t, running, capture)).response.statusCode, 200)
  assert.equal((await ask(t, running, capture)).response.statusCode, 503)
  assert.equal((await ask(t, running, capture, '', '127.0.0.2')).response.statusCode, 200)
})

test('a question that is refused keeps no place', async (t) => {
  const running = await scene(t, { viewers: 2 })
  for (let i = 0; i < 5; i++) {
    assert.equal((await ask(t, running, `${events}?topics=weather`)).response.statusCode, 400)
  }
  assert.equal((await ask(t, running, events)).response.statusCode, 200)
})

test('one address has a quarter of the connections, together with those that belong to it', async (t) => {
  const running = await scene(t, { viewers: 0, peerKey: (ip) => (ip === '127.0.0.3' ? '127.0.0.1' : ip) })
  const hold = (localAddress: string): Socket => {
    const socket = connect({ port: Number(new URL(running.api.url).port), host: '127.0.0.1', localAddress })
    t.after(() => socket.destroy())
    return socket.on('error', () => {}).resume()
  }
  const held = Array.from({ length: 64 }, () => hold('127.0.0.1'))
  await Promise.all(held.map((socket) => once(socket, 'connect')))
  await within('the end of one too many', once(hold('127.0.0.1'), 'close'))
  await within('the end of another', once(hold('127.0.0.3'), 'close'))
  assert.ok(held.every((socket) => !socket.closed))
  assert.equal((await ask(t, running, '/healthz', '', '127.0.0.2')).response.statusCode, 200)
  held[0]!.destroy()
  await until('room', async () => (await ask(t, running, '/healthz')).response.statusCode === 200)
})
