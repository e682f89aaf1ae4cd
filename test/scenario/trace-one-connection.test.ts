/** One connection picked to be traced: with its messages, whatever switch and filter say, and nothing of any other. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TraceStatus } from '../../src/base/status.js'
import { patienceMs, startScene } from '../support/scene.js'
import { token } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { recordsOf } from '../support/sip-trace.js'
import { until } from '../support/wait.js'

const scene = await startScene(
  { after },
  { proto_tls: { trace_on: 0, trace_filter_route: 'nobody' }, routes: { nobody: 'drop;' } },
)

async function picked(): Promise<TraceStatus['picked']> {
  return (await scene.gateway.status()).trace.picked
}

async function idOf(client: SipClient): Promise<string> {
  return (await scene.live(client.address, ({ tls_version }) => tls_version !== undefined)).conn_id
}

function pick(id: string, method: 'POST' | 'DELETE', body?: object): Promise<Response> {
  const url = `${scene.gateway.apiUrl}/api/v1/connections/${id}/trace`
  if (body === undefined) return fetch(url, { method })
  return fetch(url, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

async function say(client: SipClient): Promise<string> {
  const callId = `${token()}@pick`
  await client.request({ callId })
  return callId
}

async function traced(callId: string): Promise<void> {
  await until(`the call ${callId}`, () => recordsOf(scene.collector, callId).length >= 2, patienceMs)
}

test('picked while tracing is off, it is traced until it is closed', async () => {
  const [wanted, other] = [await scene.client(), await scene.client()]
  const [id, before] = [await idOf(wanted), await say(wanted)]
  assert.equal((await pick(id, 'POST', { until_closed: true })).status, 200)
  assert.deepEqual(await picked(), [{ conn_id: id }])
  const silent = await say(other)
  await traced(await say(wanted))
  for (const client of [other, wanted]) await client.close()
  await scene.event('CLOSED', { conn_id: id })
  const { Event, Message } = scene.events({ conn_id: id })[0]!
  assert.deepEqual([Event, Message], ['STATS', 'the connection was picked to be traced'])
  for (const callId of [before, silent]) assert.deepEqual(recordsOf(scene.collector, callId), [])
  assert.deepEqual(scene.events({ peer: other.address }), [])
  assert.deepEqual(await picked(), [])
})

test('it is traced no longer when it is picked no longer, or its time is up', async () => {
  const [first, second] = [await scene.client(), await scene.client()]
  const [one, two] = [await idOf(first), await idOf(second)]
  assert.equal((await pick(one, 'POST', { for: '1h' })).status, 200)
  assert.equal((await pick(two, 'POST', { for: '1s' })).status, 200)
  assert.ok(Date.parse((await picked())[0]!.until!) > Date.now())
  await traced(await say(first))
  assert.equal((await pick(one, 'DELETE')).status, 204)
  const silent = await say(first)
  await until('the end of the other', async () => (await picked()).length === 0, patienceMs)
  const silentToo = await say(second)
  assert.equal((await pick(one, 'POST')).status, 200)
  await traced(await say(first))
  for (const callId of [silent, silentToo]) assert.deepEqual(recordsOf(scene.collector, callId), [])
  await first.close()
  await second.close()
})

test('tracing switched off ends it', async () => {
  const client = await scene.client()
  const id = await idOf(client)
  await pick(id, 'POST')
  await traced(await say(client))
  await scene.gateway.put('/api/v1/tls_trace', { trace_mode: 'off' })
  assert.deepEqual(await picked(), [])
  const silent = await say(client)
  await pick(id, 'POST')
  await traced(await say(client))
  assert.deepEqual(recordsOf(scene.collector, silent), [])
  await client.close()
})

test('a connection that is not there cannot be picked, nor one for no time', async () => {
  assert.equal((await pick('1', 'POST')).status, 404)
  const client = await scene.client()
  assert.equal((await pick(await idOf(client), 'POST', { for: '0s' })).status, 400)
  assert.deepEqual(await picked(), [])
  await client.close()
})
