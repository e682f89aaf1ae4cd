import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Timelines, timelineEntries } from '../../../src/live/connections/timelines.js'
import { eventOf, live, startMicros } from './connections-made-up.js'

test('a timeline has the events of its connection, oldest first, without their facts', () => {
  const timelines = new Timelines()
  const [one, other] = [live(), live()]
  timelines.add(eventOf('ACCEPTED', one), startMicros)
  timelines.add(eventOf('ACCEPTED', other), startMicros + 1)
  timelines.add(
    eventOf('ERROR', one, { status: 'FAILURE', cause: 'bad-sip', message: 'no SIP' }),
    startMicros + 2_500_000,
  )
  assert.deepEqual(timelineEntries(timelines.of(one.id)), [
    {
      at: '2027-01-15T08:00:00.000Z',
      event: 'ACCEPTED',
      status: 'SUCCESS',
      cause: undefined,
      message: 'it was ACCEPTED',
    },
    { at: '2027-01-15T08:00:02.500Z', event: 'ERROR', status: 'FAILURE', cause: 'bad-sip', message: 'no SIP' },
  ])
})

test('a timeline keeps the latest events only', () => {
  const timelines = new Timelines()
  const facts = live()
  for (let n = 0; n < 100; n++) timelines.add(eventOf('ERROR', facts, { message: String(n) }), n)
  const messages = timelines.of(facts.id).map(({ message }) => message)
  assert.deepEqual(
    messages,
    Array.from({ length: 32 }, (_, n) => String(68 + n)),
  )
})

test('who takes a timeline takes it away', () => {
  const timelines = new Timelines()
  const facts = live()
  timelines.add(eventOf('ACCEPTED', facts), 1)
  assert.equal(timelines.take(facts.id).length, 1)
  assert.deepEqual([timelines.size, timelines.of(facts.id), timelines.take(facts.id)], [0, [], []])
})
