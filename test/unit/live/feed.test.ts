import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { liveFacts, quietSample, RememberingViewer, secretLine } from '../../support/watched.js'
import { callRow, WatchScene } from '../../support/watching.js'

const everything = ['overview', 'connections', 'calls', 'trace'] as const

function scene(...live: ConnectionFacts[]): WatchScene {
  const made = new WatchScene()
  made.live = live
  return made
}

function ids(rows: readonly { conn_id: string }[]): string[] {
  return rows.map(({ conn_id }) => conn_id)
}

// ── snapshots ──

test('nothing is sent before the viewer is accepted', async () => {
  const { feed, request } = scene(liveFacts())
  const viewer = new RememberingViewer()
  await feed.watch(request(), viewer)
  assert.equal(viewer.events.length, 0)
})

test('the first event is a snapshot of all that was asked for, the newest rows first', async () => {
  const [first, second] = [liveFacts(), liveFacts()]
  const watched = scene(first, second)
  watched.samples = [quietSample(1), quietSample(2)]
  watched.calls = [callRow('b'), callRow('a')]
  const { viewer } = await watched.watching({ topics: everything })
  const [snapshot] = viewer.snapshots
  assert.equal(viewer.events.length, 1)
  assert.deepEqual(snapshot!.overview, JSON.parse(JSON.stringify({ ...watched.overview, history: watched.samples })))
  assert.deepEqual(ids(snapshot!.connections!.rows), [second.id, first.id])
  assert.equal(snapshot!.connections!.total, 2)
  assert.deepEqual(snapshot!.calls, JSON.parse(JSON.stringify({ rows: watched.calls, total: 2 })))
  assert.deepEqual(snapshot!.trace, JSON.parse(JSON.stringify(watched.board)))
  assert.match(snapshot!.at, /^\d{4}-\d\d-\d\dT/)
})

test('what was not asked for is neither sent nor looked at', async () => {
  const watched = scene(liveFacts())
  const { viewer } = await watched.watching({ topics: ['trace'] })
  assert.deepEqual(Object.keys(viewer.snapshots[0]!), ['at', 'trace'])
  assert.equal(watched.asked.walks, 0)
})

test('key material is in no event', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const { viewer } = await watched.watching({ topics: everything })
  facts.users.push('alice@example.com')
  await watched.tick()
  assert.equal(viewer.deltas.length, 1)
  assert.equal(JSON.stringify(viewer.events).includes(secretLine.slice(0, 30)), false)
})

test('a filter decides on rows and total', async () => {
  const match = liveFacts({ sni: 'a.example.com' })
  const watched = scene(match, liveFacts({ sni: 'b.example.org' }))
  const { viewer } = await watched.watching({ connections: { search: 'example.com' } })
  assert.deepEqual(ids(viewer.snapshots[0]!.connections!.rows), [match.id])
  assert.equal(viewer.snapshots[0]!.connections!.total, 1)
})

// ── deltas ──

test('there is no event while nothing changes', async () => {
  const watched = scene(liveFacts())
  const { viewer } = await watched.watching({ topics: ['connections', 'calls', 'trace'] })
  await watched.tick()
  await watched.tick()
  assert.equal(viewer.events.length, 1)
})

test('counters that grew come as numbers, once', async () => {
  const [quiet, busy] = [liveFacts(), liveFacts()]
  const watched = scene(quiet, busy)
  const { viewer } = await watched.watching()
  busy.bytesIn += 700
  busy.messagesOut += 1
  await watched.tick()
  await watched.tick()
  assert.equal(viewer.deltas.length, 1)
  assert.deepEqual(viewer.lastDelta!.connections, {
    rows: [],
    counters: [[busy.id, 800, 200, 1, 3]],
    removed: [],
    total: 2,
  })
})

const changes: [what: string, change: (facts: ConnectionFacts, watched: WatchScene) => void][] = [
  ['it registered a user', (facts) => void facts.users.push('alice@example.com')],
  ['its latest user is another one', (facts) => facts.users.splice(0, 1, 'bob@example.com')],
  ['it is traced', (facts, { traced }) => traced.add(facts.id)],
  ['its handshake is over', (facts) => Object.assign(facts, { tls: { ...facts.tls } })],
  ['its other leg is known', (facts) => Object.assign(facts, { relayedTo: '1' })],
  ['it is trusted', (facts) => Object.assign(facts, { trusted: true })],
  ['PROXY protocol named its peer', (facts) => Object.assign(facts, { peer: { ip: '192.0.2.9', port: 1 } })],
]

for (const [what, change] of changes) {
  test(`a row is sent again when ${what}`, async () => {
    const facts = liveFacts({ users: ['carol@example.com'] })
    const watched = scene(liveFacts(), facts)
    const { viewer } = await watched.watching()
    change(facts, watched)
    await watched.tick()
    assert.deepEqual(ids(viewer.lastDelta!.connections!.rows), [facts.id])
    assert.deepEqual(viewer.lastDelta!.connections!.counters, [])
  })
}

test('a new connection comes as a row, one that was closed as removed', async () => {
  const [old, fresh] = [liveFacts(), liveFacts()]
  const watched = scene(old)
  const { viewer } = await watched.watching()
  watched.live = [fresh]
  await watched.tick()
  const { rows, removed, total } = viewer.lastDelta!.connections!
  assert.deepEqual([ids(rows), removed, total], [[fresh.id], [old.id], 1])
})

test('a connection enters and leaves a filter', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const { viewer } = await watched.watching({ connections: { search: 'traced' } })
  assert.equal(viewer.snapshots[0]!.connections!.total, 0)
  watched.traced.add(facts.id)
  await watched.tick()
  assert.deepEqual(ids(viewer.lastDelta!.connections!.rows), [facts.id])
  watched.traced.clear()
  await watched.tick()
  assert.deepEqual(viewer.lastDelta!.connections, { rows: [], counters: [], removed: [facts.id], total: 0 })
})

test('only the newest rows are on the screen: one is pushed out, and comes back when there is room', async () => {
  const [a, b, c] = [liveFacts(), liveFacts(), liveFacts()]
  const watched = scene(a, b)
  const { viewer } = await watched.watching({ limit: 2 })
  watched.live = [a, b, c]
  a.bytesIn++
  await watched.tick()
  const pushed = viewer.lastDelta!.connections!
  assert.deepEqual([ids(pushed.rows), pushed.removed, pushed.total], [[c.id], [a.id], 3])
  assert.deepEqual(pushed.counters, [])
  watched.live = [a, c]
  await watched.tick()
  const back = viewer.lastDelta!.connections!
  assert.deepEqual([ids(back.rows), back.removed, back.total], [[a.id], [b.id], 2])
})

test('a total that changes beyond the rows shown is told', async () => {
  const [a, b] = [liveFacts(), liveFacts()]
  const watched = scene(a, b)
  const { viewer } = await watched.watching({ limit: 1 })
  watched.live = [b]
  await watched.tick()
  assert.deepEqual(viewer.lastDelta!.connections, { rows: [], counters: [], removed: [], total: 1 })
})

test('samples come each once, however many a tick finds', async () => {
  const watched = scene()
  watched.samples = [quietSample(1)]
  const { viewer } = await watched.watching({ topics: ['overview'] })
  watched.samples.push(quietSample(2), quietSample(3))
  await watched.tick()
  watched.samples.push(quietSample(4))
  await watched.tick()
  await watched.tick()
  assert.deepEqual(
    viewer.deltas.map(({ samples }) => samples?.map(({ t }) => t)),
    [[2, 3], [4]],
  )
})

test('an overview is sent when there is a new one', async () => {
  const watched = scene()
  const { viewer } = await watched.watching({ topics: ['overview'] })
  await watched.tick()
  assert.equal(viewer.deltas.length, 0)
  watched.overview = { ...watched.overview, at: '2027-01-15T08:00:02.000Z' }
  await watched.tick()
  assert.equal(viewer.lastDelta!.overview!.at, '2027-01-15T08:00:02.000Z')
})

test('what is decided on the trace is sent at once, its counters every five seconds', async () => {
  const watched = scene()
  const { viewer } = await watched.watching({ topics: ['trace'] })
  watched.decide({ at: '2027-01-15T08:00:00Z', by: 'a', action: 'trace-on', what: 'Tracing is on.', ok: true })
  await watched.tick()
  assert.equal(viewer.lastDelta!.trace!.audit[0]!.action, 'trace-on')
  watched.board = { ...watched.board, status: { ...watched.board.status, tracedConnections: 7 } }
  for (let second = 1; second <= 4; second++) await watched.tick()
  assert.equal(viewer.deltas.length, 1)
  await watched.tick()
  assert.equal(viewer.lastDelta!.trace!.status.tracedConnections, 7)
})

test('calls come as rows when they changed, and go when they are forgotten or pushed out', async () => {
  const watched = scene()
  watched.calls = [callRow('b'), callRow('a')]
  const { viewer } = await watched.watching({ topics: ['calls'], limit: 2 })
  watched.calls = [callRow('c'), callRow('b', { state: 'answered' }), callRow('a')]
  watched.callsVersion++
  await watched.tick()
  const { rows, removed, total } = viewer.lastDelta!.calls!
  assert.deepEqual(
    rows.map(({ call_id, state }) => [call_id, state]),
    [
      ['c', 'trying'],
      ['b', 'answered'],
    ],
  )
  assert.deepEqual([removed, total], [['a'], 3])
})

test('calls are not asked for while none changes', async () => {
  const watched = scene()
  await watched.watching({ topics: ['calls'] })
  const { calls } = watched.asked
  await watched.tick()
  assert.equal(watched.asked.calls, calls)
})

// ── several viewers ──

test('viewers with the same question share one walk and every row', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const viewers = [await watched.watching(), await watched.watching({ connections: { fields: {} } })]
  assert.deepEqual(watched.asked, { rows: 1, walks: 1, calls: watched.asked.calls })
  facts.users.push('alice@example.com')
  await watched.tick()
  assert.deepEqual([watched.asked.rows, watched.asked.walks], [2, 2])
  assert.deepEqual(viewers[0]!.viewer.events, viewers[1]!.viewer.events)
})

test('viewers with different questions share the walk', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const one = await watched.watching({ connections: { search: 'sip' } })
  const other = await watched.watching({ connections: { search: 'nobody' } })
  facts.bytesIn++
  const { walks } = watched.asked
  await watched.tick()
  assert.equal(watched.asked.walks, walks + 1)
  assert.equal(one.viewer.deltas.length, 1)
  assert.equal(other.viewer.deltas.length, 0)
})

test('who comes later misses nothing that changed meanwhile, nor do those who were there', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const early = await watched.watching()
  facts.bytesIn = 500
  const late = await watched.watching({ connections: { search: 'sip' } })
  await watched.tick()
  assert.deepEqual(early.viewer.lastDelta!.connections!.counters[0]!.slice(0, 2), [facts.id, 500])
  assert.equal(late.viewer.snapshots[0]!.connections!.rows[0]!.bytes_in, 500)
  assert.equal(late.viewer.deltas.length, 0)
})

test('who comes later gets a snapshot of what those have who were there', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  await watched.watching()
  watched.live = [facts, liveFacts()]
  await watched.tick()
  const { viewer } = await watched.watching()
  assert.equal(viewer.snapshots[0]!.connections!.rows.length, 2)
})

test('no more viewers than allowed, until one leaves', async () => {
  const watched = scene()
  watched.maxViewers = 1
  const { leave } = await watched.watching()
  const refused = await watched.feed.watch(watched.request(), new RememberingViewer())
  assert.ok('problem' in refused && 'full' in refused && refused.full)
  assert.match(refused.problem, /no more than 1 .*live\.viewers/)
  leave()
  leave()
  assert.equal(watched.feed.viewers, 0)
  await watched.watching()
})

test('a search that cannot be answered takes no place', async () => {
  const watched = scene()
  const viewer = new RememberingViewer()
  const search = 'bad'
  assert.deepEqual(await watched.feed.watch(watched.request({ connections: { search } }), viewer), {
    problem: 'bad is no search',
  })
  assert.deepEqual(await watched.feed.watch(watched.request({ calls: { search } }), viewer), {
    problem: 'bad is no search for calls',
  })
  assert.equal(watched.feed.viewers, 0)
})

// ── coming back ──

test('who comes back gets what it missed, and then what changed while nobody looked', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const first = await watched.watching()
  const other = await watched.watching()
  const lastEventId = first.viewer.lastId!
  first.leave()
  facts.bytesIn = 500
  await watched.tick()
  other.leave()
  facts.bytesIn = 600
  watched.traced.add(facts.id)
  await watched.tick()
  const { viewer } = await watched.watching({ lastEventId })
  assert.deepEqual(viewer.events, [other.viewer.events.at(-1)])
  await watched.tick()
  assert.deepEqual(
    viewer.lastDelta!.connections!.rows.map(({ bytes_in, traced }) => [bytes_in, traced]),
    [[600, true]],
  )
  assert.equal(viewer.snapshots.length, 0)
})

for (const [what, lastEventId] of [
  ['of another run', 'other-1'],
  ['that was never given', 'mi3kx-999'],
  ['that is none', 'garbage'],
]) {
  test(`who comes with an id ${what} gets a snapshot`, async () => {
    const watched = scene(liveFacts())
    await watched.watching()
    const { viewer } = await watched.watching({ lastEventId })
    assert.equal(viewer.snapshots.length, 1)
  })
}

test('who comes back with another question gets a snapshot', async () => {
  const watched = scene(liveFacts())
  const one = await watched.watching({ connections: { search: 'sip' } })
  const other = await watched.watching({ connections: { search: 'example' } })
  const { viewer } = await watched.watching({
    connections: { search: 'sip' },
    lastEventId: other.viewer.lastId,
  })
  assert.equal(viewer.snapshots.length, 1)
  assert.notEqual(one.viewer.lastId, other.viewer.lastId)
})

test('who was away for more than sixty events gets a snapshot', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const { viewer } = await watched.watching()
  for (let i = 0; i < 61; i++) {
    facts.bytesIn++
    await watched.tick()
  }
  const within = await watched.watching({ lastEventId: viewer.events[2]!.id })
  assert.deepEqual([within.viewer.snapshots.length, within.viewer.deltas.length], [0, 59])
  const beyond = await watched.watching({ lastEventId: viewer.events[0]!.id })
  assert.deepEqual([beyond.viewer.snapshots.length, beyond.viewer.deltas.length], [1, 0])
})

// ── slow, broken, quiet ──

test('a viewer that takes nothing for five seconds is let go', async () => {
  const watched = scene(liveFacts())
  const { viewer } = await watched.watching()
  const other = await watched.watching()
  viewer.takes = false
  watched.live[0]!.bytesIn++
  await watched.tick()
  await watched.tick(4.9)
  assert.equal(viewer.ended, undefined)
  await watched.tick(0.1)
  assert.equal(viewer.ended, 'too slow')
  assert.equal(other.viewer.ended, undefined)
  assert.equal(watched.feed.viewers, 1)
})

test('a viewer that takes again in time gets all it missed, in order', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const { viewer } = await watched.watching()
  viewer.takes = false
  for (let i = 0; i < 3; i++) {
    facts.bytesIn++
    await watched.tick()
  }
  assert.equal(viewer.deltas.length, 1, 'the first one filled it')
  viewer.takes = true
  await watched.tick()
  assert.deepEqual(
    viewer.deltas.map(({ connections }) => connections!.counters[0]![1]),
    [101, 102, 103],
  )
  await watched.tick(10)
  assert.equal(viewer.ended, undefined)
})

test('a viewer that throws is ended, and others go on', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const broken = await watched.watching()
  const well = await watched.watching()
  broken.viewer.failure = new Error('gone')
  facts.bytesIn++
  await watched.tick()
  facts.bytesIn++
  await watched.tick()
  assert.equal(broken.viewer.ended, 'its stream failed')
  assert.equal(well.viewer.deltas.length, 2)
})

test('a quiet stream is kept alive by a comment every 15 seconds', async () => {
  const watched = scene()
  const { viewer } = await watched.watching()
  for (let second = 1; second <= 45; second++) await watched.tick()
  assert.equal(viewer.comments, 3)
  assert.equal(viewer.events.length, 1)
})

test('a failure of our own ends the streams, is logged, and is over with the next viewer', async () => {
  const watched = scene(liveFacts())
  const { viewer } = await watched.watching()
  watched.failure = new Error('a bug')
  await watched.tick()
  assert.equal(viewer.ended, 'the event stream failed')
  assert.deepEqual(watched.errors, ['the event stream failed'])
  watched.failure = undefined
  const next = await watched.watching({ lastEventId: viewer.lastId })
  assert.equal(next.viewer.snapshots.length, 1)
})

// ── lifetime ──

test('the timer runs from the first viewer until a minute after the last', async () => {
  const watched = scene(liveFacts())
  assert.deepEqual(watched.timer, { started: 0, stopped: 0 })
  const { leave } = await watched.watching()
  await watched.watching().then(({ leave }) => leave())
  leave()
  await watched.tick(59)
  assert.deepEqual(watched.timer, { started: 1, stopped: 0 })
  const { walks } = watched.asked
  await watched.tick(1)
  assert.deepEqual(watched.timer, { started: 1, stopped: 1 })
  assert.equal(watched.asked.walks, walks, 'nobody looks, nothing is looked at')
})

test('of questions nobody asks any more only a few are kept', async () => {
  const watched = scene(liveFacts())
  watched.maxViewers = 2
  const typed = []
  for (const search of ['s', 'si', 'sip']) {
    const { viewer, leave } = await watched.watching({ connections: { search } })
    typed.push({ search, lastEventId: viewer.lastId })
    watched.nowMs += 10
    leave()
  }
  await watched.tick()
  const snapshots = []
  for (const { search, lastEventId } of typed) {
    const { viewer, leave } = await watched.watching({ connections: { search }, lastEventId })
    snapshots.push(viewer.snapshots.length)
    leave()
  }
  assert.equal(snapshots[0], 1)
})

test('a viewer that leaves is sent nothing more and not ended', async () => {
  const facts = liveFacts()
  const watched = scene(facts)
  const { viewer, leave } = await watched.watching()
  await watched.watching()
  leave()
  facts.bytesIn++
  await watched.tick()
  watched.feed.stop()
  assert.equal(viewer.events.length, 1)
  assert.equal(viewer.ended, undefined)
})

test('stopping ends all viewers, and takes no more', async () => {
  const watched = scene(liveFacts())
  const { viewer } = await watched.watching()
  const waiting = new RememberingViewer()
  await watched.feed.watch(watched.request(), waiting)
  watched.feed.stop()
  watched.feed.stop()
  assert.deepEqual([viewer.ended, waiting.ended], ['the gateway is stopping', 'the gateway is stopping'])
  await watched.tick()
  assert.equal(waiting.events.length, 0)
  assert.equal(watched.timer.stopped, watched.timer.started)
  const refused = await watched.feed.watch(watched.request(), new RememberingViewer())
  assert.ok('problem' in refused)
})

// ── size ──

test('a snapshot of 5,000 rows is written in slices', async (t) => {
  const watched = scene(...Array.from({ length: 5000 }, () => liveFacts()))
  let now = 0
  // It goes a ms with each look, and is looked at after each 16 rows: a slice of 3 ms has no more than 64 of them.
  t.mock.method(performance, 'now', () => now++)
  let most = 0
  let before = 0
  let watching = true
  setImmediate(function turn() {
    most = Math.max(most, watched.asked.rows - before)
    before = watched.asked.rows
    if (watching) setImmediate(turn)
  })
  const texts: string[] = []
  const viewer = { send: (text: string) => texts.push(text) > 0, end() {} }
  await watched.feed.watch(watched.request({ limit: 5000 }), viewer)
  await watched.served()
  watching = false
  watched.feed.stop()
  assert.ok(texts[0]!.length > 1_000_000)
  assert.ok(most > 0 && most <= 64, `${most} rows in one turn`)
})

test('viewers of other connections and the same calls share one list of them', async () => {
  const watched = scene(liveFacts())
  const watching = []
  for (const search of ['a', 'b', 'c']) {
    watching.push(await watched.watching({ topics: ['connections', 'calls'], connections: { search } }))
  }
  watching.push(await watched.watching({ topics: ['calls'], calls: { search: 'call' } }))
  watched.asked.calls = 0
  watched.calls = [callRow('call-1')]
  watched.callsVersion++
  await watched.tick()
  assert.equal(watched.asked.calls, 2)
  for (const { viewer } of watching) assert.equal(viewer.lastDelta!.calls!.rows.length, 1)
})

test('what viewers may still come back to is bounded for all of them together', async () => {
  const watched = scene(liveFacts())
  watched.maxViewers = 64
  const { viewer } = await watched.watching()
  for (let others = 1; others < 32; others++) await watched.watching({ limit: 100 + others })
  for (let i = 0; i < 4; i++) {
    watched.live[0]!.users.splice(0, 1, `${i}${'x'.repeat(900_000)}@example.com`)
    await watched.tick()
  }
  const again = async (lastEventId: string) => (await watched.watching({ lastEventId })).viewer.events
  assert.deepEqual(await again(viewer.events.at(-1)!.id), [], 'who has all goes on')
  assert.equal((await again(viewer.events.at(-4)!.id))[0]?.event, 'snapshot')
  watched.feed.stop()
})
