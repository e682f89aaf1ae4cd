import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { publishConnection } from '../../../src/base/channels.js'
import { between, connection, failed, opening, startMicros, success } from './fakes.js'
import { closeGates, FakeStore, filter, GateBench, toCore } from './gate-bench.js'

afterEach(closeGates)

const minute = 60_000
const elsewhere = { peer: { ip: '198.51.100.1', port: 5061 } }
const [ofAlice, ofOthers] = [between({ callId: 'alice@h' }), between({ callId: 'others@h', from: 'carol', to: 'dave' })]

test('a scope of peers traces their connections whole, and of the others nothing', () => {
  const asked = filter(() => 'trace')
  const bench = new GateBench({ traceOn: false, filter: asked })
  bench.on({ scope: { peer: ['203.0.113.0/24'] } })
  const [inside, outside] = [bench.accept(), bench.accept(elsewhere)]
  for (const facts of [inside, outside]) {
    bench.say(facts, ofOthers)
    publishConnection(failed('CLOSED', facts))
  }
  assert.deepEqual(bench.told, ['ACCEPTED', 'TLS_SESSION', 'others@h', 'CLOSED', 'CLOSED'])
  assert.ok(bench.sinks.events.every(({ facts }) => facts === inside))
  assert.deepEqual(outside.keylog, [])
  assert.deepEqual(asked.asked, [inside.id])
  assert.deepEqual(bench.gate.status().scope, { peer: ['203.0.113.0/24'] })
})

test('the filter is asked as well', () => {
  const bench = new GateBench({ traceOn: false, filter: filter(() => 'drop') })
  bench.on({ scope: { sni: 'sip.*' } })
  bench.accept()
  assert.deepEqual(bench.told, [])
})

test('a connection of ours is judged by its SNI when it has one, and its verdict is one', () => {
  const asked = filter(() => 'trace')
  const bench = new GateBench({ traceOn: false, filter: asked })
  bench.on({ scope: { sni: 'pbx.*' } })
  for (const sni of ['pbx.example.com', 'other.example.com', undefined]) {
    const facts = opening({ direction: 'out' })
    publishConnection(success('CONNECT_START', facts))
    Object.assign(facts, { connectMs: 3, sni })
    publishConnection(success('CONNECTED', facts))
    publishConnection(success('CLOSED', facts))
  }
  assert.deepEqual(bench.told, ['CONNECTED', 'CLOSED'])
  assert.equal(asked.asked.length, 1)
})

test('a scope of a user holds the connection back until a message of his, and sends no other messages', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const facts = bench.accept()
  publishConnection(failed('ERROR', facts))
  bench.say(facts, ofOthers)
  assert.deepEqual(bench.told, [])
  assert.deepEqual([bench.gate.isTraced(facts), bench.gate.status().tracedConnections], [false, 0])
  bench.say(facts, ofAlice)
  assert.deepEqual([bench.gate.isTraced(facts), bench.gate.status().tracedConnections], [true, 1])
  bench.say(facts, ofOthers)
  bench.say(facts, ofAlice, 'out')
  publishConnection(failed('CLOSED', facts))
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'alice@h', 'alice@h', 'CLOSED', 'CLOSED'])
  assert.equal(bench.sinks.events[0]!.message, 'the connection carries its first message within the scope of the trace')
  assert.deepEqual(
    bench.sinks.events.map(({ seq }) => seq),
    [1, 2, 3, 4],
  )
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('a connection that closes while it waits is never told of', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { call_id: 'alice@h' } })
  const facts = bench.accept()
  publishConnection(failed('CLOSED', facts))
  bench.say(facts, ofAlice)
  assert.deepEqual(bench.told, [])
  assert.equal(bench.gate.status().tracedConnections, 0)
})

for (const [coreVerdict, told] of [
  ['drop', ['STATS', 'TLS_SESSION', 'alice@h', 'alice@h']],
  ['trace', ['STATS', 'STATS', 'TLS_SESSION', 'alice@h', 'alice@h']],
] as const) {
  test(`the core leg of a message follows its edge leg (the filter says ${coreVerdict} to the core)`, () => {
    const bench = new GateBench({
      traceOn: false,
      filter: filter(({ side }) => (side === 'core' ? coreVerdict : 'trace')),
    })
    bench.on({ scope: { user: 'alice' } })
    const [edge, core] = [bench.accept(), bench.accept(toCore)]
    assert.deepEqual(bench.relay(edge, core, ofOthers), [])
    assert.deepEqual(bench.relay(edge, core, ofAlice), ['edge', 'core'])
    assert.deepEqual(bench.relay(edge, core, ofOthers), [])
    assert.deepEqual(bench.told.toSorted(), [...told].toSorted())
  })
}

test('a message that is relayed before its connection is through opens it without STATS', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const core = opening({ ...toCore, connectMs: undefined })
  publishConnection(success('CONNECT_START', core))
  bench.say(core, ofAlice, 'out')
  core.connectMs = 2
  publishConnection(success('CONNECTED', core))
  assert.deepEqual(bench.told, ['alice@h', 'CONNECTED'])
})

test('another scope is for connections to come, and ends those that are traced and do not fit it', () => {
  const bench = new GateBench()
  const [inside, outside] = [bench.accept(), bench.accept({ ...elsewhere, keylog: ['line'] })]
  bench.on({ scope: { peer: ['203.0.113.9'] } })
  assert.deepEqual(
    [inside, outside].map((facts) => bench.gate.isTraced(facts)),
    [true, false],
  )
  assert.deepEqual(outside.keylog, [])
  assert.equal(bench.gate.status().tracedConnections, 1)
  bench.say(outside, ofOthers)
  for (const facts of [inside, outside]) publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.told, ['ACCEPTED', 'ACCEPTED', 'CLOSED'])
})

test('a traced connection waits again when a scope of messages comes', () => {
  const bench = new GateBench()
  const facts = bench.accept()
  bench.on({ scope: { user: 'alice' } })
  publishConnection(failed('ERROR', facts))
  bench.say(facts, ofOthers)
  bench.say(facts, ofAlice)
  assert.deepEqual(bench.told, ['ACCEPTED', 'STATS', 'TLS_SESSION', 'alice@h'])
})

test('a wider scope takes open connections in only with existing', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const [waiting, other] = [bench.accept(), bench.accept(elsewhere)]
  bench.on()
  bench.say(waiting, ofAlice)
  assert.deepEqual(bench.told, [])
  bench.on({ existing: true })
  assert.deepEqual(
    bench.sinks.events.map(({ name, facts }) => [name, facts.id]),
    [
      ['STATS', waiting.id],
      ['STATS', other.id],
    ],
  )
})

test('who waited within a scope is not traced without it, however many are to be gone over', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const last = Array.from({ length: 200 }, () => bench.accept()).at(-1)!
  bench.on()
  bench.say(last, ofAlice)
  assert.deepEqual(bench.told, [])
})

test('with existing, a scope judges what is open', () => {
  const bench = new GateBench({ traceOn: false })
  const [inside, outside] = [bench.accept(), bench.accept(elsewhere)]
  bench.on({ existing: true, scope: { peer: ['203.0.113.9'], user: 'alice' } })
  for (const facts of [inside, outside]) {
    bench.say(facts, ofOthers)
    bench.say(facts, ofAlice)
  }
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'alice@h'])
  assert.equal(bench.sinks.events[0]!.facts, inside)
})

test('the same scope set again, for longer, disturbs nothing', () => {
  const bench = new GateBench({ traceOn: false })
  const asked = { user: 'alice' }
  bench.on({ scope: asked, forMs: minute })
  const facts = bench.accept()
  bench.say(facts, ofAlice)
  bench.on({ scope: { ...asked }, forMs: 2 * minute })
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'alice@h', 'CLOSED'])
})

test('a new scope visits thousands of connections over many turns, and a newer one ends that', async () => {
  const bench = new GateBench()
  for (let i = 0; i < 1000; i++) bench.accept(i % 2 === 0 ? {} : elsewhere)
  bench.on({ scope: { peer: ['203.0.113.9'] } })
  assert.ok(bench.gate.status().tracedConnections > 900)
  bench.on({ scope: { peer: ['198.51.100.1'] } })
  for (let i = 0; i < 40; i++) await bench.time.turn()
  assert.ok(bench.live.every((facts) => !bench.gate.isTraced(facts) || facts.peer.ip === '198.51.100.1'))
  assert.equal(bench.gate.status().tracedConnections, bench.live.filter((facts) => bench.gate.isTraced(facts)).length)
})

test('a new scope counts at once, also on connections that are yet to be gone over', () => {
  const bench = new GateBench()
  for (let i = 0; i < 200; i++) bench.accept(elsewhere)
  const [outside, waiting] = [bench.accept(elsewhere), bench.accept()]
  bench.sinks.all.length = 0
  bench.on({ scope: { peer: ['203.0.113.9'], user: 'alice' } })
  for (const facts of [outside, waiting]) {
    publishConnection(failed('ERROR', facts))
    bench.say(facts, ofOthers)
  }
  assert.deepEqual(bench.told, [])
  for (const facts of [outside, waiting]) bench.say(facts, ofAlice)
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'alice@h'])
  assert.equal(bench.sinks.events[0]!.facts, waiting)
})

test('who waits for a message of one user is not traced for a message of the next', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  for (let i = 0; i < 200; i++) bench.accept()
  const [first, last] = [bench.live[0]!, bench.live.at(-1)!]
  bench.on({ scope: { user: 'carol' } })
  for (const facts of [first, last]) for (const message of [ofAlice, ofOthers]) bench.say(facts, message)
  assert.deepEqual(bench.told, [])
  bench.say(bench.accept(), ofOthers)
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'others@h'])
})

test('with existing, who waits for one user waits for the next, and tells of itself once', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const [edge, core] = [bench.accept(), bench.accept(toCore)]
  bench.on({ scope: { user: 'carol' }, existing: true })
  assert.deepEqual(bench.relay(edge, core, ofAlice), [])
  assert.deepEqual(bench.relay(edge, core, ofOthers), ['edge', 'core'])
  assert.deepEqual(bench.relay(edge, core, ofOthers), ['edge', 'core'])
  assert.deepEqual(bench.sinks.names, ['STATS', 'TLS_SESSION', 'STATS'])
  assert.equal(bench.gate.status().tracedConnections, 2)
})

test('off forgets the scope', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  bench.off()
  assert.equal(bench.gate.status().scope, undefined)
  bench.on()
  bench.say(bench.accept(), ofOthers)
  assert.deepEqual(bench.told, ['ACCEPTED', 'TLS_SESSION', 'others@h'])
})

test('a scope that is none is refused and changes nothing', () => {
  const bench = new GateBench({ traceOn: false })
  assert.throws(() => bench.on({ scope: { peer: ['everybody'] } }), RangeError)
  assert.equal(bench.gate.tap.on, false)
  bench.on({ scope: {} })
  assert.equal(bench.gate.status().scope, undefined)
})

test('a restart does not widen a temporary trace', () => {
  const store = new FakeStore()
  const before = new GateBench({ traceOn: false }, store)
  before.on({ forMs: minute, scope: { user: 'alice' } })
  assert.deepEqual(store.state, { until: startMicros / 1000 + minute, scope: { user: 'alice' } })
  before.gate.stop()
  const after = new GateBench({ traceOn: false }, store)
  assert.deepEqual(after.gate.status().scope, { user: 'alice' })
  const facts = after.accept()
  after.say(facts, ofOthers)
  after.say(facts, ofAlice)
  assert.deepEqual(after.told, ['STATS', 'TLS_SESSION', 'alice@h'])
})

test('nor with trace_on, when its time is over', () => {
  const store = new FakeStore()
  store.state = { until: startMicros / 1000 + minute, scope: { user: 'alice' } }
  const bench = new GateBench({ traceOn: true }, store)
  assert.deepEqual(bench.gate.status().scope, { user: 'alice' })
  const facts = bench.accept()
  assert.deepEqual(facts.keylog, [])
  bench.time.pass(minute)
  bench.say(facts, ofAlice)
  bench.accept()
  assert.deepEqual([bench.told, bench.gate.tap.on, store.state], [[], false, undefined])
})

test('whom a trace is about does not reach the log', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice', peer: ['203.0.113.9'] } })
  assert.deepEqual(bench.log.at('info')[0]?.fields.scoped, ['user', 'peer'])
  assert.ok(!JSON.stringify(bench.log.lines).includes('alice'))
})

test('a dry run names the live connections, those traced first, says why, and changes nothing', async () => {
  const bench = new GateBench({ filter: filter(() => 'drop') })
  const [phone, trunk, odd] = [
    bench.accept(),
    bench.accept({ sni: 'trunk' }),
    bench.accept({ sni: 'odd', ...elsewhere }),
  ]
  const tried = filter(({ sni }) => {
    if (sni === 'odd') throw new Error('odd')
    return sni === 'trunk' ? 'trace' : 'drop'
  })
  const peer = '203.0.113.9:50412'
  assert.deepEqual(await bench.gate.dryRun(tried), {
    total: 3,
    traced: 2,
    matches: [
      { id: trunk.id, peer, sni: 'trunk', traced: true, why: 'the filter said trace' },
      { id: odd.id, peer: '198.51.100.1:5061', sni: 'odd', traced: true, why: 'the filter failed: odd' },
      { id: phone.id, peer, sni: 'sip.example.com', traced: false, why: 'the filter said drop' },
    ],
  })
  const reasons = async (...asked: Parameters<typeof bench.gate.dryRun>): Promise<string[]> =>
    (await bench.gate.dryRun(...asked)).matches.map(({ why }) => why)
  const { gate } = bench
  assert.deepEqual(await reasons(undefined), ['no filter', 'no filter', 'no filter'])
  const notInNet = 'peer is not in 203.0.113.0/24'
  assert.deepEqual(await reasons(undefined, { peer: ['203.0.113.0/24'] }), ['no filter', 'no filter', notInNet])
  assert.deepEqual(await reasons(undefined, { sni: 'odd', user: 'alice' }), [
    'only messages of alice',
    'SNI is not odd',
    'SNI is not odd',
  ])
  await assert.rejects(gate.dryRun(undefined, { user: '' }), RangeError)
  assert.deepEqual(bench.told, [])
  assert.equal(gate.status().filterFailures, 0)
  assert.equal(gate.status().filter, 'tls_filter')
})

test('a dry run over thousands counts all and names two hundred', async () => {
  const bench = new GateBench({ traceOn: false })
  for (let i = 0; i < 1000; i++) bench.live.push(connection(i < 900 ? elsewhere : {}))
  const result = bench.gate.dryRun(undefined, { peer: ['203.0.113.9'] })
  for (let i = 0; i < 20; i++) await bench.time.turn()
  const { total, traced, matches } = await result
  assert.deepEqual([total, traced, matches.length], [1000, 100, 200])
  assert.ok(matches.slice(0, 100).every((match) => match.traced) && matches.slice(100).every((match) => !match.traced))
})
