/** The log of messages: a line each at debug, without bodies and users; at other levels nobody even listens. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { channels, publishReceived, publishSent } from '../../../src/base/channels.js'
import type { LogLevel } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import { MessageLog } from '../../../src/telemetry/log/message-log.js'
import { connection } from '../trace/fakes.js'
import { RecordedLogs } from './logs.js'

const body = 'v=0\r\nCall-ID: not-this\r\na=crypto:1 secret\r\n'
const invite = Buffer.from(
  'INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS a.example;branch=z9hG4bK1\r\n' +
    'From: "Alice" <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1@a.example\r\n' +
    `CSeq: 1 INVITE\r\nAuthorization: Digest response="0123"\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
)
const ringing = Buffer.from(
  'SIP/2.0 180 Ringing\r\nCall-ID: 1@a.example\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n',
)

/** As a framer tells it. */
function callIdPlace(buf: Buffer): [start: number, end: number] {
  const at = buf.indexOf('Call-ID: ')
  return at < 0 ? [0, 0] : [at + 'Call-ID: '.length, buf.indexOf('\r\n', at)]
}

function scene(t: TestContext, level: LogLevel) {
  const logs = new RecordedLogs({ sip: level })
  const log = new MessageLog(logs, new Observers(logs.of('telemetry')))
  t.after(() => log.stop())
  return { logs, log }
}

test('at debug: one line for each message, with what finds its call', (t) => {
  const { logs } = scene(t, 'debug')
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
  const facts = connection({ span })
  const around = Buffer.concat([Buffer.from('BYE '), invite, Buffer.from('ACK ')])
  publishReceived(facts, around, 4, 4 + invite.length, ...callIdPlace(around))
  publishSent(facts, ringing, 0, ringing.length, ...callIdPlace(ringing), performance.now() - 5)
  const [received, sent] = logs.lines
  assert.deepEqual(received, {
    component: 'sip',
    level: 'debug',
    message: 'message received',
    fields: {
      conn_id: facts.id,
      trace_id: span.traceId,
      span_id: span.spanId,
      transport: 'tls',
      peer: '203.0.113.9:50412',
      status: undefined,
      method: 'INVITE',
      call_id: '1@a.example',
      bytes: invite.length,
      held_ms: undefined,
    },
  })
  assert.equal(sent?.message, 'message sent')
  const { status, method, call_id, held_ms } = sent?.fields ?? {}
  assert.deepEqual([status, method, call_id], [180, 'INVITE', '1@a.example'])
  assert.ok(typeof held_ms === 'number' && held_ms >= 5 && held_ms < 5000, String(held_ms))
})

test('no line holds the body, who calls whom, or credentials', (t) => {
  const { logs } = scene(t, 'debug')
  publishReceived(connection(), invite, 0, invite.length, ...callIdPlace(invite))
  const line = JSON.stringify(logs.lines)
  for (const secret of ['crypto', 'alice', 'bob', 'Digest', 'not-this']) assert.equal(line.includes(secret), false)
})

test('at any other level nobody listens, and a change of the level is taken at once', (t) => {
  const { logs, log } = scene(t, 'info')
  assert.equal(channels.message.hasSubscribers, false)
  logs.setLevel('sip', 'debug')
  log.refresh()
  log.refresh()
  publishReceived(connection(), invite, 0, invite.length, ...callIdPlace(invite))
  assert.equal(logs.lines.length, 1)
  logs.setLevel('sip', 'warn')
  log.refresh()
  assert.equal(channels.message.hasSubscribers, false)
})

test('whatever the bytes, there is a line, and it is short', (t) => {
  const { logs } = scene(t, 'debug')
  const long = Buffer.from(`${'M'.repeat(5000)} sip:a SIP/2.0\r\nCall-ID: ${'c'.repeat(5000)}\r\n\r\n`)
  for (const bytes of [long, Buffer.from('\x00\xff'), Buffer.alloc(0)])
    publishReceived(connection(), bytes, 0, bytes.length, ...callIdPlace(bytes))
  assert.equal(logs.lines.length, 3)
  assert.ok(JSON.stringify(logs.lines[0]).length < 1000)
})
