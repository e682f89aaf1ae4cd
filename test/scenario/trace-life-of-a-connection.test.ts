import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertNetwork } from '../support/failure.js'
import { eventOf, HepCollector, type HepRecord } from '../support/hep-collector.js'
import { networkOf } from '../support/hep-network.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipAnswer, sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

const scope = { after }
/** the same trace in the form of OpenSIPS, over UDP */
const old = await HepCollector.start(scope)
const main = await HepCollector.start(scope)
const proto_hep = {
  hep_id: [main.destination('main', 'tcp'), old.destination('old', 'udp', ';form=opensips')],
  hep_capture_id: 2001,
  hep_node_name: 'gw-1',
}
const proto_tls = { trace_destination: ['main', 'old'] }
const plain = await startScene(scope, { proto_hep, proto_tls })

const coreLegs = await startScene(scope, { trace: { core_leg: 1, core_events: 0 } })

/** What came of one connection, events and SIP, in the order it came. */
function packetsOf(collector: HepCollector, conn_id: unknown): HepRecord[] {
  const net = JSON.stringify({ net: conn_id })
  return collector.records.filter((record) =>
    record.type === 1 ? record.chunks.get(0x65)?.toString() === net : eventOf(record).conn_id === conn_id,
  )
}

/** `ACCEPTED`, `> OPTIONS`, `< 200` */
function words(records: readonly HepRecord[]): string[] {
  return records.map((record) => {
    if (record.type !== 1) return String(eventOf(record).Event)
    const [first = '', second] = record.payload.toString().split(' ')
    return first.startsWith('SIP/') ? `answer ${second}` : first
  })
}

async function wholeLife(scene: Scene, collector = scene.collector) {
  const client = await scene.client()
  const peer = client.address
  const [a, b] = [`a-${peer}`, `b-${peer}`]
  await client.request({ callId: a })
  await client.request({ callId: a, cseq: 2 })
  client.send(Buffer.concat([sipRequest({ callId: b }), sipRequest({ callId: a, cseq: 3 })]))
  await client.next()
  await client.next()
  await client.close()
  const closed = await until(
    'CLOSED',
    () => collector.events().find((event) => event.Event === 'CLOSED' && event.peer === peer),
    patienceMs,
  )
  return { peer, a, b, conn_id: closed.conn_id, relayed_to: closed.relayed_to, closed }
}

test('the packets of a connection tell its life in order', async () => {
  const { peer, a, b, conn_id, relayed_to, closed } = await wholeLife(plain, main)
  const records = packetsOf(main, conn_id)
  const pair = ['OPTIONS', 'answer 200']
  assert.deepEqual(words(records), [
    'ACCEPTED',
    'TLS_SESSION',
    ...pair,
    ...pair,
    // two in one read, then the answers
    'TLS_SESSION',
    'OPTIONS',
    'OPTIONS',
    'answer 200',
    'answer 200',
    'CLOSED',
  ])
  const events = records.filter((record) => record.type !== 1)
  assert.deepEqual(
    events.map((record) => eventOf(record).seq),
    [1, 2, 3, 4],
  )
  assert.deepEqual(
    events.map(({ correlation }) => correlation),
    [conn_id, a, b, conn_id],
  )

  const micros = records.map((record) => networkOf(record).micros)
  for (let i = 1; i < micros.length; i++) assert.ok(micros[i]! > micros[i - 1]!, 'time only goes forward')
  const local = `127.0.0.1:${plain.port}`
  for (const record of records) {
    const { family, protocol, source, destination } = networkOf(record)
    const answer = words([record])[0]!.startsWith('answer')
    assert.deepEqual([family, protocol], [2, 22])
    assert.deepEqual([source, destination], answer ? [local, peer] : [peer, local])
    assert.equal(record.chunks.get(0x0c)?.readUInt32BE(), 2001)
    assert.equal(record.chunks.get(0x13)?.toString(), 'gw-1')
    assert.ok(record.correlation !== '' && record.payload.length > 0)
  }
  assert.deepEqual(
    [closed.Status, closed.closed_by, closed.msgs_in, closed.msgs_out, closed.cause],
    ['SUCCESS', 'peer', 4, 4, 'peer-closed'],
  )

  const upstream = packetsOf(main, relayed_to)
  assert.deepEqual(words(upstream), ['CONNECT_START', 'CONNECTED', 'CLOSED'])
  for (const record of upstream) {
    const event = eventOf(record)
    assert.equal(event.peer, `127.0.0.1:${plain.server.port}`)
    assert.deepEqual([event.relayed_to, event.direction, event.Protocol], [conn_id, 'out', 'TCP'])
    assertNetwork(record)
  }
})

test('the record of the TLS session stands in the flow of each call, before its first message', async () => {
  const { peer, a, conn_id } = await wholeLife(plain, main)
  const flow = main.records.filter(({ correlation }) => correlation === a)
  assert.deepEqual(words(flow).slice(0, 2), ['TLS_SESSION', 'OPTIONS'])
  const session = eventOf(flow[0]!)
  assert.equal(flow[0]!.type, 100)
  assert.match(flow[0]!.payload.toString(), /^TLS_SESSION SUCCESS TLSv1\.3 [^\n]*\n\{/)
  assert.deepEqual(
    [session.call_id, session.conn_id, session.peer, session.tls_version, session.tls_sni],
    [a, conn_id, peer, 'TLSv1.3', 'sip.example.com'],
  )
  assert.equal(typeof session.handshake_ms, 'number')
  assert.equal(session.keylog, undefined)
})

test('a failure of the connection stands in the flow of its calls too', async () => {
  const client = await plain.client()
  const peer = client.address
  await client.request({ callId: `hurt-${peer}` })
  client.send('NOT SIP\r\n\r\n')
  await until(
    'CLOSED',
    () => main.events().some((event) => event.Event === 'CLOSED' && event.peer === peer),
    patienceMs,
  )
  const flow = await until('the failure in the flow', () => {
    const found = main.records.filter(({ correlation }) => correlation === `hurt-${peer}`)
    return found.length === 5 ? found : undefined
  })
  assert.deepEqual(words(flow), ['TLS_SESSION', 'OPTIONS', 'answer 200', 'ERROR', 'CLOSED'])
  assert.equal(eventOf(flow[3]!).cause, 'bad-sip')
})

test('the form of OpenSIPS has type 89 and the JSON alone, with the same facts', async () => {
  const { conn_id } = await wholeLife(plain, main)
  const count = packetsOf(main, conn_id).length
  const records = await until('the other copy', () => {
    const found = packetsOf(old, conn_id)
    return found.length === count ? found : undefined
  })
  assert.deepEqual(words(records), words(packetsOf(main, conn_id)))
  for (const record of records.filter(({ type }) => type !== 1)) {
    assert.equal(record.via, 'udp')
    const twin = packetsOf(main, conn_id).find((one) => one.type !== 1 && eventOf(one).seq === eventOf(record).seq)!
    // a call's flow shows type 100 only
    const session = eventOf(record).Event === 'TLS_SESSION'
    assert.equal(record.type, session ? 100 : 89)
    assert.deepEqual(eventOf(record), eventOf(twin))
    assert.equal(record.correlation, twin.correlation)
  }
})

test('with core_leg every message shows on both legs, and without core_events clear ones tell nothing else', async () => {
  coreLegs.server.answer = sipAnswer
  const { a, conn_id, relayed_to } = await wholeLife(coreLegs)
  const core = packetsOf(coreLegs.collector, relayed_to)
  assert.deepEqual(words(core).sort(), [...Array(4).fill('OPTIONS'), ...Array(4).fill('answer 200')])
  const flow = coreLegs.collector.records.filter(({ correlation, type }) => correlation === a && type === 1)
  const legs = flow.slice(0, 4).map((record) => networkOf(record))
  assert.deepEqual(
    legs.map(({ protocol }) => protocol),
    [22, 6, 6, 22],
  )
  const upstream = `127.0.0.1:${coreLegs.server.port}`
  assert.equal(legs[1]?.destination, upstream)
  assert.equal(legs[2]?.source, upstream)
  assert.equal(packetsOf(coreLegs.collector, conn_id).filter(({ type }) => type === 1).length, 8)
})
