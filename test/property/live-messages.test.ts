import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MessageStore } from '../../src/live/messages/messages.js'
import { readMessage } from '../../src/live/messages/sip-summary.js'
import { callsPage, flowLeg, offerTo, rawAll, sipText } from '../support/call-flow.js'
import { noonMicros } from '../support/destinations.js'
import { vectorsDir } from '../support/paths.js'

const legs = [1, 2, 3].map((peer) => flowLeg({ connId: `10${peer}`, peer }))

/** A message as it is offered; `read`: somebody asks before the next. */
const offered = fc.record({
  leg: fc.nat({ max: legs.length - 1 }),
  call: fc.nat({ max: 4 }),
  body: fc.nat({ max: 900 }),
  read: fc.boolean(),
})
type Offered = typeof offered extends fc.Arbitrary<infer T> ? T : never

interface Kept {
  readonly n: number
  readonly connId: string
  readonly callId: string
  readonly bytes: Buffer
}

function messageOf({ call, body }: Offered, n: number): Buffer {
  return sipText({
    start: 'OPTIONS',
    cseq: `${n} OPTIONS`,
    callId: `c${call}`,
    branch: `b${n}`,
    body: 'x'.repeat(body),
  })
}

function totalOf(messages: Iterable<{ readonly bytes: Buffer }>): number {
  let total = 0
  for (const { bytes } of messages) total += bytes.length
  return total
}

describe('whatever messages come', () => {
  test('the store keeps the newest in no more bytes than it may, and its indices tell the same', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 6000 }), fc.array(offered, { maxLength: 60 }), (maxBytes, all) => {
        const store = new MessageStore(maxBytes)
        const model: Kept[] = []
        for (const [i, one] of all.entries()) {
          const bytes = messageOf(one, i)
          offerTo(store, legs[one.leg]!.in, bytes, noonMicros + i)
          if (bytes.length <= maxBytes) {
            model.push({ n: model.length + 1, connId: `10${one.leg + 1}`, callId: `c${one.call}`, bytes })
          }
          if (one.read) assert.ok(totalOf(rawAll(store)) <= maxBytes)
        }
        const kept = rawAll(store)
        assert.ok(totalOf(kept) <= maxBytes)
        if (model.length > 0) assert.ok(kept.length > 0)
        assert.deepEqual(
          kept.map(({ n, connId, callId, bytes }) => ({ n, connId, callId, bytes })),
          model.slice(model.length - kept.length),
        )
        for (const { in: leg } of legs) {
          const own = kept.filter(({ connId }) => connId === leg.connId)
          assert.deepEqual([...store.rawOfConnection(leg.connId!)], own)
          assert.deepEqual(new Set(store.callIdsOf(leg.connId!)), new Set(own.map(({ callId }) => callId)))
        }
        const calls = new Set(kept.map(({ callId }) => callId))
        assert.equal(store.calls.size, calls.size)
        for (const callId of calls) {
          assert.deepEqual(
            [...store.rawOfCall(callId)],
            kept.filter((message) => message.callId === callId),
          )
        }
        store.stop()
      }),
    )
  })

  test('nothing throws, and each is shown as it is', async () => {
    const octets = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    const words = fc.constantFrom(
      'INVITE ',
      'sip:',
      ' SIP/2.0',
      '\r\n',
      'Via:',
      'From: <',
      'To:',
      'CSeq: 1 ',
      ';',
      '"',
      'tag=',
    )
    const texts = fc.array(fc.oneof(words, fc.string({ maxLength: 3 })), { maxLength: 40 })
    const bytes = fc.oneof(
      octets,
      texts.map((parts) => Buffer.from(`Call-ID: a\r\n${parts.join('')}`)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 10 }), async (messages) => {
        const store = new MessageStore(1 << 16)
        for (const one of messages) offerTo(store, legs[0]!.in, one, noonMicros)
        assert.deepEqual(
          store.messagesOf('101').map((view) => view.bytes),
          messages.map((one) => one.length),
        )
        store.calls.list({ limit: 10 })
        await store.calls.detail('a', () => undefined)
        store.stop()
      }),
    )
  })
})

test('the torture messages of RFC 4475 are read without complaint', async () => {
  const store = new MessageStore(1 << 20)
  const files = (readdirSync(`${vectorsDir}/rfc4475`, { recursive: true }) as string[]).filter((f) => /\.\w+$/.test(f))
  assert.ok(files.length > 40, `${files.length} messages`)
  for (const file of files) {
    const bytes = readFileSync(`${vectorsDir}/rfc4475/${file}`)
    const { callIdStart, callIdEnd } = readMessage(bytes, 0, bytes.length)
    store.sip(legs[0]!.in, noonMicros, bytes, 0, bytes.length, callIdStart, callIdEnd)
  }
  assert.equal(store.messagesOf('101').length, files.length)
  const { rows } = callsPage(store, { limit: 100 })
  assert.ok(rows.length > 30, `${rows.length} calls`)
  for (const { call_id } of rows) assert.ok(await store.calls.detail(call_id, () => undefined))
  store.stop()
})
