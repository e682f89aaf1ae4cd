/** Which packets are shown, in which order and form, and that keys never are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CollectedQuery } from '../../../src/base/ports.js'
import { collected } from '../../../src/collector/collected.js'
import type { ReceivedPacket } from '../../../src/collector/store.js'
import { eventPayload } from '../../../src/trace/event.js'
import { facts, keylogLine, noonMicros, tracedEvent } from '../../support/destinations.js'

function received(type: number, correlationId: string | undefined, payload: string | Buffer): ReceivedPacket {
  const end = { ip: '192.0.2.1', port: 5061 }
  return {
    packet: {
      family: 2,
      protocol: 22,
      source: end,
      destination: end,
      seconds: noonMicros / 1e6,
      micros: 0,
      type,
      captureId: 1,
      payload: Buffer.from(payload),
      correlationId: correlationId === undefined ? undefined : Buffer.from(correlationId),
      other: [],
    },
    bytes: 100,
    transport: 'tcp',
    sender: end,
  }
}

const kept = [
  received(100, '4711', 'first'),
  received(1, 'call-1', 'second'),
  received(1, 'call-2', 'third'),
  received(100, 'call-1', 'fourth'),
  received(1, undefined, 'fifth'),
]

async function payloads(query: Partial<CollectedQuery>, packets = kept): Promise<string[]> {
  const everything = { form: 'json', type: undefined, correlationId: undefined, limit: 1000 } as const
  return (await collected(packets, { ...everything, ...query })).map((json) => JSON.parse(json).payload)
}

test('all of them come oldest first; a limit leaves the newest', async () => {
  assert.deepEqual(await payloads({}), ['first', 'second', 'third', 'fourth', 'fifth'])
  assert.deepEqual(await payloads({ limit: 2 }), ['fourth', 'fifth'])
})

test('a type, a correlation id, or both choose, and the limit counts what was chosen', async () => {
  assert.deepEqual(await payloads({ type: 1 }), ['second', 'third', 'fifth'])
  assert.deepEqual(await payloads({ correlationId: 'call-1' }), ['second', 'fourth'])
  assert.deepEqual(await payloads({ correlationId: 'call-1', type: 100 }), ['fourth'])
  assert.deepEqual(await payloads({ type: 1, limit: 1 }), ['fifth'])
  assert.deepEqual(await payloads({ correlationId: 'call' }), [], 'a part of an id is not the id')
})

test('many keep their order, whatever is shown in one turn', async () => {
  const many = Array.from({ length: 350 }, (_, i) => received(1, 'call', String(i)))
  assert.deepEqual(
    await payloads({}, many),
    many.map((_, i) => String(i)),
  )
})

for (const form of ['text', 'json'] as const) {
  test(`key material is hidden as ${form}`, async () => {
    const event = eventPayload(tracedEvent({ facts: facts({ keylog: [keylogLine] }) }), 'log', true)
    assert.ok(event.includes(keylogLine))
    const query = { form, type: undefined, correlationId: undefined, limit: 10 }
    const shown = (await collected([received(100, '1', event)], query)).join('')
    assert.match(shown, /ACCEPTED/)
    assert.equal(shown.includes('cd'.repeat(48)), false)
  })
}
