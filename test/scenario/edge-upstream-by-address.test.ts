/**
 * A server of ours that is called by its address, as PBXs call each other or themselves, is reached as what it is: over a
 * connection of the core, also when that is opened for such a call. What the edge sends there afterwards comes with our
 * verdict, and what the server sends on it may go to phones. Nobody outside can have it opened as one of the edge.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { pathTo } from '../support/edge-cast.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { lastFirst, mortal } from '../support/scope.js'
import { headerOf, headersOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'
import { SipCore } from '../support/sip-core.js'
import { SipStream } from '../support/sip-stream.js'
import { until } from '../support/wait.js'

const scope = lastFirst({ after }) // what `after` itself is given within a test ends with that test
const life = mortal(scope)
const before = await SipCore.start(life)
const dns = await DnsServer.start(scope)
const [edgePort, corePort] = [await freePort(), await freePort()]
const scene = await startScene(scope, {
  socket: [`tls:127.0.0.1:${edgePort}`, `tcp:127.0.0.1:${corePort}`],
  relay: {
    mode: 'edge',
    upstream: [before.uri],
    options_interval: 0,
    dns_server: [`127.0.0.1:${dns.address.port}`],
  },
})
const { port } = before
const peer = `127.0.0.1:${port}`
await before.connection()
const [phone, server] = [await scene.client({ port: edgePort }), await SipStream.tcp(scope, corePort)]
let upstream: SipCore
let core: SipStream

/** A request of another server of ours, by no token. */
function fromServer(fields: RequestFields): Buffer {
  return sipRequest({ method: 'MESSAGE', transport: 'TCP', ...fields })
}

test('a request of another server brings the connection back before we would have tried it again', async () => {
  await life.end()
  // The pauses between the attempts grow: the next is more than a second away.
  const failed = { Event: 'CONNECTED', peer, Status: 'FAILURE' }
  await until('two attempts in vain', () => scene.events(failed).length >= 2)
  upstream = await SipCore.start(scope, port)
  server.send(fromServer({ uri: `sip:z@${peer};transport=tcp` }))
  core = await upstream.connection()
  const arrived = await core.next()
  assert.equal(startLine(arrived), `MESSAGE sip:z@${peer};transport=tcp SIP/2.0`)
  assert.match(headersOf(arrived, 'Via')[0]!, new RegExp(`^SIP/2\\.0/TCP 127\\.0\\.0\\.1:${corePort};`))
  core.answer(arrived)
  assert.equal(startLine(await server.next()), 'SIP/2.0 200 OK')
  await scene.status('it counts', ({ upstreams }) => upstreams[0]!.connections === 1 && upstreams[0]!.state === 'up')
})

test('requests of phones take it, with the verdict on who sent them, by our name that lasts', async () => {
  const path = await pathTo(phone, core)
  assert.match(path, new RegExp(`@127\\.0\\.0\\.1:${corePort};transport=tcp;lr;ob>$`))
  phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', headers: ['X-Hepgate-Trusted: yes'] }))
  const arrived = await core.next()
  assert.deepEqual(headersOf(arrived, 'X-Hepgate-Trusted'), ['no'])
  assert.match(headersOf(arrived, 'Via')[0]!, new RegExp(`^SIP/2\\.0/TCP 127\\.0\\.0\\.1:${corePort};`))
})

test('what the server sends on it comes to the phone whose token it has, and not back', async () => {
  const path = await pathTo(phone, core)
  const received = core.received.length
  core.send(fromServer({ uri: 'sip:alice@192.0.2.10', headers: [`Route: ${path}`] }))
  phone.answer(await phone.next())
  assert.equal(startLine(await core.next()), 'SIP/2.0 200 OK')
  assert.equal(core.received.length, received + 1)
})

const spellings: Readonly<Record<string, RequestFields>> = {
  'without transport, which over TLS would be in vain': { uri: `sip:z@${peer}` },
  'by a Route': { uri: 'sip:z@nowhere.invalid', headers: [`Route: <sip:${peer};transport=tcp;lr>`] },
  'by maddr': { uri: `sip:z@nowhere.invalid:${port};transport=tcp;maddr=127.0.0.1` },
}
for (const [what, fields] of Object.entries(spellings)) {
  test(`${what}: over the connection that is there`, async () => {
    const request = fromServer(fields)
    server.send(request)
    const arrived = await core.next()
    assert.equal(headerOf(arrived, 'Call-ID'), headerOf(request, 'Call-ID'))
    core.answer(arrived)
    assert.equal(startLine(await server.next()), 'SIP/2.0 200 OK')
  })
}

test('a domain of a stranger that says it lived there is refused, and the server that asked is told why', async () => {
  const target = 'pbx.stranger.example.com'
  dns.records = [
    { type: 'A', name: target, address: '127.0.0.1' },
    { type: 'SRV', name: '_sip._tcp.stranger.example.com', priority: 1, weight: 1, port, target },
  ]
  for (const uri of ['sip:bob@stranger.example.com;transport=tcp', `sip:bob@${target}:${port};transport=tcp`]) {
    const { answer } = await server.request(fromServer({ uri }))
    assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable', uri)
    assert.match(headerOf(answer, 'Warning')!, /^399 hepgate "unreachable: that address is one of our own side"$/)
  }
})

test('all of it took one connection', async () => {
  assert.equal(upstream.connections.length, 1)
  assert.equal((await scene.gateway.status()).upstreams[0]!.connections, 1)
})
