/** Whose keys become part of a trace: of connections that are traced whole. A user or a call is less than a connection. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { channels, publishConnection } from '../../../src/base/channels.js'
import type { ConnectionFacts, TlsFacts } from '../../../src/base/facts.js'
import { type EventFields, eventFields, withheld } from '../../../src/trace/event.js'
import { between, clientRandomLine, connection, failed, opening, success, trafficSecretLine } from './fakes.js'
import { closeGates, filter, GateBench } from './gate-bench.js'

afterEach(closeGates)

const minute = 60_000
const [ofAlice, ofOthers] = [between({ callId: 'alice@h' }), between({ callId: 'others@h', from: 'carol', to: 'dave' })]
const messageScopes = [{ user: 'alice' }, { call_id: 'alice@h' }, { user: 'alice', peer: ['203.0.113.0/24'] }]

/** As tls/ keeps a line: first with the facts, then over the channel. */
function keep(facts: ConnectionFacts, line: string): void {
  facts.keylog.push(line)
  channels.keylog.publish({ facts, line })
}

/** Its keys come in the handshake, before the gate is asked about it. */
function shakeHands(bench: GateBench, changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
  const facts = opening(changes)
  bench.live.push(facts)
  keep(facts, clientRandomLine)
  Object.assign(facts, { tls: connection().tls })
  publishConnection(success('ACCEPTED', facts))
  return facts
}

/** The events as a destination gets them that may have secrets. */
function told(bench: GateBench): EventFields[] {
  return bench.sinks.events.map((event) => eventFields(event, true))
}

function hasNoKeys(bench: GateBench, facts: ConnectionFacts): void {
  assert.deepEqual([facts.keylog, bench.keylog], [[], []])
  const text = JSON.stringify(told(bench))
  for (const line of [clientRandomLine, trafficSecretLine]) assert.ok(!text.includes(line.split(' ')[2]!))
}

for (const scope of messageScopes) {
  test(`a scope of messages, ${JSON.stringify(scope)}, keeps no keys, sends none and writes none`, () => {
    const bench = new GateBench({ traceOn: false })
    bench.on({ scope })
    const facts = shakeHands(bench)
    hasNoKeys(bench, facts)
    bench.say(facts, ofOthers)
    bench.say(facts, ofAlice)
    keep(facts, trafficSecretLine)
    bench.on({ scope, existing: true })
    publishConnection(failed('CLOSED', facts))
    assert.deepEqual(bench.sinks.names, ['STATS', 'TLS_SESSION', 'STATS', 'CLOSED', 'CLOSED'])
    assert.equal(bench.gate.isTraced(facts), false)
    hasNoKeys(bench, facts)
  })
}

for (const [version, fields] of [
  ['TLSv1.3', [undefined, withheld]],
  ['TLSv1.2', [withheld, withheld]],
] as const) {
  test(`the event that opens such a record says that they are withheld (${version})`, () => {
    const bench = new GateBench({ traceOn: false })
    bench.on({ scope: { user: 'alice' } })
    const facts = bench.accept({ tls: { ...connection().tls, version } as TlsFacts })
    bench.say(facts, ofAlice)
    publishConnection(success('CLOSED', facts))
    const [stats, session, closed] = told(bench)
    assert.deepEqual([stats?.['master-key'], stats?.keylog], fields)
    for (const other of [session, closed]) assert.ok(!('keylog' in other!) && !('master-key' in other!))
  })
}

test('a clear connection has no keys to withhold', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  bench.say(bench.accept({ transport: 'tcp', tls: undefined, keylog: [] }), ofAlice)
  assert.ok(told(bench).every((fields) => !('keylog' in fields) && !('master-key' in fields)))
})

for (const scope of [undefined, { peer: ['203.0.113.9'] }, { sni: 'sip.*' }]) {
  test(`connections that are traced whole have theirs (scope ${JSON.stringify(scope)})`, () => {
    const bench = new GateBench({ traceOn: false })
    bench.on({ scope })
    const facts = shakeHands(bench, { sni: 'sip.example.com' })
    keep(facts, trafficSecretLine)
    assert.deepEqual(told(bench)[0]?.keylog, [clientRandomLine, trafficSecretLine])
    assert.deepEqual(facts.keylog, [clientRandomLine, trafficSecretLine])
    assert.deepEqual(bench.keylog, [clientRandomLine, trafficSecretLine])
  })
}

test('a pick is of the whole connection, keys included, also beside a scope of messages', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ forMs: minute, scope: { user: 'alice' } })
  const [picked, other] = [opening(), opening()]
  bench.live.push(picked, other)
  bench.pick(picked)
  for (const facts of [picked, other]) {
    keep(facts, clientRandomLine)
    Object.assign(facts, { tls: connection().tls })
    publishConnection(success('ACCEPTED', facts))
  }
  assert.deepEqual([picked.keylog, other.keylog, bench.keylog], [[clientRandomLine], [], [clientRandomLine]])
  assert.deepEqual(told(bench)[0]?.keylog, [clientRandomLine])
  bench.time.pass(minute)
  assert.deepEqual(picked.keylog, [clientRandomLine])
})

test('picked no longer beside a scope of messages, it keeps them no longer', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const facts = opening()
  bench.pick(facts)
  keep(facts, clientRandomLine)
  Object.assign(facts, { tls: connection().tls })
  publishConnection(success('ACCEPTED', facts))
  bench.say(facts, ofAlice)
  bench.unpick(facts)
  assert.deepEqual(facts.keylog, [])
  keep(facts, trafficSecretLine)
  bench.on({ scope: { user: 'alice' }, existing: true })
  assert.deepEqual(facts.keylog, [])
  assert.deepEqual(bench.keylog, [clientRandomLine])
})

test('a trace that is narrowed to messages forgets the keys it had, of all connections at once', () => {
  const bench = new GateBench()
  for (let i = 0; i < 200; i++) bench.accept()
  const picked = bench.accept()
  bench.pick(picked)
  const [early, late] = [bench.live[0]!, bench.live[199]!]
  bench.on({ scope: { user: 'alice' } })
  assert.deepEqual([early.keylog, late.keylog], [[], []])
  assert.notDeepEqual(picked.keylog, [])
  const written = bench.keylog.length
  keep(late, trafficSecretLine)
  assert.deepEqual([late.keylog, bench.keylog.length], [[], written])
})

test('a connection of ours that was judged before its handshake keeps none when messages are asked for since', () => {
  const bench = new GateBench()
  for (let i = 0; i < 200; i++) bench.accept()
  const facts = opening({ direction: 'out' })
  bench.live.push(facts)
  publishConnection(success('CONNECT_START', facts))
  bench.keylog.length = 0
  bench.on({ scope: { user: 'alice' } })
  keep(facts, clientRandomLine)
  assert.deepEqual([facts.keylog, bench.keylog], [[], []])
})

test('widened again, a connection that is taken in has none: they are gone', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const facts = shakeHands(bench)
  bench.say(facts, ofAlice)
  bench.on({ existing: true })
  assert.equal(bench.gate.isTraced(facts), true)
  assert.deepEqual([facts.keylog, bench.keylog], [[], []])
})

test('of a connection that the filter drops none is kept either, whatever the scope', () => {
  const bench = new GateBench({ traceOn: false, filter: filter(() => 'drop') })
  bench.on({ scope: { user: 'alice' } })
  const facts = shakeHands(bench)
  keep(facts, trafficSecretLine)
  bench.say(facts, ofAlice)
  hasNoKeys(bench, facts)
  assert.deepEqual(bench.told, [])
})
