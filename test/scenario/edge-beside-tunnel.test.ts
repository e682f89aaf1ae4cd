/** One gateway may have sockets in both modes: those of the tunnel pass messages as they are, those of the edge route them. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { networkOf } from '../support/hep-network.js'
import { freePort } from '../support/ports.js'
import { patienceMs, startScene } from '../support/scene.js'
import type { Scope } from '../support/scope.js'
import { changed, headerOf, headersOf, sipRequest, startLine } from '../support/sip.js'
import { until } from '../support/wait.js'

/** The mode as the file has it for all sockets, and the one socket that says otherwise. */
const files = [
  { mode: 'edge', edge: {}, tunnel: { relay: 'tunnel' } },
  { mode: 'tunnel', edge: { relay: 'edge' }, tunnel: {} },
] as const

async function start(t: Scope, { mode, edge, tunnel }: (typeof files)[number]) {
  const [edgePort, tunnelPort] = [await freePort(), await freePort()]
  const scene = await startScene(t, {
    socket: [
      { socket: `tls:127.0.0.1:${edgePort}`, ...edge },
      { socket: `tls:127.0.0.1:${tunnelPort}`, ...tunnel },
    ],
    relay: { mode, options_interval: 0 },
  })
  const at = (port: number) => () => scene.client({ port })
  return { scene, server: scene.server, atEdge: at(edgePort), atTunnel: at(tunnelPort) }
}

const usual = await start({ after }, files[0])

for (const file of files) {
  test(`relay.mode ${file.mode}, and one socket in the other mode: each is relayed in its own way`, async (t) => {
    const { scene, server, atEdge, atTunnel } = file === files[0] ? usual : await start(t, file)
    const arrived = (request: Buffer): Buffer | undefined =>
      server.requests.find((one) => headerOf(one, 'Call-ID') === headerOf(request, 'Call-ID'))
    const tunnelled = await atTunnel()
    const asItIs = await tunnelled.request({ method: 'MESSAGE' })
    assert.deepEqual(arrived(asItIs.request), asItIs.request)

    const routed = await atEdge()
    const { request } = await routed.request({ method: 'MESSAGE' })
    const [ours, theirs] = headersOf(arrived(request)!, 'Via')
    assert.match(ours!, /^SIP\/2\.0\/TCP 127\.0\.0\.1:\d+;branch=z9hG4bKhg/)
    assert.equal(theirs, `${headerOf(request, 'Via')};received=127.0.0.1`)

    // a connection for each client of the tunnel, and one for the whole edge
    const others = await Promise.all([atTunnel(), atTunnel(), atEdge(), atEdge()])
    await Promise.all(others.map((client) => client.request({ method: 'MESSAGE' })))
    assert.equal(server.connections.size, 4)
    const { conn_id } = await scene.event('ACCEPTED', { peer: tunnelled.address })
    await scene.event('CONNECTED', { relayed_to: conn_id })
    assert.deepEqual(scene.events({ Event: 'ACCEPTED', peer: routed.address })[0]?.relayed_to, undefined)
  })
}

test('what is wrong is judged by the mode: the edge answers it, the tunnel passes it on', async () => {
  const { server, atEdge, atTunnel } = usual
  const before = server.requests.length
  const hopless = () => changed(sipRequest({ method: 'MESSAGE' }), 'Max-Forwards: 70', 'Max-Forwards: 0')
  const [client, other] = [await atEdge(), await atTunnel()]
  assert.equal(startLine((await client.request(hopless())).answer), 'SIP/2.0 483 Too Many Hops')
  assert.equal(server.requests.length, before)
  assert.equal(startLine((await other.request(hopless())).answer), 'SIP/2.0 200 OK')
  assert.equal(server.requests.length, before + 1)
})

test('under load each gets its own answers, and both are in the trace', async () => {
  const { scene, atEdge, atTunnel } = usual
  const clients = await Promise.all([atEdge(), atTunnel(), atEdge(), atTunnel()])
  // No more than 32 messages may wait for the upstream connection of a tunnel.
  await Promise.all(clients.map((client) => client.request({ method: 'MESSAGE' })))
  const each = 50
  for (let i = 0; i < each; i++) {
    for (const [who, client] of clients.entries()) {
      client.send(sipRequest({ method: 'MESSAGE', callId: `load-${who}-${i}` }))
    }
  }
  for (const [who, client] of clients.entries()) {
    await until('all answers', () => client.received.length > each, patienceMs)
    const callIds = client.received.slice(1).map((answer) => headerOf(answer, 'Call-ID')!)
    assert.deepEqual(new Set(callIds), new Set(Array.from({ length: each }, (_, i) => `load-${who}-${i}`)))
  }
  const records = () =>
    scene.collector.records.filter(({ type, correlation }) => type === 1 && /^load-/.test(correlation))
  // The edge shows both legs, the tunnel that of the client (trace.core_leg).
  const expected = each * (2 * 4 + 2 * 2)
  await until('all of them in the trace', () => records().length >= expected, patienceMs)
  assert.equal(records().length, expected)
  const protocols = records().map((record) => networkOf(record).protocol)
  assert.equal(protocols.filter((protocol) => protocol === 6).length, each * 2 * 2)
})
