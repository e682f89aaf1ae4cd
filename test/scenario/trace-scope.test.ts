/** A trace narrowed to a peer, a name, a user or a call: of everybody else nothing reaches the collector. */
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import type { TraceStatus } from '../../src/base/status.js'
import { tcpConnect } from '../support/listening.js'
import { patienceMs, startScene } from '../support/scene.js'
import { token } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { recordsOf } from '../support/sip-trace.js'
import { until } from '../support/wait.js'

const scope = { after }
const scene = await startScene(scope, { proto_tls: { trace_on: 0 }, trace: { core_leg: 1 } })

beforeEach(async () => {
  await trace({ trace_mode: 'off' })
})

async function trace(body: object): Promise<TraceStatus> {
  const answer = await scene.gateway.put('/api/v1/tls_trace', body)
  assert.equal(answer.status, 200, await answer.clone().text())
  return (await answer.json()) as TraceStatus
}

/** A request of this user and its answer; the Call-ID. */
async function say(client: SipClient, user: string): Promise<string> {
  const callId = `${user}-${token()}@scope`
  await client.request({ callId, from: `<sip:${user}@example.com>;tag=${token()}` })
  return callId
}

/** A client at another loopback address. */
async function clientAt(ip: string, servername = 'sip.example.com'): Promise<SipClient> {
  return scene.client({ socket: await tcpConnect(scope, scene.port, '127.0.0.1', ip), servername })
}

/** Its request and answer have come on both legs, so everything that was sent before has, too. */
async function arrived(callId: string): Promise<void> {
  await until(`the call ${callId} at the collector`, () => recordsOf(scene.collector, callId).length === 4, patienceMs)
}

test('a user: only his messages, and events of the connections they come over, from the first on', async () => {
  const { scope: set } = await trace({ trace_mode: 'on', scope: { user: 'alice' } })
  assert.deepEqual(set, { user: 'alice' })
  const [his, other] = [await scene.client(), await scene.client()]
  const silent = [await say(other, 'carol'), await say(his, 'carol')]
  const traced = await say(his, 'alice')
  silent.push(await say(his, 'carol'))
  await arrived(traced)
  for (const client of [other, his]) await client.close()
  await scene.event('CLOSED', { peer: his.address })
  assert.deepEqual(
    scene.events({ peer: his.address }).map(({ Event }) => Event),
    ['STATS', 'TLS_SESSION', 'CLOSED'],
  )
  assert.deepEqual(scene.events({ peer: other.address }), [])
  for (const callId of silent) assert.deepEqual(recordsOf(scene.collector, callId), [])
})

test('a call: that one, on both legs, also on a connection that was there before', async () => {
  const client = await scene.client()
  const callId = `wanted-${token()}@scope`
  await trace({ trace_mode: 'on', existing: true, scope: { call_id: callId } })
  const before = await say(client, 'alice')
  await client.request({ callId })
  await arrived(callId)
  assert.deepEqual(recordsOf(scene.collector, before), [])
})

for (const { what, narrowed, fits, other } of [
  { what: 'peers', narrowed: { peer: ['127.0.0.8/29', '2001:db8::/32'] }, fits: ['127.0.0.9'], other: ['127.0.0.16'] },
  {
    what: 'a name',
    narrowed: { sni: 'SIP*.example.com' },
    fits: ['127.0.0.1', 'sip7.example.com'],
    other: ['127.0.0.1', 'other.example.com'],
  },
]) {
  test(`${what}: their connections whole`, async () => {
    await trace({ trace_mode: 'on', scope: narrowed })
    const [outside, inside] = [await clientAt(other[0]!, other[1]), await clientAt(fits[0]!, fits[1])]
    const silent = await say(outside, 'alice')
    await arrived(await say(inside, 'carol'))
    for (const client of [outside, inside]) await client.close()
    await scene.event('CLOSED', { peer: inside.address })
    assert.equal(scene.events({ peer: inside.address })[0]?.Event, 'ACCEPTED')
    assert.deepEqual(scene.events({ peer: outside.address }), [])
    assert.deepEqual(recordsOf(scene.collector, silent), [])
  })
}

test('another scope ends what does not fit it; none takes open connections in when asked to', async () => {
  await trace({ trace_mode: 'on' })
  const client = await clientAt('127.0.0.20')
  await scene.event('ACCEPTED', { peer: client.address })
  const narrowed = await trace({ trace_mode: 'on', scope: { peer: ['127.0.0.21'] } })
  assert.equal(narrowed.tracedConnections, 0)
  const silent = await say(client, 'alice')
  const widened = await trace({ trace_mode: 'on', existing: true })
  assert.equal(widened.scope, undefined)
  await scene.event('STATS', { peer: client.address })
  await arrived(await say(client, 'alice'))
  assert.deepEqual(recordsOf(scene.collector, silent), [])
})

test('a peer that is none is refused, and nothing is switched', async () => {
  const answer = await scene.gateway.put('/api/v1/tls_trace', { trace_mode: 'on', scope: { peer: ['everybody'] } })
  assert.equal(answer.status, 400)
  assert.equal((await scene.gateway.status()).trace.trace_mode, 'off')
})
