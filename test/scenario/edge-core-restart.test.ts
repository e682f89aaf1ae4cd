/** A server of the core is restarted: its phones keep their connections, and can call and be called again. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { registered } from '../support/edge-cast.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { lastFirst, mortal } from '../support/scope.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { SipCore } from '../support/sip-core.js'
import { SipStream } from '../support/sip-stream.js'

const scope = lastFirst({ after }) // what `after` itself is given within a test ends with that test
const life = mortal(scope)
const first = await SipCore.start(life)
const [edgePort, corePort] = [await freePort(), await freePort()]
const scene = await startScene(scope, {
  socket: [`tls:127.0.0.1:${edgePort}`, `tcp:127.0.0.1:${corePort}`],
  relay: { mode: 'edge', upstream: [first.uri], options_interval: 0 },
})
const peer = `127.0.0.1:${first.port}`
const cast = { phone: () => scene.client({ port: edgePort }), core: await first.connection() }
const { phone, path } = await registered(cast)
const { phone: quiet, path: quietPath } = await registered(cast)
const call = { method: 'MESSAGE', uri: 'sip:bob@example.com' }
let back: SipCore

test('while it is away a request is answered 503 at once, and the phone keeps its connection', async () => {
  await life.end()
  await scene.event('CLOSED', { peer })
  const { answer } = await phone.request(call)
  assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
  const status = await scene.status('503 is counted', ({ edge }) => edge!.answered['503'] === 1)
  assert.deepEqual([status.upstreams[0]!.state, status.messages.lost['connect-refused']], ['down', 1])
  assert.match(status.upstreams[0]!.lastError!, /^connect-refused/)
})

test('an ACK while it is away is not answered, but counted', async () => {
  phone.send(sipRequest({ ...call, method: 'ACK' }))
  await scene.status(
    'an ACK that went nowhere',
    ({ edge, messages }) => edge!.requestsDropped['not-routable'] === 1 && messages.lost['connect-refused'] === 2,
  )
})

test('when it is back the gateway connects by itself, and requests arrive', async () => {
  back = await SipCore.start(scope, first.port)
  const core = await back.connection()
  await scene.status('up', ({ upstreams }) => upstreams[0]!.state === 'up' && upstreams[0]!.connections === 1)
  const request = sipRequest(call)
  phone.send(request)
  const arrived = await core.next()
  assert.equal(headerOf(arrived, 'Call-ID'), headerOf(request, 'Call-ID'))
  core.answer(arrived)
  assert.equal(startLine(await phone.next()), 'SIP/2.0 200 OK')
})

test('phones that registered before can be called by the Path that was stored then, over whatever connection', async () => {
  for (const core of [await back.connection(), await SipStream.tcp(scope, corePort)]) {
    for (const [callee, route] of [
      [phone, path],
      [quiet, quietPath],
    ] as const) {
      core.send(sipRequest({ ...call, transport: 'TCP', headers: [`Route: ${route}`] }))
      const request = await callee.next()
      assert.equal(startLine(request).split(' ')[0], 'MESSAGE')
      callee.answer(request)
      assert.equal(startLine(await core.next()), 'SIP/2.0 200 OK')
    }
  }
})

test('no connection of a phone was touched', () => {
  for (const { address } of [phone, quiet]) {
    assert.equal(scene.events({ Event: 'ACCEPTED', peer: address }).length, 1)
    assert.deepEqual(scene.events({ Event: 'ERROR', peer: address }), [])
    assert.deepEqual(scene.events({ Event: 'CLOSED', peer: address }), [])
  }
})
