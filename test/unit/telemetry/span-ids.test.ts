import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { tracing } from '@opentelemetry/sdk-node'
import { hashOfBytes } from '../../../src/base/hash.js'
import { callLot, callTraceId, SpanIdSource } from '../../../src/telemetry/otel/span-ids.js'

const callId = 'a84b4c76e66710@pc33.example.com'

test('the trace of a call is what sha256sum makes of its Call-ID, wherever in a buffer it stands', () => {
  const output = execFileSync('sha256sum', { input: callId, encoding: 'latin1' })
  const buf = Buffer.from(`Call-ID: ${callId}\r\n`)
  assert.equal(callTraceId(buf, 9, 9 + callId.length), output.slice(0, 32))
})

test('lots are spread evenly, also over Call-IDs that count up', () => {
  const calls = 10_000
  const tenths = new Array<number>(10).fill(0)
  for (let i = 0; i < calls; i++) {
    const id = Buffer.from(`${i}@pc33.example.com`)
    const lot = callLot(hashOfBytes(id, 0, id.length))
    tenths[Math.floor(lot * 10)]!++
  }
  // 4 standard deviations
  for (const count of tenths) assert.ok(Math.abs(count - calls / 10) < 120, String(tenths))
})

test('the id of a trace is given once, also when making the span throws; other ids are random', () => {
  const ids = new SpanIdSource(new tracing.RandomIdGenerator())
  const traceId = 'ab'.repeat(16)
  assert.equal(
    ids.inTrace(traceId, () => ids.generateTraceId()),
    traceId,
  )
  assert.throws(() =>
    ids.inTrace(traceId, () => {
      throw new Error('no')
    }),
  )
  const random = [ids.generateTraceId(), ids.generateTraceId()]
  assert.equal(new Set([traceId, ...random]).size, 3)
  for (const id of random) assert.match(id, /^[0-9a-f]{32}$/)
  assert.match(ids.generateSpanId(), /^[0-9a-f]{16}$/)
})
