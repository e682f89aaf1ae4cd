import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { channels, publishConnection } from '../../../src/base/channels.js'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import type { ConnectionRow, MessageView, Page, SearchProblem } from '../../../src/base/live.js'
import type { LiveConnectionsOptions } from '../../../src/live/connections/connections.js'
import { clientRandomLine } from '../trace/fakes.js'
import { byId, close, eventOf, live, manyConnections, query, viewOf } from './connections-made-up.js'

function bench(t: TestContext, connections: ConnectionFacts[], options: Partial<LiveConnectionsOptions> = {}) {
  const open = byId(connections)
  const view = viewOf(open, options)
  t.after(() => view.stop())
  return { open, view }
}

function rowsOf(page: Page<ConnectionRow> | SearchProblem): readonly ConnectionRow[] {
  assert.ok('rows' in page, JSON.stringify(page))
  return page.rows
}

test('a list has the live connections that match, and the closed ones when asked', async (t) => {
  const [alice, bob] = [live({ users: ['alice@example.com'] }), live({ users: ['bob@example.com'] })]
  const { open, view } = bench(t, [alice, bob])
  const listed = async (changes: Parameters<typeof query>[0]) =>
    rowsOf(await view.list(query(changes))).map(({ conn_id, state }) => [conn_id, state])

  assert.deepEqual(await listed({ search: 'alice' }), [[alice.id, 'open']])
  close(open, alice, 'idle')
  assert.deepEqual(await listed({ search: 'alice' }), [])
  assert.deepEqual(await listed({ search: 'alice', closed: true }), [[alice.id, 'closed']])
  assert.deepEqual((await listed({ closed: true })).length, 2)
  // Nobody who asks for these means to be told that there are none.
  assert.deepEqual(await listed({ search: 'cause:idle' }), [[alice.id, 'closed']])
  assert.deepEqual(await listed({ fields: { state: 'closed' } }), [[alice.id, 'closed']])
})

test('a list of the last page has no cursor in it', async (t) => {
  const { view } = bench(t, manyConnections(3))
  assert.deepEqual(Object.keys(await view.list(query())), ['rows', 'total'])
})

test('a question that is none is answered with what is wrong with it', async (t) => {
  const { view } = bench(t, [])
  assert.match(JSON.stringify(await view.list(query({ search: 'peer:x' }))), /"problem":"peer: /)
  assert.match(JSON.stringify(await view.list(query({ cursor: 'x' }))), /"problem":"cursor: /)
  assert.ok('problem' in view.compile({ search: 'peer:x' }))
})

test('a detail has the timeline, the messages and calls of the store, and what the socket tells', (t) => {
  const facts = live()
  const message = { n: 7, summary: 'REGISTER sip:example.com SIP/2.0' } as MessageView
  const { open, view } = bench(t, [facts], {
    inspect: () => ({ ownChain: [], peerChain: [], unsentBytes: 7, postponedMessages: 0, stuckMs: 0 }),
    calls: {
      settle() {},
      callIdsOf: () => ['a84b4c'],
      usersOf: () => [],
      connectionsOfCall: () => [],
      messagesOf: (id) => (id === facts.id ? [message] : []),
    },
  })
  publishConnection(eventOf('ACCEPTED', facts))
  const detail = view.detail(facts.id)
  assert.deepEqual([detail?.messages, detail?.call_ids, detail?.queue?.unsent_bytes], [[message], ['a84b4c'], 7])

  close(open, facts, 'idle')
  const closed = view.detail(facts.id)
  assert.deepEqual(
    closed?.events.map(({ event }) => event),
    ['ACCEPTED', 'CLOSED'],
  )
  assert.deepEqual([closed?.state, closed?.queue, closed?.messages], ['closed', undefined, [message]])
  assert.equal(view.detail('1'), undefined)
})

test('a handshake that failed stays to be looked at', async (t) => {
  const facts = live({ tls: undefined, domain: undefined })
  const { open, view } = bench(t, [facts])
  publishConnection(eventOf('ACCEPTED', facts, { status: 'FAILURE', cause: 'unknown-ca', message: 'not ours' }))
  close(open, facts, 'unknown-ca')
  const [row] = rowsOf(await view.list(query({ search: 'cause:unknown-ca' })))
  assert.equal(row?.conn_id, facts.id)
  const detail = view.detail(facts.id)!
  assert.deepEqual(
    [detail.closed?.cause, detail.ja4, detail.events[0]?.message],
    ['unknown-ca', facts.hello?.ja4, 'not ours'],
  )
  assert.equal(detail.peer_chain.length, 1)
})

test('whether a connection was traced is asked at its end and remembered', async (t) => {
  const facts = live({ trace: {} })
  const { open, view } = bench(t, [facts, live()])
  assert.equal(view.row(facts).traced, true)
  close(open, facts)
  facts.trace = undefined
  assert.equal(view.rowOf(facts.id)?.traced, true)
  assert.equal(view.rowOf(facts.id)?.state, 'closed')
  assert.deepEqual(
    rowsOf(await view.list(query({ search: 'traced:yes', closed: true }))).map(({ conn_id }) => conn_id),
    [facts.id],
  )
})

test('key-log lines are given for traced connections only, and in nothing else', async (t) => {
  const [traced, other] = [live({ trace: {} }), live()]
  const { open, view } = bench(t, [traced, other])
  assert.equal(view.keylog(traced.id)?.includes(clientRandomLine), true)
  assert.deepEqual([view.keylog(other.id), view.keylog('1')], [[], undefined])
  for (const facts of [traced, other]) close(open, facts)
  traced.keylog.length = 0 // as the gate does when it is switched off
  assert.equal(view.keylog(traced.id)?.includes(clientRandomLine), true)
  assert.deepEqual(view.keylog(other.id), [])
  const shown = JSON.stringify([await view.list(query({ closed: true })), view.detail(traced.id)])
  assert.equal(shown.includes(clientRandomLine.split(' ')[2]!), false)
})

test('a search by conn_id knows live and closed connections', (t) => {
  const [one, other] = [live({ users: ['alice@example.com'] }), live()]
  const { open, view } = bench(t, [one, other])
  const matching = view.matching({ search: 'alice' })
  assert.ok(typeof matching === 'function')
  assert.deepEqual([one.id, other.id, '1'].map(matching), [true, false, false])
  close(open, one)
  assert.equal(matching(one.id), true)
  assert.ok('problem' in view.matching({ search: 'peer:x' }))
})

test('lists of many at once are walked one after another, and each in slices', async (t) => {
  const visits = { inTurn: 0, most: 0, walks: 0 }
  const all = manyConnections(500)
  const { view } = bench(t, [], {
    *facts() {
      visits.walks++
      for (const facts of all) {
        visits.most = Math.max(visits.most, ++visits.inTurn)
        yield facts
      }
    },
  })
  let now = 0
  t.mock.method(performance, 'now', () => now++)
  const count = setInterval(() => {}, 1000)
  let listing = true
  setImmediate(function turn() {
    visits.inTurn = 0
    if (listing) setImmediate(turn)
  })
  const lists = await Promise.all(Array.from({ length: 20 }, () => view.list(query({ search: 'nobody' }))))
  listing = false
  clearInterval(count)
  assert.deepEqual([visits.walks, lists.length], [20, 20])
  // 3 ms of a clock that goes a ms with each look, and that is looked at after each 16: one slice in a turn
  assert.ok(visits.most <= 4 * 16, `${visits.most} in one turn`)
})

test('more than 32 who wait are refused, and hear that there is no room', async (t) => {
  const { view } = bench(t, [live()])
  const answers = await Promise.all(Array.from({ length: 40 }, () => view.list(query())))
  const refused = answers.filter((answer) => 'problem' in answer)
  assert.equal(refused.length, 8)
  assert.ok(refused.every((answer) => 'full' in answer && answer.full))
  assert.equal(rowsOf(await view.list(query())).length, 1, 'and later there is')
})

test('a walk asks the store once to take in what came, and not for each connection', async (t) => {
  let settled = 0
  const calls = { callIdsOf: () => [], usersOf: () => [], connectionsOfCall: () => [], messagesOf: () => [] }
  const { view } = bench(t, manyConnections(100), { calls: { ...calls, settle: () => settled++ } })
  await view.list(query({ search: 'user:nobody call:none' }))
  assert.equal(settled, 1)
})

test('after stop it hears nothing and holds nothing', (t) => {
  const facts = live()
  const { open, view } = bench(t, [facts])
  close(open, facts)
  view.stop()
  assert.deepEqual([view.detail(facts.id), view.timeline(facts.id)], [undefined, []])
  assert.equal(channels.connection.hasSubscribers, false)
})
