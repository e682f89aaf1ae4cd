/**
 * A request meant for a server that cannot be connected to goes to the next upstream, unless that took longer than
 * tls_async lets its sender wait: then it is answered, and the next request goes there at once.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { GatedUpstream } from '../support/gated-upstream.js'
import { type Scene, startScene } from '../support/scene.js'
import { headerOf, startLine } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { SipServer } from '../support/sip-server.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const reserve = await SipServer.start(scope)

function start(first: string, config: Record<string, object> = {}): Promise<Scene> {
  return startScene(scope, {
    ...config,
    relay: { mode: 'edge', upstream: [first, { uri: reserve.uri, priority: 2 }], options_interval: 0 },
    trace: { core_events: 1 },
  })
}

/** Ends it as a crash would. */
function reset(server: SipServer): void {
  for (const socket of server.connections) socket.resetAndDestroy()
  server.stop()
}

/** The reserve got it and answered. */
async function servedByReserve(phone: SipClient): Promise<void> {
  const { request, answer } = await phone.request({ method: 'MESSAGE', uri: 'sip:bob@example.com' })
  assert.equal(startLine(answer), 'SIP/2.0 200 OK')
  assert.equal(headerOf(reserve.requests.at(-1)!, 'Call-ID'), headerOf(request, 'Call-ID'))
}

test('refused: the request goes to the next upstream at once', async () => {
  const first = await SipServer.start(scope)
  const scene = await start(first.uri)
  const phone = await scene.client()
  await phone.request({ method: 'MESSAGE' })
  assert.equal(first.requests.length, 1)

  const { port } = first
  reset(first)
  await scene.status('the connection to be gone', ({ upstreams }) => upstreams[0]!.connections === 0)
  await servedByReserve(phone)
  await scene.event('CONNECTED', { peer: `127.0.0.1:${port}`, cause: 'connect-refused' })
  const { upstreams, messages } = await scene.gateway.status()
  assert.deepEqual([upstreams[0]!.state, upstreams[1]!.state, messages.lost], ['down', 'up', {}])
  await servedByReserve(phone)
})

test('all refuse: 503, and it works again as soon as one of them is back', async () => {
  const only = await SipServer.start(scope)
  const scene = await startScene(scope, {
    relay: { mode: 'edge', upstream: [only.uri], options_interval: 0 },
    trace: { core_events: 1 },
  })
  const phone = await scene.client()
  const { port } = only
  reset(only)
  await scene.status('the connection to be gone', ({ upstreams }) => upstreams[0]!.connections === 0)
  const { answer } = await phone.request({ method: 'MESSAGE' })
  assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
  assert.deepEqual((await scene.gateway.status()).messages.lost, { 'connect-refused': 1 })

  const back = await SipServer.start(scope, port)
  assert.equal(startLine((await phone.request({ method: 'MESSAGE' })).answer), 'SIP/2.0 200 OK')
  assert.equal(back.requests.length, 1)
})

for (const [what, window, firstAnswer] of [
  ['longer', 20_000, '200 OK'],
  ['shorter', 50, '408 Request Timeout'],
] as const) {
  test(`a handshake that is never complete, and a window that is ${what}: ${firstAnswer}`, async () => {
    const dir = tempDir(scope)
    const gated = await GatedUpstream.start(scope)
    gated.open()
    const scene = await start(gated.uri, {
      proto_tls: { tls_handshake_timeout: 1500, tls_async_handshake_timeout: window },
      tls_mgm: { client_domain: [gated.domain(dir)] },
    })
    const phone = await scene.client()
    await until('the first connection', () => gated.received.length === 1)
    const before = reserve.requests.length

    gated.close()
    gated.drop()
    await scene.status('the connection to be gone', ({ upstreams }) => upstreams[0]!.connections === 0)
    const { answer } = await phone.request({ method: 'MESSAGE' })
    assert.equal(startLine(answer), `SIP/2.0 ${firstAnswer}`)
    assert.equal(reserve.requests.length, before + (firstAnswer === '200 OK' ? 1 : 0))
    await scene.event('CONNECTED', { peer: `127.0.0.1:${gated.port}`, cause: 'handshake-timeout' })
    await servedByReserve(phone)
  })
}
