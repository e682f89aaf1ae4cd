import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { channels, publishConnection } from '../../../src/base/channels.js'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import type { Verdict } from '../../../src/trace/filter/filter.js'
import { connection, FakeTime, failed, opening, startMicros, success, trafficSecretLine } from './fakes.js'
import { GateBench as Bench, closeGates, FakeStore, filter, toCore } from './gate-bench.js'

afterEach(closeGates)

const minute = 60_000

test('off subscribes to nothing and says so in one boolean', () => {
  const { gate, sinks } = new Bench({ traceOn: false })
  assert.equal(gate.tap.on, false)
  assert.equal(channels.connection.hasSubscribers, false)
  assert.equal(channels.keylog.hasSubscribers, false)
  publishConnection(success('ACCEPTED', connection()))
  assert.deepEqual(sinks.all, [])
  assert.equal(gate.status().trace_mode, 'off')
})

test('trace_on opens the gate from the start', () => {
  const bench = new Bench()
  const facts = bench.accept()
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'CLOSED'])
  assert.deepEqual(
    bench.sinks.events.map((event) => [event.correlation, event.record]),
    [
      [facts.id, 'connection'],
      [facts.id, 'connection'],
    ],
  )
})

test('while on, tls/ sees that key-log lines are wanted, with or without a key-log file', () => {
  new Bench({ keylog: undefined })
  assert.equal(channels.keylog.hasSubscribers, true)
})

test('seq counts up and times strictly increase within a connection, events and messages together', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.say(facts, 'a@host')
  bench.say(facts, 'a@host', 'out')
  publishConnection(failed('ERROR', facts))
  bench.time.micros -= 5000 // the wall clock steps back
  publishConnection(failed('CLOSED', facts))
  const times = bench.sinks.all.map((one) => one.micros)
  assert.deepEqual(
    times,
    times.map((_, i) => startMicros + i),
    'one µs apart on a clock that stands still',
  )
  assert.deepEqual(
    bench.sinks.events.map((event) => event.seq),
    [1, 2, 3, 4, 5, 6],
  )
})

test('two connections count for themselves', () => {
  const bench = new Bench()
  bench.accept()
  bench.accept()
  assert.deepEqual(
    bench.sinks.events.map((event) => event.seq),
    [1, 1],
  )
})

test('a failed handshake is traced from ACCEPTED to CLOSED', () => {
  const bench = new Bench()
  const facts = opening()
  publishConnection(failed('ACCEPTED', facts))
  publishConnection(failed('CLOSED', facts))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'CLOSED'])
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('an outgoing connection is asked for at CONNECT_START and only there', () => {
  const dropAll = filter(() => 'drop')
  const bench = new Bench({ filter: dropAll })
  const facts = opening({ direction: 'out', side: 'core' })
  for (const name of ['CONNECT_START', 'CONNECTED', 'ERROR', 'CLOSED'] as const) publishConnection(success(name, facts))
  assert.deepEqual(dropAll.asked, [facts.id])
  assert.deepEqual(bench.sinks.all, [])
})

test('the filter is asked once per connection and its verdict is kept', () => {
  const notPhones = filter((facts) => (facts.sni === 'sip.example.com' ? 'trace' : 'drop'))
  const bench = new Bench({ filter: notPhones })
  const traced = bench.accept()
  const dropped = bench.accept({ sni: 'other.example.com' })
  traced.sni = 'other.example.com'
  dropped.sni = 'sip.example.com'
  for (const facts of [traced, dropped]) {
    bench.say(facts, 'call@host')
    publishConnection(success('CLOSED', facts))
  }
  assert.deepEqual(notPhones.asked, [traced.id, dropped.id])
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'TLS_SESSION', 'CLOSED'])
  assert.equal(bench.sinks.messages.length, 1)
})

test('without a destination the filter is not asked and nothing is traced', () => {
  const all = filter(() => 'trace')
  const bench = new Bench({ filter: all })
  bench.sinks.configured = false
  const facts = bench.accept()
  bench.say(facts, 'call@host')
  assert.deepEqual(all.asked, [])
  assert.deepEqual(bench.sinks.all, [])
  assert.deepEqual(bench.keylog, [])
})

test('a filter that throws traces the connection, is counted, and is logged without flooding', () => {
  const broken = filter(() => {
    throw new Error('no such thing')
  })
  const bench = new Bench({ filter: broken })
  bench.accept()
  bench.accept()
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'ACCEPTED'])
  assert.equal(bench.gate.status().filterFailures, 2)
  assert.equal(bench.log.at('warn').length, 1)
  bench.time.pass(11_000)
  bench.accept()
  assert.equal(bench.log.at('warn').length, 2)
  assert.equal(bench.log.at('warn')[1]?.fields.failures, 3)
})

test('switching off stops everything at once, CLOSED included', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.off()
  assert.equal(bench.gate.tap.on, false)
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED'])
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('switched on again, connections traced before stay out, messages and all', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.off()
  bench.on()
  bench.say(facts, 'call@host')
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED'])
  assert.equal(bench.sinks.messages.length, 0)
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('switching on what is on keeps the connections that are traced', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.on()
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'CLOSED'])
})

test('existing takes open connections in by the filter, each with a STATS event', () => {
  const bench = new Bench({ traceOn: false, filter: filter((facts) => (facts.peer.port === 1 ? 'drop' : 'trace')) })
  const wanted = bench.accept()
  bench.accept({ peer: { ip: '203.0.113.9', port: 1 } })
  bench.on({ existing: true })
  assert.deepEqual(
    bench.sinks.events.map((event) => [event.name, event.facts.id]),
    [['STATS', wanted.id]],
  )
  assert.equal(bench.gate.status().tracedConnections, 1)
  bench.say(wanted, 'call@host')
  publishConnection(success('CLOSED', wanted))
  assert.deepEqual(bench.sinks.names, ['STATS', 'TLS_SESSION', 'CLOSED'])
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('without existing, open connections stay out', () => {
  const bench = new Bench({ traceOn: false })
  const facts = bench.accept()
  bench.on()
  bench.say(facts, 'call@host')
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.sinks.all, [])
})

test('existing does not disturb connections that are in their handshake, or closed', () => {
  const bench = new Bench()
  bench.live.push(opening(), opening({ transport: 'tcp', direction: 'out', side: 'core' }))
  bench.live.push(connection({ closed: { cause: 'idle', by: 'timeout', message: '', durationMs: 1 } }))
  bench.live.push(opening({ transport: 'tcp', direction: 'out', side: 'core', connectMs: 3 }))
  bench.on({ existing: true })
  assert.deepEqual(bench.sinks.names, ['STATS'])
  assert.equal(bench.sinks.events[0]?.facts.connectMs, 3)
})

test('existing gives a summary of a connection that is traced already, and asks no filter again', () => {
  const bench = new Bench()
  const facts = bench.accept()
  const later = filter(() => 'drop')
  bench.gate.setFilter(later, 'api')
  bench.on({ existing: true })
  bench.on({ existing: true })
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'STATS', 'STATS', 'CLOSED'])
  assert.deepEqual(
    bench.sinks.events.map((event) => event.seq),
    [1, 2, 3, 4],
  )
  assert.deepEqual(later.asked, [])
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('no keys stay in memory of a connection the filter dropped, nor of any when tracing ends', () => {
  const bench = new Bench({ filter: filter((facts) => (facts.sni === 'dropped' ? 'drop' : 'trace')) })
  const [dropped, traced] = [bench.accept({ sni: 'dropped', keylog: ['a'] }), bench.accept({ keylog: ['b'] })]
  assert.deepEqual([dropped.keylog, traced.keylog], [[], ['b']])
  dropped.keylog.push('c')
  channels.keylog.publish({ facts: dropped, line: 'c' })
  assert.deepEqual([dropped.keylog, bench.keylog], [[], ['b']])
  bench.off()
  assert.deepEqual(traced.keylog, [])
})

test('a connection in its handshake when tracing begins has its ACCEPTED or CONNECTED as the first event', () => {
  const bench = new Bench({ traceOn: false })
  const inbound = opening()
  const outbound = opening({ direction: 'out' })
  bench.live.push(inbound, outbound)
  publishConnection(success('CONNECT_START', outbound))
  bench.on({ existing: true })
  publishConnection(success('ACCEPTED', inbound))
  publishConnection(success('CONNECTED', outbound))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'CONNECTED'])
})

test('existing asks again for what an earlier filter dropped', () => {
  const bench = new Bench({ filter: filter(() => 'drop') })
  bench.accept()
  bench.gate.setFilter(undefined, 'api')
  bench.on()
  assert.deepEqual(bench.sinks.names, [])
  bench.on({ existing: true })
  assert.deepEqual(bench.sinks.names, ['STATS'])
})

test('existing visits thousands of connections over many turns and ends with the switch', async () => {
  const bench = new Bench({ traceOn: false })
  for (let i = 0; i < 1000; i++) bench.live.push(connection())
  bench.on({ existing: true })
  const first = bench.sinks.events.length
  assert.ok(first > 0 && first < 200, `${first} in the first turn`)
  await bench.time.turn()
  const second = bench.sinks.events.length
  assert.ok(second > first && second < 1000)
  bench.off()
  bench.on()
  await bench.time.turn()
  assert.equal(bench.sinks.events.length, second, 'the walk of the run that ended is over')
  bench.on({ existing: true })
  for (let i = 0; i < 20; i++) await bench.time.turn()
  assert.equal(bench.gate.status().tracedConnections, 1000)
})

test('for: tracing switches itself off, and says until when', () => {
  const bench = new Bench({ traceOn: false })
  bench.on({ forMs: 10 * minute })
  assert.equal(bench.gate.status().until, new Date(startMicros / 1000 + 10 * minute).toISOString())
  bench.time.pass(4 * minute)
  assert.equal(bench.gate.status().secondsLeft, 360)
  bench.time.pass(6 * minute - 1)
  assert.equal(bench.gate.tap.on, true)
  bench.time.pass(1)
  assert.deepEqual(
    { ...bench.gate.status() },
    {
      trace_mode: 'off',
      until: undefined,
      secondsLeft: undefined,
      filter: undefined,
      filterSource: undefined,
      scope: undefined,
      picked: [],
      tracedConnections: 0,
      filterFailures: 0,
    },
  )
  assert.equal(bench.store.state, undefined)
})

test('for: longer than a timer of Node can be', () => {
  const bench = new Bench({ traceOn: false })
  const days = 60 * 24 * 60 * minute
  bench.on({ forMs: days })
  bench.time.pass(days - 1)
  assert.equal(bench.gate.tap.on, true)
  bench.time.pass(1)
  assert.equal(bench.gate.tap.on, false)
})

test('for: a clock set back does not make tracing longer', () => {
  const timers = new FakeTime()
  let stepMicros = 0
  const bench = new Bench({ traceOn: false, timers, clock: () => timers.micros + stepMicros })
  bench.on({ forMs: minute })
  stepMicros = -3600 * 1_000_000
  timers.pass(minute - 1)
  assert.equal(bench.gate.tap.on, true)
  timers.pass(1)
  assert.equal(bench.gate.tap.on, false)
})

test('for: a later on without end is without end; a later for replaces the first', () => {
  const bench = new Bench({ traceOn: false })
  bench.on({ forMs: minute })
  bench.on({ forMs: 3 * minute })
  bench.time.pass(2 * minute)
  assert.equal(bench.gate.tap.on, true)
  bench.on()
  assert.equal(bench.gate.status().until, undefined)
  assert.equal(bench.store.state, undefined)
  bench.time.pass(60 * minute)
  assert.equal(bench.gate.tap.on, true)
})

test('for: switching off forgets the end', () => {
  const bench = new Bench({ traceOn: false })
  bench.on({ forMs: minute })
  bench.off()
  assert.equal(bench.store.state, undefined)
  assert.equal(bench.time.waiting, 0)
  bench.on()
  bench.time.pass(2 * minute)
  assert.equal(bench.gate.tap.on, true)
})

test('for: a time that is none is refused and changes nothing', () => {
  const bench = new Bench({ traceOn: false })
  for (const forMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => bench.on({ forMs }), RangeError)
  }
  assert.equal(bench.gate.tap.on, false)
})

test('a restart does not forget that tracing was temporary', () => {
  const store = new FakeStore()
  const before = new Bench({ traceOn: false }, store)
  before.on({ forMs: 10 * minute })
  before.gate.stop()
  assert.notEqual(store.state, undefined, 'a stop is not a switch')
  const after = new Bench({ traceOn: false, clock: before.time.clock, timers: before.time }, store)
  assert.equal(after.gate.tap.on, true)
  before.time.pass(10 * minute)
  assert.equal(after.gate.tap.on, false)
})

test('a restart with trace_on keeps the end of temporary tracing too', () => {
  const store = new FakeStore()
  store.state = { until: startMicros / 1000 + minute, scope: undefined }
  const bench = new Bench({ traceOn: true }, store)
  assert.equal(bench.gate.status().secondsLeft, 60)
})

test('temporary tracing that ended while the gateway was down stays ended', () => {
  const store = new FakeStore()
  store.state = { until: startMicros / 1000 - 1, scope: undefined }
  const bench = new Bench({ traceOn: false }, store)
  assert.equal(bench.gate.tap.on, false)
  assert.equal(store.state, undefined)
})

for (const asked of [undefined, { user: 'alice' }]) {
  test(`with trace_on too, and for every start until somebody switches (scope ${JSON.stringify(asked)})`, () => {
    const store = new FakeStore()
    store.state = { until: startMicros / 1000 - 1, scope: asked }
    for (let start = 1; start <= 2; start++) {
      const bench = new Bench({ traceOn: true }, store)
      assert.deepEqual([bench.gate.tap.on, bench.gate.status().trace_mode], [false, 'off'], `start ${start}`)
      bench.accept()
      assert.deepEqual(bench.sinks.all, [])
      assert.match(bench.log.at('warn')[0]!.message, /^a temporary trace ended before this start/)
      bench.gate.stop()
    }
    new Bench({ traceOn: true }, store).off()
    assert.equal(new Bench({ traceOn: true }, store).gate.status().trace_mode, 'on')
  })
}

test('a trace that is switched on anew takes the place of the one that ended', () => {
  const store = new FakeStore()
  store.state = { until: startMicros / 1000 - 1, scope: undefined }
  const bench = new Bench({ traceOn: true }, store)
  bench.on()
  assert.equal(store.state, undefined)
  assert.equal(bench.gate.status().trace_mode, 'on')
})

test('without trace_on the end is forgotten: a trace_on that comes later counts', () => {
  const store = new FakeStore()
  store.state = { until: startMicros / 1000 - 1, scope: undefined }
  new Bench({ traceOn: false }, store).gate.stop()
  assert.equal(new Bench({ traceOn: true }, store).gate.status().trace_mode, 'on')
})

test('temporary tracing that ended while the gateway ran leaves the next start to trace_on', () => {
  const store = new FakeStore()
  const before = new Bench({ traceOn: true }, store)
  before.on({ forMs: minute })
  before.time.pass(minute)
  assert.equal(before.gate.status().trace_mode, 'off')
  before.gate.stop()
  assert.equal(new Bench({ traceOn: true }, store).gate.status().trace_mode, 'on')
})

test('what cannot be read may have been a narrow trace: tracing stays off, with trace_on too', () => {
  const store = new FakeStore()
  store.broken = true
  const bench = new Bench({ traceOn: true }, store)
  assert.equal(bench.gate.tap.on, false)
  assert.equal(bench.log.at('warn').length, 2)
  store.broken = false
  bench.on()
  assert.equal(bench.gate.status().trace_mode, 'on')
})

test('a store that fails is logged and switches nothing off', () => {
  const store = new FakeStore()
  store.broken = true
  const bench = new Bench({ traceOn: false }, store)
  bench.on({ forMs: minute })
  assert.equal(bench.gate.status().secondsLeft, 60)
  const saved = 'could not save the end of temporary tracing'
  assert.deepEqual(
    bench.log.at('warn').map(({ message }) => message),
    ['could not load the end of temporary tracing', saved, saved],
  )
  bench.time.pass(minute)
  assert.equal(bench.gate.tap.on, false)
})

test('who switches is logged', () => {
  const bench = new Bench({ traceOn: false })
  bench.gate.set({ trace_mode: 'on', forMs: minute, by: '127.0.0.1' })
  const [line] = bench.log.at('info')
  assert.equal(line?.message, 'tracing switched on')
  assert.equal(line?.fields.by, '127.0.0.1')
})

test('stop ends timers and subscriptions and may be called twice', () => {
  const bench = new Bench({ traceOn: false })
  bench.on({ forMs: minute })
  bench.gate.stop()
  bench.gate.stop()
  assert.equal(bench.time.waiting, 0)
  assert.equal(channels.connection.hasSubscribers, false)
})

test('a message goes to the sinks as it was, with its leg, and nothing around it', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.say(facts, 'call-1@host')
  bench.say(facts, 'call-1@host', 'out')
  const [received, sent] = bench.sinks.messages
  assert.equal(received?.message, 'OPTIONS sip:a@b SIP/2.0\r\nCall-ID: call-1@host\r\nCSeq: 1 OPTIONS\r\n\r\n')
  assert.equal(received?.callId, 'call-1@host')
  assert.deepEqual(received?.leg.source, facts.peer)
  assert.deepEqual(received?.leg.destination, facts.local)
  assert.equal(received?.leg.connId, facts.id)
  assert.deepEqual(sent?.leg.source, facts.local)
  bench.say(facts, 'call-2@host')
  assert.equal(bench.sinks.messages[2]?.leg, received?.leg, 'one leg per direction for the life of the connection')
})

test('a call is told its TLS connection once, before its first message', () => {
  const bench = new Bench()
  const facts = bench.accept()
  for (const callId of ['a@h', 'b@h', 'a@h', 'b@h']) bench.say(facts, callId)
  assert.deepEqual(
    bench.sinks.all.slice(1).map((one) => ('record' in one ? `${one.record} ${one.correlation}` : `sip ${one.callId}`)),
    ['tls-session a@h', 'sip a@h', 'tls-session b@h', 'sip b@h', 'sip a@h', 'sip b@h'],
  )
})

test('a clear connection has no TLS session to tell of', () => {
  const bench = new Bench()
  const facts = bench.accept({ transport: 'tcp', tls: undefined })
  bench.say(facts, 'a@h')
  assert.deepEqual(bench.sinks.names, ['ACCEPTED'])
  assert.equal(bench.sinks.messages.length, 1)
})

test('a message without Call-ID is counted and not sent', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.gate.tap.message(facts, 'in', Buffer.from('OPTIONS sip:a SIP/2.0\r\n\r\n'), 0, 25, 0, 0)
  assert.equal(bench.sinks.messages.length, 0)
  assert.deepEqual(bench.gate.counters(), { messagesWithoutCallId: 1, tracesLost: 0 })
})

for (const [verdictOnCore, events] of [
  ['drop', []],
  ['trace', ['ACCEPTED', 'CLOSED']],
] as const) {
  test(`a message on the core leg follows its edge leg, its events the filter (${verdictOnCore})`, () => {
    const onEdge = (facts: ConnectionFacts): Verdict => (facts.sni === 'quiet' ? 'drop' : 'trace')
    const bench = new Bench({ filter: filter((facts) => (facts.side === 'core' ? verdictOnCore : onEdge(facts))) })
    const core = bench.accept(toCore)
    const [traced, dropped] = [bench.accept(), bench.accept({ sni: 'quiet' })]
    assert.deepEqual(bench.relay(traced, core), ['edge', 'core'])
    assert.deepEqual(bench.relay(dropped, core), [])
    publishConnection(success('CLOSED', core))
    const reported = bench.sinks.events.filter((event) => event.facts === core).map((event) => event.name)
    assert.deepEqual(reported, events)
  })
}

test('a connection nobody was asked about carries what its judge lets pass, and reports nothing itself', () => {
  const bench = new Bench({ traceOn: false })
  const core = bench.accept(toCore)
  bench.on()
  const edge = bench.accept()
  assert.deepEqual(bench.relay(edge, core), ['edge', 'core'])
  publishConnection(failed('ERROR', core))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'TLS_SESSION'])
  assert.equal(bench.gate.status().tracedConnections, 1)
})

test('messages of many calls on one core connection have strictly increasing times, also when it is taken in', () => {
  const asked = filter(({ side }) => (side === 'core' ? 'drop' : 'trace'))
  const bench = new Bench({ filter: asked })
  const core = bench.accept(toCore)
  const [one, other] = [bench.accept(), bench.accept()]
  for (const edge of [one, other, one, other]) bench.relay(edge, core)
  bench.gate.setFilter(undefined, 'api')
  bench.on({ existing: true })
  bench.relay(one, core)
  publishConnection(success('CLOSED', core))
  const times = bench.sinks.all
    .filter((sent) => ('leg' in sent ? sent.leg.connId : sent.facts.id) === core.id)
    .map(({ micros }) => micros)
  assert.equal(times.length, 7) // five messages, STATS, CLOSED
  for (let i = 1; i < times.length; i++) assert.ok(times[i]! > times[i - 1]!)
})

test('core connections that the filter dropped keep apart', () => {
  const bench = new Bench({ filter: filter(({ side }) => (side === 'core' ? 'drop' : 'trace')) })
  const [edge, one, other] = [bench.accept(), bench.accept(toCore), bench.accept(toCore)]
  bench.say(one, 'a@h', 'out', edge)
  bench.say(other, 'a@h', 'out', edge)
  assert.deepEqual(
    bench.sinks.messages.map(({ leg }) => leg.connId),
    [one.id, other.id],
  )
})

test('a dropped core connection makes no others traced that the filter dropped', () => {
  const bench = new Bench({
    filter: filter(({ sni, side }) => (sni === 'quiet' || side === 'core' ? 'drop' : 'trace')),
  })
  const [core, quiet, traced] = [bench.accept(toCore), bench.accept({ sni: 'quiet' }), bench.accept()]
  bench.relay(traced, core)
  bench.say(quiet, 'quiet@h')
  publishConnection(failed('ERROR', quiet))
  assert.deepEqual(bench.relay(quiet, core), [])
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'TLS_SESSION'])
})

test('a message that left after its edge connection was closed is traced all the same', () => {
  const bench = new Bench()
  const [core, edge] = [bench.accept(toCore), bench.accept()]
  publishConnection(success('CLOSED', edge))
  bench.say(edge, 'late@h')
  bench.say(core, 'late@h', 'out', edge)
  assert.deepEqual(
    bench.sinks.messages.map(({ leg }) => leg.connId),
    [core.id],
  )
})

test('an outgoing connection that kept time before it was asked is asked all the same', () => {
  const bench = new Bench({ traceOn: false })
  const core = opening(toCore)
  bench.on()
  const edge = bench.accept()
  bench.say(core, 'early@h', 'out', edge)
  publishConnection(success('CONNECTED', core))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'CONNECTED'])
})

test('a TLS connection whose events are not traced tells no call of itself', () => {
  const bench = new Bench({ filter: filter(({ side }) => (side === 'core' ? 'drop' : 'trace')) })
  const [core, edge] = [bench.accept({ side: 'core' }), bench.accept()]
  bench.relay(edge, core)
  const sessions = bench.sinks.events.filter(({ record }) => record === 'tls-session')
  assert.deepEqual(
    sessions.map(({ facts }) => facts.id),
    [edge.id],
  )
})

test('a new run forgets what an edge connection let pass', () => {
  const bench = new Bench()
  const [core, edge] = [bench.accept(toCore), bench.accept()]
  bench.relay(edge, core)
  bench.off()
  bench.on()
  assert.deepEqual(bench.relay(edge, core), [])
  assert.deepEqual(bench.relay(bench.accept(), core), ['edge', 'core'])
})

test('an error is repeated in the flow of each call of the last minutes, latest first', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.say(facts, 'old@h')
  bench.time.pass(6 * minute)
  bench.say(facts, 'a@h')
  bench.say(facts, 'b@h')
  publishConnection(failed('ERROR', facts))
  publishConnection(failed('CLOSED', facts))
  assert.deepEqual(
    bench.sinks.events.slice(4).map((event) => `${event.name} ${event.correlation}`),
    [`ERROR ${facts.id}`, 'ERROR b@h', 'ERROR a@h', `CLOSED ${facts.id}`, 'CLOSED b@h', 'CLOSED a@h'],
  )
})

test('an orderly CLOSED is not repeated in the calls', () => {
  const bench = new Bench()
  const facts = bench.accept()
  bench.say(facts, 'a@h')
  publishConnection(success('CLOSED', facts))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'TLS_SESSION', 'CLOSED'])
})

test('clear connections to our servers report their events only with core_events', () => {
  const core = { transport: 'tcp', side: 'core', direction: 'out', tls: undefined } as const
  for (const coreEvents of [true, false]) {
    const bench = new Bench({ coreEvents })
    const clear = connection(core)
    const tls = connection({ ...core, transport: 'tls' })
    publishConnection(success('CONNECT_START', clear))
    publishConnection(success('CONNECT_START', tls))
    bench.say(clear, 'a@h')
    assert.deepEqual(
      bench.sinks.events.map((event) => event.facts.transport),
      coreEvents ? ['tcp', 'tls'] : ['tls'],
    )
    assert.equal(bench.sinks.messages.length, 1, 'the messages are for the relay to decide')
    bench.gate.stop()
  }
})

test('a sink that throws harms neither the connection nor the next one, and is counted', () => {
  const bench = new Bench()
  bench.sinks.fail = new Error('bug')
  const facts = bench.accept()
  bench.say(facts, 'a@h')
  publishConnection(success('CLOSED', facts))
  assert.equal(bench.gate.counters().tracesLost, 3)
  assert.equal(bench.log.at('error').length, 1)
  assert.equal(bench.gate.status().tracedConnections, 0)
})

test('key-log lines wait for the verdict; of connections that are not traced none is written', () => {
  const bench = new Bench({ filter: filter((facts) => (facts.peer.port === 1 ? 'drop' : 'trace')) })
  const traced = connection({ keylog: [] })
  const dropped = connection({ keylog: [], peer: { ip: '203.0.113.9', port: 1 } })
  for (const facts of [traced, dropped]) {
    facts.keylog.push('EARLY line')
    channels.keylog.publish({ facts, line: 'EARLY line' })
  }
  assert.deepEqual(bench.keylog, [])
  for (const facts of [traced, dropped]) publishConnection(success('ACCEPTED', facts))
  assert.deepEqual(bench.keylog, ['EARLY line'])
  for (const facts of [traced, dropped]) channels.keylog.publish({ facts, line: trafficSecretLine })
  assert.deepEqual(bench.keylog, ['EARLY line', trafficSecretLine])
  publishConnection(success('CLOSED', traced))
  channels.keylog.publish({ facts: traced, line: 'LATE line' })
  assert.equal(bench.keylog.length, 2)
})

test('a new filter is for connections to come, and the status names it and its source', () => {
  const bench = new Bench()
  const before = bench.accept()
  bench.gate.setFilter({ ...filter(() => 'drop'), name: 'from the API' }, 'api')
  bench.accept()
  publishConnection(success('CLOSED', before))
  assert.deepEqual(bench.sinks.names, ['ACCEPTED', 'CLOSED'])
  assert.equal(bench.gate.status().filter, 'from the API')
  assert.equal(bench.gate.status().filterSource, 'api')
})
