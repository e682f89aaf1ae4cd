/** Which upstream a request goes to: by priority, weight and Call-ID, unless its Route or Request-URI names one. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, test } from 'node:test'
import { listening } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { SipServer } from '../support/sip-server.js'
import { callAll, callIds, shares } from '../support/upstream-calls.js'
import { until } from '../support/wait.js'

const scope = { after }
const servers = [
  await SipServer.start(scope),
  await SipServer.start(scope),
  await SipServer.start(scope),
  await SipServer.start(scope),
]
const [heavy, light, spare, reserve] = servers as [SipServer, SipServer, SipServer, SipServer]
const scene = await startScene(scope, {
  relay: {
    mode: 'edge',
    upstream: [
      { uri: reserve.uri, priority: 2 },
      { uri: light.uri, weight: 1 },
      { uri: heavy.uri, weight: 3 },
      { uri: spare.uri, weight: 0 },
    ],
    options_interval: 0,
  },
})
const phone = await scene.client()
// No more than 32 messages may wait for a connection.
await scene.status('all of them connected', ({ upstreams }) => upstreams.every(({ connections }) => connections === 1))

/** A call that is one of `server` when nothing names another. */
async function callIdOf(server: SipServer, name: string): Promise<string> {
  const some = callIds(60, name)
  await callAll(phone, some)
  return headerOf(server.requests.find((request) => some.includes(headerOf(request, 'Call-ID')!))!, 'Call-ID')!
}

/** The one server that gets this request. */
async function serverOf(request: Buffer, from: SipClient = phone): Promise<SipServer> {
  const before = servers.map(({ requests }) => requests.length)
  from.send(request)
  return until('the request at a server', () => servers.find(({ requests }, i) => requests.length > before[i]!))
}

test('the shares of the calls follow the weights, and those of lower rank get none', async () => {
  const calls = callIds(600, 'share')
  await callAll(phone, calls)
  const [toHeavy, toLight, toSpare, toReserve] = shares(servers, calls) as [number, number, number, number]
  assert.deepEqual([toSpare, toReserve, toHeavy + toLight], [0, 0, 600])
  // 450 are due; 60 off is more than five standard deviations.
  assert.ok(Math.abs(toHeavy - 450) < 60, `${toHeavy} calls of 600 instead of about 450`)
})

test('the requests of one call go to one server, whoever sends them over whatever connection', async () => {
  const other = await scene.client()
  const calls = callIds(40, 'same')
  await callAll(phone, calls)
  await callAll(other, calls)
  await callAll(phone, calls, { method: 'INVITE', cseq: 2 })
  await callAll(other, calls, { method: 'CANCEL', cseq: 2 })
  await callAll(phone, calls, { method: 'BYE', cseq: 3, to: '<sip:bob@example.com>;tag=1' })
  const [toHeavy, toLight] = shares(servers, calls) // throws where a call is at two of them
  assert.equal(toHeavy! + toLight!, 40)
  assert.ok(toLight! > 0, 'all went to one server, which shows nothing')
})

for (const [name, server] of Object.entries({ light, spare, reserve })) {
  test(`in a dialog the Route says where it goes on: at the ${name} one, whatever the Call-ID`, async () => {
    const callId = await callIdOf(heavy, `route-${name}`)
    const route = `Route: <sip:127.0.0.1:${server.port};transport=tcp;lr>`
    const bye = { method: 'BYE', uri: 'sip:bob@192.0.2.20', to: '<sip:bob@example.com>;tag=1', callId }
    assert.equal(await serverOf(sipRequest({ ...bye, headers: [route] })), server)
    assert.equal(headerOf(server.requests.at(-1)!, 'Route'), route.slice('Route: '.length))
  })

  test(`without a Route the Request-URI says it: at the ${name} one`, async () => {
    const callId = await callIdOf(heavy, `uri-${name}`)
    const uri = `sip:bob@127.0.0.1:${server.port};transport=tcp`
    const bye = { method: 'BYE', uri, to: '<sip:bob@example.com>;tag=1', callId }
    assert.equal(await serverOf(sipRequest(bye)), server)
    assert.equal(startLine(server.requests.at(-1)!), `BYE ${uri} SIP/2.0`)
  })
}

test('a dialog stays at its server by the Record-Route we put in, wherever the Contact of that server leads', async () => {
  const [callId] = callIds(1, 'record-route')
  const invite = sipRequest({
    method: 'INVITE',
    uri: 'sip:bob@example.com',
    callId: callId!,
    headers: [`Route: <sip:127.0.0.1:${reserve.port};transport=tcp;lr>`],
  })
  assert.equal(await serverOf(invite), reserve)
  // as the phone sends it: the route set in reverse
  const route = headerOf(reserve.requests.at(-1)!, 'Record-Route')!.split(',').reverse().join(', ')
  const bye = { method: 'BYE', uri: 'sip:bob@192.0.2.20', to: '<sip:bob@example.com>;tag=1', callId: callId! }
  assert.equal(await serverOf(sipRequest({ ...bye, headers: [`Route: ${route}`] })), reserve)
  assert.equal(headerOf(reserve.requests.at(-1)!, 'Route'), undefined)
  assert.notEqual(await serverOf(sipRequest(bye)), reserve, 'it is not the Call-ID that says it')
})

test('whoever names somebody else gets to one of ours all the same: the gateway is no open relay', async (t) => {
  let strangers = 0
  const port = await listening(
    t,
    createServer(() => strangers++),
  )
  const elsewhere = `sip:127.0.0.1:${port};transport=tcp`
  for (const request of [
    sipRequest({ method: 'INVITE', uri: `sip:bob@127.0.0.1:${port};transport=tcp` }),
    sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', headers: [`Route: <${elsewhere};lr>`] }),
    sipRequest({
      method: 'BYE',
      uri: elsewhere,
      to: '<sip:bob@example.com>;tag=1',
      headers: [`Route: <${elsewhere};lr>`],
    }),
  ]) {
    assert.ok([heavy, light].includes(await serverOf(request)))
  }
  assert.equal(strangers, 0)
})
