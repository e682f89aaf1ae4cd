import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Line, ladderOf, toneOf } from '../../../dashboards/live/views/calls/ladder.js'
import { connection, message } from './made-up.js'

const phone = '203.0.113.7:40000'
const server = '10.0.0.5:5060'
const edgeEnd = '192.0.2.1:5061'
const coreEnd = '10.0.0.4:31000'

const fromPhone = { source: phone, destination: edgeEnd, direction: 'in', side: 'edge', conn_id: '1' } as const
const toServer = { source: coreEnd, destination: server, direction: 'out', side: 'core', conn_id: '2' } as const

const names = (lines: readonly Line[]) => lines.map((line) => (line.kind === 'party' ? line.address : line.side))

test('a call without messages is an empty ladder', () => {
  assert.deepEqual(ladderOf({ flow: [], legs: [] }), { lines: [], rungs: [] })
})

test('both sides of the gateway stand in the middle, phones at the left, servers at the right', () => {
  const { lines, rungs } = ladderOf({ flow: [message(1, fromPhone), message(2, toServer)], legs: [] })
  assert.deepEqual(names(lines), [phone, 'edge', 'core', server])
  assert.deepEqual(
    rungs.map(({ from, to }) => [from, to]),
    [
      [0, 1],
      [2, 3],
    ],
  )
})

test('an answer goes the other way', () => {
  const answer = message(2, { ...fromPhone, source: edgeEnd, destination: phone, direction: 'out', status: 200 })
  const { rungs } = ladderOf({ flow: [message(1, fromPhone), answer], legs: [] })
  assert.deepEqual([rungs[1]!.from, rungs[1]!.to], [1, 0])
})

test('what another agent saw of our own address meets our line, and of others stands at the far right', () => {
  const seen = message(3, { source: coreEnd, destination: server, agent: 'pbx-1' })
  const beyond = message(4, { source: server, destination: '10.0.0.9:5060', agent: 'pbx-1' })
  const { lines, rungs } = ladderOf({
    flow: [message(1, fromPhone), message(2, toServer), seen, beyond],
    legs: [],
  })
  assert.deepEqual(names(lines), [phone, 'edge', 'core', server, '10.0.0.9:5060'])
  assert.deepEqual([rungs[2]!.from, rungs[2]!.to], [2, 3])
  assert.deepEqual([rungs[3]!.from, rungs[3]!.to], [3, 4])
})

test('a message of an agent to itself stays at one line', () => {
  const { lines, rungs } = ladderOf({
    flow: [message(1, { source: server, destination: server, agent: 'pbx-1' })],
    legs: [],
  })
  assert.equal(lines.length, 1)
  assert.deepEqual([rungs[0]!.from, rungs[0]!.to], [0, 0])
})

test('a party has its latest connection, and knows how many there were', () => {
  const again = { ...fromPhone, conn_id: '3' }
  const legs = [connection({ conn_id: '1' }), connection({ conn_id: '3', users: ['alice@example.com'] })]
  const [party] = ladderOf({ flow: [message(1, fromPhone), message(2, again)], legs }).lines
  assert.ok(party?.kind === 'party')
  assert.equal(party.leg?.conn_id, '3')
  assert.equal(party.connections, 2)
})

test('gaps are in milliseconds since the message before', () => {
  const { rungs } = ladderOf({ flow: [message(1, fromPhone), message(5, toServer)], legs: [] })
  assert.deepEqual(
    rungs.map(({ gapMs }) => gapMs),
    [undefined, 4],
  )
})

test('the tone follows the status; a challenge is no failure', () => {
  const tone = (part: Parameters<typeof message>[1]) => toneOf(message(1, part))
  assert.equal(tone({ method: 'INVITE' }), 'request')
  assert.deepEqual(
    [100, 200, 302, 401, 407, 404, 603].map((status) => tone({ status })),
    ['provisional', 'success', 'redirect', 'challenge', 'challenge', 'failure', 'failure'],
  )
  assert.equal(tone({ kind: 'event', summary: 'CLOSED FAILURE peer-reset: gone' }), 'failure')
  assert.equal(tone({ kind: 'event', summary: 'CLOSED SUCCESS FAILURE in a name' }), 'note')
})
