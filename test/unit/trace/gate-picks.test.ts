import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { channels, publishConnection } from '../../../src/base/channels.js'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { between, connection, failed, opening, startMicros, success, trafficSecretLine } from './fakes.js'
import { closeGates, filter, GateBench, toCore } from './gate-bench.js'

afterEach(closeGates)

const minute = 60_000

test('a picked connection is traced though the switch is off, and no other is', () => {
  const bench = new GateBench({ traceOn: false })
  const [picked, other] = [bench.accept(), bench.accept()]
  bench.pick(picked)
  assert.equal(bench.gate.tap.on, true)
  const late = bench.accept()
  for (const facts of [picked, other, late]) {
    bench.say(facts, 'call@h')
    publishConnection(failed('ERROR', facts))
  }
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'call@h', 'ERROR', 'ERROR'])
  assert.ok(bench.sinks.events.every(({ facts }) => facts === picked))
  assert.equal(bench.sinks.events[0]!.message, 'the connection was picked to be traced')
  const { trace_mode, tracedConnections, picked: list } = bench.gate.status()
  assert.deepEqual([trace_mode, tracedConnections, list], ['off', 1, [{ conn_id: picked.id, until: undefined }]])
  assert.deepEqual(
    [picked, other].map((facts) => bench.gate.isTraced(facts)),
    [true, false],
  )
})

test('the filter and the scope are not asked about it', () => {
  const bench = new GateBench({ traceOn: false, filter: filter(() => 'drop') })
  bench.on({ scope: { peer: ['198.51.100.1'], user: 'nobody' } })
  const facts = bench.accept()
  bench.pick(facts)
  bench.say(facts, 'call@h')
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'call@h', 'CLOSED'])
})

test('its messages are traced on their core leg too; a picked core connection shows what it carries', () => {
  const bench = new GateBench({ traceOn: false })
  const [picked, other, core] = [bench.accept(), bench.accept(), bench.accept(toCore)]
  bench.pick(picked)
  assert.deepEqual(bench.relay(picked, core), ['edge', 'core'])
  assert.deepEqual(bench.relay(other, core), [])
  bench.unpick(picked)
  bench.pick(core)
  assert.deepEqual(bench.relay(other, core), ['core'])
})

test('a pick ends by itself, however far its end, and the tap rests', () => {
  const bench = new GateBench({ traceOn: false })
  const [facts, days] = [bench.accept({ keylog: [] }), 60 * 24 * 60 * minute]
  bench.pick(facts, days)
  facts.keylog.push('line')
  assert.equal(bench.gate.status().picked[0]?.until, new Date(startMicros / 1000 + days).toISOString())
  bench.time.pass(days - 1)
  assert.equal(bench.gate.isTraced(facts), true)
  bench.time.pass(1)
  assert.equal(bench.gate.tap.on, false)
  assert.equal(channels.connection.hasSubscribers, false)
  assert.deepEqual(facts.keylog, [])
  assert.deepEqual(bench.gate.status().picked, [])
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.told, ['STATS'])
})

test('picked again, it gets another end and no second STATS', () => {
  const bench = new GateBench({ traceOn: false })
  const facts = bench.accept()
  bench.pick(facts, minute)
  bench.pick(facts, 3 * minute)
  bench.time.pass(2 * minute)
  assert.equal(bench.gate.isTraced(facts), true)
  bench.pick(facts)
  bench.time.pass(9 * minute)
  assert.equal(bench.gate.isTraced(facts), true)
  assert.equal(bench.time.waiting, 0)
  assert.deepEqual(bench.told, ['STATS'])
})

test('picked no longer, it is traced no longer: without another event', () => {
  const bench = new GateBench({ traceOn: false })
  const facts = bench.accept()
  bench.pick(facts)
  bench.unpick(facts)
  bench.unpick(facts)
  bench.say(facts, 'call@h')
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.told, ['STATS'])
  assert.equal(bench.gate.tap.on, false)
})

test('closed, it is picked no longer, and the tap rests a turn later', async () => {
  const bench = new GateBench({ traceOn: false })
  const facts = bench.accept()
  bench.pick(facts, minute)
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.gate.status().picked, [])
  assert.deepEqual([bench.gate.status().tracedConnections, bench.time.waiting], [0, 0])
  await bench.time.turn()
  assert.equal(bench.gate.tap.on, false)
  assert.deepEqual(bench.told, ['STATS', 'CLOSED'])
})

test('what is closed already cannot be picked', () => {
  const bench = new GateBench({ traceOn: false })
  bench.pick(connection({ closed: { cause: 'idle', by: 'timeout', message: '', durationMs: 1 } }))
  assert.deepEqual([bench.gate.tap.on, bench.gate.status().picked], [false, []])
})

test('switching off ends every pick; the end of a temporary trace leaves them their own time', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ forMs: minute })
  const [picked, other] = [bench.accept({ keylog: ['p'] }), bench.accept({ keylog: ['o'] })]
  bench.pick(picked, 3 * minute)
  bench.time.pass(2 * minute)
  assert.equal(bench.gate.status().trace_mode, 'off')
  assert.deepEqual(
    [picked, other].map((facts) => bench.gate.isTraced(facts)),
    [true, false],
  )
  assert.deepEqual([picked.keylog, other.keylog], [['p'], []])
  assert.equal(bench.gate.status().tracedConnections, 1)
  for (const facts of [picked, other]) bench.say(facts, 'call@h')
  bench.off()
  bench.say(picked, 'call@h')
  assert.deepEqual(bench.told, ['ACCEPTED', 'ACCEPTED', 'TLS_SESSION', 'call@h'])
  assert.deepEqual([bench.gate.tap.on, bench.gate.status().picked, bench.time.waiting], [false, [], 0])
  assert.deepEqual(picked.keylog, [])
})

test('it was traced anyway: picking adds nothing, and ends nothing', () => {
  const bench = new GateBench()
  const facts = bench.accept()
  bench.pick(facts)
  assert.equal(bench.gate.status().tracedConnections, 1)
  bench.unpick(facts)
  assert.equal(bench.gate.status().tracedConnections, 1)
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.told, ['ACCEPTED', 'CLOSED'])
})

test('switched on beside a pick, connections to come are judged, and with existing those that are open', () => {
  const bench = new GateBench({ traceOn: false, filter: filter(({ sni }) => (sni === 'quiet' ? 'drop' : 'trace')) })
  const [picked, open, quiet] = [bench.accept({ sni: 'quiet' }), bench.accept(), bench.accept({ sni: 'quiet' })]
  bench.pick(picked)
  const shaking = opening()
  publishConnection(success('CONNECT_START', shaking))
  bench.on()
  assert.deepEqual(
    [open, quiet].map((facts) => bench.gate.isTraced(facts)),
    [false, false],
  )
  publishConnection(success('CONNECTED', shaking))
  bench.on({ existing: true })
  assert.deepEqual(
    bench.sinks.events.map(({ name, facts }) => [name, facts.id]),
    [
      ['STATS', picked.id],
      ['CONNECTED', shaking.id],
      ['STATS', picked.id],
      ['STATS', open.id],
    ],
  )
  bench.unpick(picked)
  assert.deepEqual(
    [picked, open].map((facts) => bench.gate.isTraced(facts)),
    [false, true],
  )
})

test('a connection picked in its handshake has its ACCEPTED as the first event', () => {
  const bench = new GateBench({ traceOn: false })
  const facts = opening()
  bench.pick(facts)
  publishConnection(success('ACCEPTED', facts))
  assert.deepEqual(bench.told, ['ACCEPTED'])
})

test('keys are kept and written of the picked connection, and of no other', () => {
  const bench = new GateBench({ traceOn: false })
  const [picked, other] = [bench.accept({ keylog: [] }), bench.accept({ keylog: [] })]
  bench.pick(picked)
  for (const facts of [picked, other]) {
    facts.keylog.push(trafficSecretLine)
    channels.keylog.publish({ facts, line: trafficSecretLine })
  }
  assert.deepEqual([picked.keylog, other.keylog], [[trafficSecretLine], []])
  assert.deepEqual(bench.keylog, [trafficSecretLine])
})

test('a time that is none is refused and picks nothing', () => {
  const bench = new GateBench({ traceOn: false })
  for (const forMs of [0, -1, Number.NaN]) assert.throws(() => bench.pick(bench.accept(), forMs), RangeError)
  assert.deepEqual(bench.gate.status().picked, [])
})

test('a sink that throws does not keep a connection from being picked', () => {
  const bench = new GateBench({ traceOn: false })
  bench.sinks.fail = new Error('bug')
  const facts = bench.accept()
  bench.pick(facts)
  assert.equal(bench.gate.isTraced(facts), true)
  assert.equal(bench.gate.counters().tracesLost, 1)
})

test('picked, switched off, and on again with a scope: it is one of those that were open before', () => {
  const bench = new GateBench({ traceOn: false })
  const facts = bench.accept()
  bench.pick(facts, 3 * minute)
  bench.off()
  bench.on({ scope: { user: 'alice' } })
  bench.say(facts, between({}))
  assert.deepEqual([bench.told, bench.gate.isTraced(facts), bench.time.waiting], [['STATS'], false, 0])
  bench.on({ scope: { user: 'alice' }, existing: true })
  bench.say(facts, between({ callId: 'others@h', from: 'carol', to: 'dave' }))
  bench.say(facts, between({}))
  assert.deepEqual(bench.told, ['STATS', 'STATS', 'TLS_SESSION', 'call@h'])
  bench.off()
  assert.equal(bench.gate.tap.on, false)
})

test('a pick outlives the scope of a temporary trace, and carries all messages before and after', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ forMs: minute, scope: { user: 'alice' } })
  const [picked, waiting] = [bench.accept(), bench.accept()]
  bench.pick(picked, 2 * minute)
  for (const facts of [picked, waiting]) bench.say(facts, 'before@h')
  bench.time.pass(minute)
  for (const facts of [picked, waiting]) bench.say(facts, 'after@h')
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'before@h', 'TLS_SESSION', 'after@h'])
  assert.equal(bench.gate.status().tracedConnections, 1)
  bench.time.pass(minute)
  bench.say(picked, 'late@h')
  assert.deepEqual([bench.told.length, bench.gate.tap.on, bench.time.waiting], [5, false, 0])
  assert.equal(channels.connection.hasSubscribers, false)
})

test('picked no longer, it waits again for a message within the scope', () => {
  const bench = new GateBench({ traceOn: false })
  bench.on({ scope: { user: 'alice' } })
  const facts = bench.accept()
  bench.pick(facts)
  bench.say(facts, 'others@h')
  bench.unpick(facts)
  bench.say(facts, 'others@h')
  assert.equal(bench.gate.isTraced(facts), false)
  bench.say(facts, between({ callId: 'alice@h' }))
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'others@h', 'STATS', 'TLS_SESSION', 'alice@h'])
})

test('a filter that dropped it has its way again when it is picked no longer', () => {
  const bench = new GateBench({ filter: filter(() => 'drop') })
  const [facts, other] = [bench.accept({ keylog: [] }), bench.accept({ keylog: [] })]
  bench.pick(facts)
  facts.keylog.push(trafficSecretLine)
  channels.keylog.publish({ facts, line: trafficSecretLine })
  bench.say(facts, 'call@h')
  bench.unpick(facts)
  for (const one of [facts, other]) {
    bench.say(one, 'late@h')
    publishConnection(failed('CLOSED', one))
  }
  assert.deepEqual(bench.told, ['STATS', 'TLS_SESSION', 'call@h'])
  assert.deepEqual([facts.keylog, bench.keylog], [[], [trafficSecretLine]])
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('nothing but its close and off ends a pick without a time', () => {
  const bench = new GateBench({ traceOn: false })
  const facts = bench.accept()
  bench.pick(facts)
  bench.on({ forMs: minute, scope: { user: 'nobody' } })
  bench.on({ forMs: minute, existing: true })
  bench.gate.setFilter(
    filter(() => 'drop'),
    'api',
  )
  bench.time.pass(365 * 24 * 60 * minute)
  assert.equal(bench.gate.isTraced(facts), true)
  assert.deepEqual(bench.gate.status().picked, [{ conn_id: facts.id, until: undefined }])
})

test('off is free again once everything has ended, in whatever order', async () => {
  const bench = new GateBench({ traceOn: false })
  const ends = {
    switch: () => bench.time.pass(minute),
    pick: (one: ConnectionFacts) => bench.unpick(one),
    close: (one: ConnectionFacts) => publishConnection(success('CLOSED', one)),
  }
  for (const order of [
    ['switch', 'pick', 'close'],
    ['close', 'pick', 'switch'],
    ['pick', 'switch', 'close'],
  ] as const) {
    bench.on({ forMs: minute, scope: { user: 'alice' } })
    const picked = { pick: bench.accept(), close: bench.accept(), switch: bench.accept() }
    for (const one of [picked.pick, picked.close]) bench.pick(one)
    for (const end of order) {
      assert.equal(bench.gate.tap.on, true, `${order} before ${end}`)
      ends[end](picked[end])
    }
    await bench.time.turn()
    assert.deepEqual(
      [bench.gate.tap.on, channels.connection.hasSubscribers, channels.keylog.hasSubscribers, bench.time.waiting],
      [false, false, false, 0],
      String(order),
    )
    assert.equal(bench.gate.status().tracedConnections, 0)
  }
})

test('who picks is logged', () => {
  const bench = new GateBench({ traceOn: false })
  const facts = bench.accept()
  bench.pick(facts, minute)
  const [line] = bench.log.at('info')
  assert.deepEqual(line?.fields, { by: 'test', conn_id: facts.id, forMs: minute })
})

test('stop ends picks and their timers', () => {
  const bench = new GateBench({ traceOn: false })
  bench.pick(bench.accept(), minute)
  bench.gate.stop()
  assert.deepEqual([bench.time.waiting, bench.gate.tap.on, channels.connection.hasSubscribers], [0, false, false])
})
