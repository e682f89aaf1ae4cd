/**
 * A request meant for a server that cannot be connected to goes to the next upstream, unless that took longer than
 * tls_async lets its sender wait: then it is answered, and the next request goes there at once.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { GatedUpstream } from '../support/gated-upstream.js'
import { type Scene, startScene } from '../support/scene.js'
import type { Scope } from '../support/scope.js'
import { headerOf, startLine } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { SipServer } from '../support/sip-server.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const reserve = await SipServer.start({ after })

function start(t: Scope, first: string, config: Record<string, object> = {}): Promise<Scene> {
  return startScene(t, {
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

function ask(phone: SipClient): Promise<{ request: Buffer; answer: Buffer }> {
  return phone.request({ method: 'MESSAGE', uri: 'sip:bob@example.com' })
}

function cameToReserve(request: Buffer): boolean {
  return reserve.requests.some((one) => headerOf(one, 'Call-ID') === headerOf(request, 'Call-ID'))
}

/** The reserve gets the next request, and answers. */
async function servedByReserve(phone: SipClient): Promise<void> {
  const { request, answer } = await ask(phone)
  assert.equal(startLine(answer), 'SIP/2.0 200 OK')
  assert.ok(cameToReserve(request))
}

describe('the server that should have it', { concurrency: true }, () => {
  test('refuses: the request goes to the next one at once', async (t) => {
    const first = await SipServer.start(t)
    const scene = await start(t, first.uri)
    const phone = await scene.client()
    await ask(phone)
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

  test('refuses, and there is no other: 503, and it works again as soon as it is back', async (t) => {
    const only = await SipServer.start(t)
    const scene = await startScene(t, { relay: { mode: 'edge', upstream: [only.uri], options_interval: 0 } })
    const phone = await scene.client()
    await scene.status('the connection to be there', ({ upstreams }) => upstreams[0]!.connections === 1)
    const { port } = only
    reset(only)
    await scene.status('the connection to be gone', ({ upstreams }) => upstreams[0]!.connections === 0)
    assert.equal(startLine((await ask(phone)).answer), 'SIP/2.0 503 Service Unavailable')
    assert.deepEqual((await scene.gateway.status()).messages.lost, { 'connect-refused': 1 })

    const back = await SipServer.start(t, port)
    assert.equal(startLine((await ask(phone)).answer), 'SIP/2.0 200 OK')
    assert.equal(back.requests.length, 1)
  })

  for (const [what, window, firstAnswer] of [
    ['longer', 20_000, '200 OK'],
    ['shorter', 50, '408 Request Timeout'],
  ] as const) {
    test(`never ends the handshake, and the window is ${what}: ${firstAnswer}`, async (t) => {
      const gated = await GatedUpstream.start(t)
      gated.open()
      const scene = await start(t, gated.uri, {
        proto_tls: { tls_handshake_timeout: 2000, tls_async_handshake_timeout: window },
        tls_mgm: { client_domain: [gated.domain(tempDir(t))] },
      })
      const phone = await scene.client()
      await until('the first connection', () => gated.received.length === 1)

      gated.close()
      gated.drop()
      await scene.status('the connection to be gone', ({ upstreams }) => upstreams[0]!.connections === 0)
      const { request, answer } = await ask(phone)
      assert.equal(startLine(answer), `SIP/2.0 ${firstAnswer}`)
      assert.equal(cameToReserve(request), firstAnswer === '200 OK')
      await scene.event('CONNECTED', { peer: `127.0.0.1:${gated.port}`, cause: 'handshake-timeout' })
      await servedByReserve(phone)
    })
  }
})
