import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { tracing } from '@opentelemetry/sdk-node'
import type { Cause } from '../../../src/base/errors.js'
import type { ConnectionFacts, Direction } from '../../../src/base/facts.js'
import { SipSpans } from '../../../src/telemetry/otel/sip-spans.js'
import { changed, sipAnswer, sipRequest } from '../../support/sip.js'
import { SpanRecorder } from '../../support/span-recorder.js'
import { liveFacts } from '../../support/watched.js'

interface Changes {
  readonly share?: number
  readonly sampler?: tracing.Sampler
  readonly facts?: Partial<ConnectionFacts>
}

const callId = 'a84b4c76e66710@192.0.2.10'
const ourVia = 'Via: SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bKhg1.2.3\r\nVia: '

class Bench {
  readonly recorder: SpanRecorder
  readonly spans: SipSpans
  /** Unix time */
  nowMs = 1_800_000_000_000
  /** where requests come from, and where they go */
  readonly phone: ConnectionFacts
  readonly core = liveFacts({ direction: 'out', side: 'core', transport: 'tcp', span: ids('2') })

  constructor(t: TestContext, { share = 1, sampler, facts = {} }: Changes) {
    this.recorder = new SpanRecorder(sampler)
    this.phone = liveFacts({ span: ids('1'), ...facts })
    const { tracer, ids: source } = this.recorder
    this.spans = new SipSpans({ tracer, ids: source, share, clock: () => this.nowMs * 1000, nowMs: () => this.nowMs })
    t.after(() => this.spans.stop())
  }

  see(facts: ConnectionFacts, direction: Direction, message: Buffer, heldMs?: number): void {
    // Somewhere in a buffer, as in life.
    const buf = Buffer.concat([Buffer.from('\r\n'), message, Buffer.from('INVITE ')])
    const place = callIdPlace(buf)
    const own = direction === 'out' && heldMs === undefined
    this.spans.see({ facts, direction, buf, start: 2, end: 2 + message.length, ...place, own, heldMs })
  }

  close(facts: ConnectionFacts, cause: Cause): void {
    this.spans.seeConnection({ name: 'CLOSED', status: 'SUCCESS', cause, message: '', facts })
  }

  request(fields: object = {}, from = this.phone): Buffer {
    const request = sipRequest({ method: 'INVITE', callId, ...fields })
    this.see(from, 'in', request)
    return request
  }

  answer(request: Buffer, status: string): void {
    this.see(this.phone, 'out', sipAnswer(request, status), 0.1)
  }

  get ended(): tracing.ReadableSpan[] {
    return this.recorder.ended
  }
}

function ids(digit: string) {
  return { traceId: digit.repeat(32), spanId: digit.repeat(16) }
}

/** As a framer tells it. */
function callIdPlace(buf: Buffer) {
  const found = /^Call-ID: (.*)\r$/m.exec(buf.toString('latin1').split('\r\n\r\n')[0]!)
  if (found === null) return { callIdStart: 0, callIdEnd: 0 }
  const callIdStart = found.index + 'Call-ID: '.length
  return { callIdStart, callIdEnd: callIdStart + found[1]!.length }
}

function traceOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32)
}

test('a request is one span from its receipt to its final response', (t) => {
  const bench = new Bench(t, {})
  const request = bench.request()
  bench.answer(request, '100 Trying')
  bench.answer(request, '180 Ringing')
  assert.equal(bench.ended.length, 0)
  bench.answer(request, '200 OK')
  const [span, ...more] = bench.ended
  assert.ok(span !== undefined && more.length === 0)
  assert.deepEqual([span.name, span.kind, span.status.code], ['INVITE', SpanKind.SERVER, SpanStatusCode.UNSET])
  assert.equal(span.attributes['sip.method'], 'INVITE')
  assert.equal(span.attributes['sip.call_id'], callId)
  assert.equal(span.attributes['sip.status_code'], 200)
  assert.equal(span.attributes['hepgate.own_answer'], false)
  assert.equal(span.attributes['hepgate.conn_id'], bench.phone.id)
  assert.deepEqual(
    span.events.map(({ attributes }) => attributes),
    [{ 'sip.status_code': 100 }, { 'sip.status_code': 180 }],
  )
  assert.doesNotMatch(JSON.stringify([span.name, span.attributes]), /alice|bob/)
})

test('all requests of a call are one trace, whose id whoever knows the Call-ID can work out', (t) => {
  const bench = new Bench(t, {})
  for (const method of ['INVITE', 'BYE']) bench.answer(bench.request({ method }), '200 OK')
  bench.answer(bench.request({ callId: 'another' }), '200 OK')
  assert.deepEqual(
    bench.ended.map((span) => [span.spanContext().traceId, span.parentSpanContext]),
    [callId, callId, 'another'].map((id) => [traceOf(id), undefined]),
  )
})

test('it is linked to the spans of the connections it came on and left by', (t) => {
  const bench = new Bench(t, {})
  const request = bench.request()
  bench.see(bench.core, 'out', changed(request, /Via: /, ourVia), 0.05)
  bench.answer(request, '200 OK')
  const span = bench.ended[0]!
  assert.deepEqual(
    span.links.map(({ context }) => context.spanId),
    [ids('1').spanId, ids('2').spanId],
  )
  assert.equal(span.attributes['hepgate.relayed_to'], bench.core.id)
})

test('our Via may stand in one line with that of the peer, or not at all', (t) => {
  const ways: [string, (request: Buffer) => Buffer][] = [
    ['one line', (request) => changed(request, /Via: /, 'v: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKhg1.2.3 ,')],
    ['a tunnel', (request) => request],
  ]
  for (const [what, way] of ways) {
    const bench = new Bench(t, {})
    const request = bench.request()
    bench.see(bench.core, 'out', way(request), 0.05)
    bench.answer(request, '200 OK')
    assert.equal(bench.ended[0]!.attributes['hepgate.relayed_to'], bench.core.id, what)
  }
})

test('it is relayed once; what goes out after that, or is of our own making, is no matter of it', (t) => {
  const bench = new Bench(t, {})
  const request = bench.request()
  const sent = changed(request, /Via: /, ourVia)
  bench.see(bench.core, 'out', sipRequest({ callId }), 0.05)
  for (const leg of [bench.core, liveFacts({ span: ids('3') })]) bench.see(leg, 'out', sent, 0.05)
  bench.answer(request, '200 OK')
  const span = bench.ended[0]!
  assert.deepEqual(
    span.events.map(({ name }) => name),
    ['relayed'],
  )
  assert.equal(span.attributes['hepgate.relayed_to'], bench.core.id)
  assert.equal(span.links.length, 2)
})

test('a connection without a sampled span is not linked to', (t) => {
  const bench = new Bench(t, { facts: { span: undefined } })
  const request = bench.request()
  bench.see(liveFacts(), 'out', changed(request, /Via: /, ourVia), 0.05)
  bench.answer(request, '200 OK')
  assert.deepEqual(bench.ended[0]!.links, [])
})

test('only the failure of a server is an error', (t) => {
  const bench = new Bench(t, {})
  for (const status of ['200 OK', '401 Unauthorized', '486 Busy Here', '503 Service Unavailable', '603 Decline']) {
    bench.answer(bench.request(), status)
  }
  assert.deepEqual(
    bench.ended.map(({ status, attributes }) => [attributes['sip.status_code'], status.code, attributes['error.type']]),
    [
      [200, SpanStatusCode.UNSET, undefined],
      [401, SpanStatusCode.UNSET, undefined],
      [486, SpanStatusCode.UNSET, undefined],
      [503, SpanStatusCode.ERROR, '503'],
      [603, SpanStatusCode.UNSET, undefined],
    ],
  )
})

test('an answer of our own ends it too, and is told as that', (t) => {
  const bench = new Bench(t, {})
  const request = bench.request()
  bench.see(bench.phone, 'out', sipAnswer(request, '408 Request Timeout'))
  assert.equal(bench.ended[0]!.attributes['hepgate.own_answer'], true)
})

test('it begins and ends when its messages were seen, and so do its events', (t) => {
  const bench = new Bench(t, {})
  const began = bench.nowMs
  const request = bench.request()
  bench.nowMs += 1.5
  bench.see(bench.core, 'out', changed(request, /Via: /, ourVia), 0.05)
  bench.nowMs += 100
  bench.answer(request, '180 Ringing')
  bench.nowMs += 2000
  bench.answer(request, '200 OK')
  const { startTime, endTime, events } = bench.ended[0]!
  assert.deepEqual(
    [startTime, ...events.map(({ time }) => time), endTime].map(([s, ns]) => s * 1000 + ns / 1e6 - began),
    [0, 1.5, 101.5, 2101.5],
  )
})

test('provisional responses that repeat for ever fill nothing', (t) => {
  const bench = new Bench(t, {})
  const request = bench.request()
  for (let i = 0; i < 100; i++) bench.answer(request, '183 Session Progress')
  bench.answer(request, '200 OK')
  assert.equal(bench.ended[0]!.events.length, 16)
})

test('ACK has no span, CANCEL has its own, and the INVITE it cancels goes on', (t) => {
  const bench = new Bench(t, {})
  const via = 'SIP/2.0/TLS 192.0.2.10:50000;branch=z9hG4bKsame'
  const invite = bench.request({ via })
  const cancel = bench.request({ method: 'CANCEL', via })
  bench.answer(cancel, '200 OK')
  assert.deepEqual(
    bench.ended.map(({ name }) => name),
    ['CANCEL'],
  )
  bench.answer(invite, '487 Request Terminated')
  bench.request({ method: 'ACK', via })
  bench.spans.stop()
  assert.deepEqual(
    bench.ended.map(({ name }) => name),
    ['CANCEL', 'INVITE'],
  )
})

test('a request that is sent again has no second span, over UDP not even after its final response', (t) => {
  const bench = new Bench(t, { facts: { transport: 'udp', tls: undefined } })
  const request = bench.request()
  bench.see(bench.phone, 'in', request)
  bench.answer(request, '200 OK')
  bench.answer(request, '200 OK')
  bench.see(bench.phone, 'in', request)
  bench.answer(request, '200 OK')
  assert.equal(bench.ended.length, 1)
  bench.nowMs += 32_000
  bench.spans.sweep()
  bench.see(bench.phone, 'in', request)
  bench.answer(request, '200 OK')
  assert.equal(bench.ended.length, 2, 'what was remembered is forgotten when no repetition can come any more')
})

test('a response is that of a request only on its connection, with its branch, its CSeq and its Call-ID', (t) => {
  const bench = new Bench(t, {})
  const request = bench.request()
  const answer = sipAnswer(request)
  bench.see(liveFacts(), 'out', answer, 0.1)
  bench.see(bench.phone, 'in', answer)
  bench.see(bench.phone, 'out', changed(answer, /branch=\w+/, 'branch=z9hG4bKother'), 0.1)
  bench.see(bench.phone, 'out', changed(answer, /CSeq: 1 INVITE/, 'CSeq: 1 CANCEL'), 0.1)
  bench.see(bench.phone, 'out', changed(answer, /CSeq: 1/, 'CSeq: 2'), 0.1)
  bench.see(bench.phone, 'out', changed(answer, /Call-ID: /, 'Call-ID: x'), 0.1)
  assert.equal(bench.ended.length, 0)
  bench.see(bench.phone, 'out', answer, 0.1)
  assert.equal(bench.ended.length, 1)
})

test('no final response in three minutes is an error; what rings has three more', (t) => {
  const bench = new Bench(t, {})
  const ringing = bench.request()
  bench.request({ method: 'OPTIONS' })
  bench.nowMs += 100_000
  bench.answer(ringing, '180 Ringing')
  bench.nowMs += 80_000
  bench.spans.sweep()
  assert.deepEqual(
    bench.ended.map(({ name, status, attributes }) => [name, status.code, attributes['error.type']]),
    [['OPTIONS', SpanStatusCode.ERROR, 'no-answer']],
  )
  bench.nowMs += 100_000
  bench.spans.sweep()
  assert.equal(bench.ended.length, 2)
})

test('what is under way when the gateway stops is told as that', (t) => {
  const bench = new Bench(t, {})
  bench.request()
  bench.spans.stop()
  assert.equal(bench.ended[0]!.attributes['error.type'], 'shutdown')
})

test('a connection that closes ends its requests at once, for its cause, and no others', (t) => {
  const bench = new Bench(t, {})
  const other = liveFacts()
  for (const method of ['INVITE', 'OPTIONS']) bench.request({ method })
  bench.request({ method: 'MESSAGE' }, other)
  bench.close(liveFacts(), 'idle')
  assert.equal(bench.ended.length, 0)
  bench.close(bench.phone, 'peer-reset')
  assert.deepEqual(
    bench.ended.map(({ name, status, attributes }) => [name, status, attributes['error.type']]),
    ['INVITE', 'OPTIONS'].map((name) => [
      name,
      { code: SpanStatusCode.ERROR, message: 'no final response: the peer reset the connection' },
      'peer-reset',
    ]),
  )
  bench.close(bench.phone, 'peer-reset')
  bench.close(other, 'idle')
  assert.equal(bench.ended.length, 3)
})

test('one connection takes a tenth of the places at most, and has them again when it closes', (t) => {
  const bench = new Bench(t, {})
  for (let i = 0; i < 1001; i++) bench.request()
  assert.equal(bench.spans.dropped, 1)
  bench.answer(bench.request({}, liveFacts()), '200 OK') // of another: still under way
  bench.close(bench.phone, 'peer-closed')
  assert.equal(bench.ended.length, 1000)
  bench.answer(bench.request(), '200 OK')
  assert.equal(bench.ended.length, 1001)
  assert.equal(bench.spans.dropped, 1)
})

test('a call has all its spans or none, and the share is kept', (t) => {
  const bench = new Bench(t, { share: 0.25 })
  const calls = 2000
  for (let i = 0; i < calls; i++) {
    for (const method of ['INVITE', 'BYE']) bench.answer(bench.request({ method, callId: `call-${i}@h` }), '200 OK')
  }
  const perCall = new Map<string, number>()
  for (const span of bench.ended) {
    const { traceId } = span.spanContext()
    perCall.set(traceId, (perCall.get(traceId) ?? 0) + 1)
  }
  assert.deepEqual([...new Set(perCall.values())], [2])
  // 4 standard deviations
  assert.ok(Math.abs(perCall.size / calls - 0.25) < 0.04, `${perCall.size} of ${calls} calls`)
})

test('the sampler of the SDK chooses among those, independently', (t) => {
  const bench = new Bench(t, { share: 0.5, sampler: new tracing.TraceIdRatioBasedSampler(0.5) })
  const calls = 2000
  for (let i = 0; i < calls; i++) bench.answer(bench.request({ callId: `call-${i}@h` }), '200 OK')
  assert.ok(Math.abs(bench.ended.length / calls - 0.25) < 0.04, `${bench.ended.length} of ${calls} calls`)
})

test('too many at a time are counted and not begun, and there is room again when some have ended', (t) => {
  const bench = new Bench(t, {})
  const others = Array.from({ length: 10 }, () => liveFacts())
  const requests = [
    bench.request(),
    ...Array.from({ length: 9999 }, (_, i) => bench.request({}, others[i % others.length])),
  ]
  bench.request()
  bench.request()
  assert.equal(bench.spans.dropped, 2)
  bench.answer(requests[0]!, '200 OK')
  bench.answer(bench.request(), '200 OK')
  assert.equal(bench.ended.length, 2)
  assert.equal(bench.spans.dropped, 2)
})

test('a method that nobody registered does not name spans, and what a peer makes long is cut', (t) => {
  const bench = new Bench(t, {})
  bench.answer(bench.request({ method: 'M'.repeat(1000), callId: 'c'.repeat(1000) }), '200 OK')
  const span = bench.ended[0]!
  assert.equal(span.name, 'other')
  assert.equal(String(span.attributes['sip.method']).length, 255)
  assert.equal(String(span.attributes['sip.call_id']).length, 255)
})

test('what can be told from no other has no span: without Call-ID, without Via', (t) => {
  const bench = new Bench(t, {})
  const request = sipRequest({ body: 'Call-ID: in-the-body\r\n' })
  for (const line of [/Call-ID: [^i].*\r\n/, /Via: .*\r\n/]) bench.see(bench.phone, 'in', changed(request, line, ''))
  bench.spans.stop()
  assert.equal(bench.ended.length, 0)
})
