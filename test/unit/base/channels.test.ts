/** Messages on their channel: what is handed out, and how long a message was held. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  arrivalMs,
  channels,
  type MessageSeen,
  noteArrival,
  publishReceived,
  publishSent,
} from '../../../src/base/channels.js'
import { facts } from '../../support/destinations.js'

const connection = facts()
const buf = Buffer.from('before BYE behind')
const [start, end] = [7, 10]
const [callIdStart, callIdEnd] = [8, 9]

/** Copies of what is published, and the objects themselves. */
function watch(t: TestContext) {
  const copies: MessageSeen[] = []
  const objects = new Set<MessageSeen>()
  const see = (message: unknown): void => {
    copies.push({ ...(message as MessageSeen) })
    objects.add(message as MessageSeen)
  }
  channels.message.subscribe(see)
  t.after(() => channels.message.unsubscribe(see))
  return { copies, objects }
}

test('a message is told with its place, its way and its connection', (t) => {
  const { copies } = watch(t)
  publishReceived(connection, buf, start, end, callIdStart, callIdEnd)
  publishSent(connection, buf, start, end, callIdStart, callIdEnd, undefined)
  const seen = { facts: connection, buf, start, end, callIdStart, callIdEnd, own: false, heldMs: undefined }
  assert.deepEqual(copies, [
    { ...seen, direction: 'in' },
    { ...seen, direction: 'out', own: true },
  ])
})

test('one object serves for all of them, and holds nothing when it is not handed out', (t) => {
  const { objects } = watch(t)
  publishReceived(connection, buf, start, end, callIdStart, callIdEnd)
  publishSent(connection, buf, start, end, callIdStart, callIdEnd, undefined)
  const [one, ...more] = objects
  assert.deepEqual(more, [])
  assert.deepEqual([one!.facts, one!.buf], [undefined, undefined])
})

test('what is sent was held since it was read, what nobody saw arrive for an unknown time', (t) => {
  assert.equal(arrivalMs(), 0)
  noteArrival() // nobody looks
  const { copies } = watch(t)
  publishSent(connection, buf, start, end, callIdStart, callIdEnd, 0)
  const arrivals = Array.from({ length: 14 }, () => {
    noteArrival()
    return arrivalMs()
  })
  const timed = arrivals.filter((ms) => ms > 0)
  assert.equal(timed.length, 2, 'one read in seven')
  const arrived = timed[0]!
  assert.ok(arrived <= performance.now())
  publishSent(connection, buf, start, end, callIdStart, callIdEnd, arrived)
  publishSent(connection, buf, start, end, callIdStart, callIdEnd, arrived - 1000)
  const [unknown, now, late] = copies.map(({ heldMs }) => heldMs)
  assert.equal(unknown, undefined)
  assert.ok(now! >= 0)
  assert.ok(late! >= now! + 1000)
})
