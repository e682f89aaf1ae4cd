import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import { eventId, eventText, keepAlive, numberOfId } from '../../../src/live/feed/sse.js'

function parsed(text: string): { events: EventSourceMessage[]; comments: string[] } {
  const events: EventSourceMessage[] = []
  const comments: string[] = []
  const parser = createParser({ onEvent: (event) => events.push(event), onComment: (text) => comments.push(text) })
  parser.feed(text)
  return { events, comments }
}

test('an event is four lines: id, event, data, and the empty one that ends it', () => {
  assert.equal(eventText('delta', 'abc-7', '{"at":1}'), 'id: abc-7\nevent: delta\ndata: {"at":1}\n\n')
})

test('line breaks of every kind in the data arrive as they were', () => {
  const data = { text: 'a\r\nb\rc\nd\u2028e\u2029f\u0085', empty: '' }
  const { events } = parsed(eventText('delta', 'abc-7', JSON.stringify(data)).repeat(2))
  assert.equal(events.length, 2)
  assert.equal(events[1]!.id, 'abc-7')
  assert.equal(events[1]!.event, 'delta')
  assert.deepEqual(JSON.parse(events[1]!.data), data)
})

test('a keep-alive is a comment, before, between and after events', () => {
  const event = eventText('delta', 'abc-7', '1')
  const { events, comments } = parsed(keepAlive + event + keepAlive + event + keepAlive)
  assert.equal(events.length, 2)
  assert.equal(comments.length, 3)
})

test('an id of this run gives its number back', () => {
  assert.equal(numberOfId(eventId('mi3kx', 42), 'mi3kx'), 42)
})

for (const id of [
  undefined,
  '',
  'mi3kx',
  'mi3kx-',
  '-42',
  'other-42',
  'mi3kx-4x',
  'mi3kx-42\n',
  `mi3kx-${'9'.repeat(400)}`,
]) {
  test(`no number in an id that is not of this run: ${JSON.stringify(id?.slice(0, 20))}`, () => {
    assert.equal(numberOfId(id, 'mi3kx'), undefined)
  })
}
