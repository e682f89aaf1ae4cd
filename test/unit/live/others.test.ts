import assert from 'node:assert/strict'
import { test } from 'node:test'
import { protocolTypes } from '../../../src/hep/chunks.js'
import type { HepPacket } from '../../../src/hep/packet.js'
import { MessageStore } from '../../../src/live/messages/messages.js'
import { OtherAgents } from '../../../src/live/messages/others.js'
import { CallFlow, flowLeg, sipText } from '../../support/call-flow.js'
import { facts, keylogLine, noonMicros, tracedEvent } from '../../support/destinations.js'

type Scope = { after(end: () => unknown): void }

const phone = flowLeg({ connId: '100' })
const invite = sipText({ start: 'INVITE', cseq: '1 INVITE' })

function scene(t: Scope, bytes = 1 << 20): { store: MessageStore; others: OtherAgents; tap: CallFlow } {
  const store = new MessageStore(bytes)
  t.after(() => store.stop())
  return { store, others: new OtherAgents(store), tap: new CallFlow(store, phone) }
}

function packet(overrides: Partial<HepPacket> = {}): HepPacket {
  return {
    family: 2,
    protocol: 17,
    source: { ip: '203.0.113.1', port: 5060 },
    destination: { ip: '203.0.113.2', port: 5060 },
    seconds: noonMicros / 1e6,
    micros: 123,
    type: protocolTypes.sip,
    captureId: 77,
    nodeName: 'pbx-7',
    payload: invite,
    correlationId: Buffer.from('call-1'),
    other: [],
    ...overrides,
  }
}

function event(payload: string, overrides: Partial<HepPacket> = {}): HepPacket {
  return packet({ type: protocolTypes.log, payload: Buffer.from(payload), ...overrides })
}

async function flowOf(store: MessageStore, callId = 'call-1'): Promise<string[] | undefined> {
  return (await store.calls.detail(callId, () => undefined))?.flow.map(({ summary }) => summary)
}

test('SIP of another agent is in its call, under the name of the agent', async (t) => {
  const { store, others } = scene(t)
  others.packet(packet())
  const detail = (await store.calls.detail('call-1', () => undefined))!
  const { agent, conn_id, transport, source, destination, micros } = detail.flow[0]!
  assert.deepEqual(
    { agent, conn_id, transport, source, destination, micros },
    {
      ...{ agent: 'pbx-7', conn_id: undefined, transport: 'udp', micros: noonMicros + 123 },
      ...{ source: '203.0.113.1:5060', destination: '203.0.113.2:5060' },
    },
  )
  assert.deepEqual([detail.agents, detail.conn_ids], [['pbx-7'], []])
})

test('an agent without a name goes by its capture id', async (t) => {
  const { store, others } = scene(t)
  others.packet(packet({ nodeName: undefined }))
  assert.deepEqual((await store.calls.detail('call-1', () => undefined))?.agents, ['77'])
})

test('the name of an agent is as long as a name is', async (t) => {
  const { store, others } = scene(t)
  others.packet(packet({ nodeName: 'n'.repeat(60_000) }))
  const detail = (await store.calls.detail('call-1', () => undefined))!
  assert.deepEqual(detail.agents, ['n'.repeat(64)])
})

test('a retransmission that another agent saw is one', async (t) => {
  const { store, others } = scene(t)
  others.packet(packet())
  others.packet(packet({ micros: 500_000 }))
  assert.equal((await store.calls.detail('call-1', () => undefined))?.retransmissions, 1)
})

test('our own SIP that comes back is not kept twice', async (t) => {
  const { store, others, tap } = scene(t)
  tap.offer(phone.in, invite)
  others.packet(packet({ extraCorrelation: '{"net":"100"}' }))
  assert.equal((await flowOf(store))?.length, 1)
})

test('SIP of a connection we do not know is of another gateway', async (t) => {
  const { store, others, tap } = scene(t)
  tap.offer(phone.in, invite)
  others.packet(packet({ extraCorrelation: '{"net":"999"}' }))
  assert.equal((await flowOf(store))?.length, 2)
})

test('our own events that come back are not kept twice, in either form', async (t) => {
  const { store, others } = scene(t)
  store.event(tracedEvent({ facts: facts({ id: '100' }), correlation: 'call-1', record: 'tls-session' }))
  const json = JSON.stringify({ Event: 'TLS_SESSION', conn_id: '100', call_id: 'call-1' })
  others.packet(event(`TLS_SESSION SUCCESS\n${json}`))
  others.packet(event(json, { type: protocolTypes.net }))
  others.packet(event('ACCEPTED SUCCESS\n{"conn_id":"100"}', { correlationId: Buffer.from('100') }))
  assert.deepEqual(await flowOf(store), ['TLS_SESSION: handshake done'])
  assert.equal(store.calls.size, 1)
})

test('lines of another agent are in the flow of a call we know, and a failure is an error', async (t) => {
  const { store, others } = scene(t)
  others.packet(packet())
  others.packet(event('dialplan: no route\r\nmore'))
  others.packet(event('{"Event":"CLOSED","Status":"FAILURE","Message":"reset","conn_id":"9"}'))
  assert.deepEqual((await flowOf(store))?.slice(1), ['dialplan: no route', 'CLOSED FAILURE reset'])
  assert.equal((await store.calls.detail('call-1', () => undefined))?.errors, 1)
})

test('the record of a TLS session announces its call, other lines do not', async (t) => {
  const { store, others } = scene(t)
  others.packet(event('TLS_SESSION SUCCESS\n{"Event":"TLS_SESSION","conn_id":"9","call_id":"call-1"}'))
  others.packet(event('a line', { correlationId: Buffer.from('call-2') }))
  assert.deepEqual([await flowOf(store), await flowOf(store, 'call-2')], [['TLS_SESSION SUCCESS'], undefined])
})

test('events of a connection of another gateway belong to no call', (t) => {
  const { store, others } = scene(t)
  others.packet(event('ACCEPTED SUCCESS\n{"Event":"ACCEPTED","conn_id":"9"}', { correlationId: Buffer.from('9') }))
  assert.equal(store.length, 0)
})

test('key material in events of another agent is left behind', async (t) => {
  const { store, others } = scene(t)
  others.packet(packet())
  others.packet(event(`see ${keylogLine}\n{"keylog":["${keylogLine}"],"conn_id":"9"}`))
  others.packet(event(JSON.stringify({ Event: 'ACCEPTED', 'master-key': 'cd'.repeat(48), conn_id: '9' })))
  const detail = (await store.calls.detail('call-1', () => undefined))!
  assert.deepEqual((await flowOf(store))?.slice(1), ['see CLIENT_RANDOM [hidden] [hidden]', 'ACCEPTED'])
  assert.doesNotMatch(JSON.stringify(detail), /abababab|cdcdcdcd/)
})

test('what is not SIP, of no call, of other types or broken is passed over', async (t) => {
  const { store, others } = scene(t)
  others.packet(packet({ payload: Buffer.alloc(0) }))
  others.packet(packet({ payload: Buffer.from([0xff, 0x00, 0x0d, 0x0a]) }))
  others.packet(packet({ type: protocolTypes.rtcpJson }))
  others.packet(event('{"broken', { correlationId: undefined }))
  assert.equal(store.length, 0)
  others.packet(event('{"broken'))
  assert.equal(await store.calls.detail('call-1', () => undefined), undefined)
})

test('nothing is kept where nothing may be', (t) => {
  const { store, others } = scene(t, 0)
  others.packet(packet())
  assert.equal(store.length, 0)
})
