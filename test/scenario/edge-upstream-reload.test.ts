/** A reload adds and removes upstreams while calls run: no message is lost, and dialogs under way can end. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isIn, isProbe, startProbing } from '../support/probed-upstreams.js'
import { reconfigure } from '../support/reconfigure.js'
import { headerOf, sipAnswer, sipRequest, startLine } from '../support/sip.js'
import { SipServer } from '../support/sip-server.js'
import { callAll, callIds, shares } from '../support/upstream-calls.js'
import { until } from '../support/wait.js'

const scope = { after }
const servers = [await SipServer.start(scope), await SipServer.start(scope)] as const
const [first, second] = servers
const scene = await startProbing(scope, [first.uri])
const phone = await scene.client()
const caller = await scene.client()

async function use(...upstream: unknown[]): Promise<void> {
  await reconfigure(scene.gateway, ({ relay }) => Object.assign(relay!, { upstream }))
}

let round = 0
async function distribution(): Promise<number[]> {
  const calls = callIds(60, `reload-${round++}`)
  await callAll(phone, calls)
  return shares(servers, calls)
}

/** Calls without a pause until it is stopped; each is answered, or it throws. */
function keepCalling(): () => Promise<number> {
  let stopped = false
  const calling = (async () => {
    let calls = 0
    for (; !stopped; calls++) await callAll(caller, callIds(5, `running-${round}-${calls}`))
    return calls
  })()
  calling.catch(() => {}) // whoever stops it hears of it
  return () => {
    stopped = true
    return calling
  }
}

test('one that is added gets its share, while calls go on', async () => {
  assert.deepEqual(await distribution(), [60, 0])
  const stop = keepCalling()
  await use(first.uri, second.uri)
  // No more than 32 may wait for its connection.
  await isIn(scene, 'up', 1)
  const [toFirst, toSecond] = await distribution()
  assert.ok(toFirst! > 0 && toSecond! > 0, `${toFirst} and ${toSecond}`)
  assert.ok((await stop()) > 0)
})

test('one whose weight changes keeps its connection and what is known of it', async () => {
  const connected = async () => (await scene.gateway.status()).upstreams.map(({ connections }) => connections)
  assert.deepEqual(await connected(), [1, 1])
  await use(first.uri, { uri: second.uri, weight: 0 })
  assert.deepEqual(await distribution(), [60, 0])
  await isIn(scene, 'up', 1)
  assert.deepEqual(await connected(), [1, 1])
  assert.equal(second.connections.size, 1)
})

test('one that is removed gets no new calls and no probes, but a call under way is answered and ended', async () => {
  await use({ uri: first.uri, priority: 2 }, second.uri)
  const invite = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' })
  second.answer = undefined
  phone.send(invite)
  const callId = headerOf(invite, 'Call-ID')!
  const arrived = await until('the INVITE', () => second.requests.find((r) => headerOf(r, 'Call-ID') === callId))
  second.answer = sipAnswer

  const stop = keepCalling()
  await use(first.uri)
  assert.deepEqual(await distribution(), [60, 0])
  assert.ok((await stop()) > 0)
  assert.deepEqual(
    (await scene.gateway.status()).upstreams.map(({ uri }) => uri),
    [first.uri],
  )

  // answered, and ended by the server, over the connection that is there
  const [connection] = second.connections
  const before = phone.received.length
  connection!.write(sipAnswer(arrived))
  const answer = await until('the answer', () => phone.received[before])
  assert.deepEqual([startLine(answer), headerOf(answer, 'Call-ID')], ['SIP/2.0 200 OK', callId])
  const tokenRoute = headerOf(arrived, 'Record-Route')!
  const bye = { method: 'BYE', uri: 'sip:alice@192.0.2.10', to: '<sip:alice@example.com>;tag=1', callId }
  connection!.write(sipRequest({ ...bye, headers: [`Route: ${tokenRoute}`] }))
  assert.equal(startLine(await until('the BYE', () => phone.received[before + 1])), 'BYE sip:alice@192.0.2.10 SIP/2.0')

  const probed = second.requests.filter(isProbe).length
  const { probes } = (await scene.gateway.status()).upstreams[0]!
  await scene.status('two more probes of the other', ({ upstreams }) => upstreams[0]!.probes!.sent >= probes!.sent + 2)
  assert.equal(second.requests.filter(isProbe).length, probed)
})

test('nor is its connection opened again when it ends', async () => {
  const [connection] = second.connections
  connection!.destroy()
  await scene.event('CLOSED', { peer: `127.0.0.1:${second.port}` })
  await use(first.uri, second.uri)
  // Only now it is wanted again.
  await until('a connection', () => second.connections.size === 1)
  await isIn(scene, 'up', 1)
  assert.equal(scene.events({ Event: 'CONNECT_START', peer: `127.0.0.1:${second.port}` }).length, 2)
})
