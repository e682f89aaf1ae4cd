/** The log of connections: a line for what failed, one more for what opens and closes at debug, and never a key. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { publishConnection } from '../../../src/base/channels.js'
import type { ConnectionEvent, ConnectionFacts } from '../../../src/base/facts.js'
import type { LogLevel } from '../../../src/base/log.js'
import { Observers } from '../../../src/base/observers.js'
import { ConnectionLog } from '../../../src/telemetry/log/connection-log.js'
import { connection } from '../trace/fakes.js'
import { type Line, RecordedLogs } from './logs.js'

function scene(t: TestContext, level: LogLevel) {
  const logs = new RecordedLogs({ tls: level })
  const log = new ConnectionLog(logs, new Observers(logs.of('telemetry')))
  t.after(() => log.stop())
  return { logs, log }
}

function publish(name: ConnectionEvent['name'], facts: ConnectionFacts, failed?: Partial<ConnectionEvent>): void {
  publishConnection({ name, status: 'SUCCESS', cause: undefined, message: 'a message', facts, ...failed })
}

const refused = { status: 'FAILURE', cause: 'no-shared-cipher', message: 'a better sentence' } as const
const said = ({ component, level, message }: Line) => `${component} ${level} ${message}`

test('at info: what failed, with its cause in the sentence', (t) => {
  const { logs } = scene(t, 'info')
  const facts = connection()
  publish('CONNECT_START', facts)
  publish('ACCEPTED', facts)
  publish('CONNECTED', facts)
  publish('STATS', facts)
  publish('ACCEPTED', facts, refused)
  publish('CONNECTED', facts, { ...refused, cause: 'peer-alert-99' })
  publish('ERROR', facts, { ...refused, cause: 'bad-sip' })
  publish('CLOSED', facts, { ...refused, cause: 'bad-sip' })
  assert.deepEqual(logs.lines.map(said), [
    'tls info a connection was not accepted: peer and we have no cipher in common',
    'tls info a connection could not be opened: the peer ended the handshake with a TLS alert: 99',
    'tls info a connection broke off: what the peer sent is not SIP',
  ])
  assert.deepEqual(logs.lines[0]?.fields, {
    conn_id: facts.id,
    transport: 'tls',
    peer: '203.0.113.9:50412',
    tls_domain: 'default',
    tls_sni: 'sip.example.com',
    tls_versions: ['TLSv1.3', 'TLSv1.2'],
    relayed_to: undefined,
    cause: 'no-shared-cipher',
    reason: 'a better sentence',
  })
})

test('at debug: each that opens and closes too', (t) => {
  const { logs } = scene(t, 'debug')
  const facts = connection()
  publish('CONNECT_START', facts)
  publish('ACCEPTED', facts)
  publish('CONNECTED', facts)
  publish('STATS', facts)
  facts.closed = { cause: 'peer-closed', by: 'peer', message: 'the peer closed the connection', durationMs: 12 }
  publish('CLOSED', facts, { cause: 'peer-closed' })
  assert.deepEqual(logs.lines.map(said), [
    'tls debug connection accepted',
    'tls debug connection opened',
    'tls debug connection closed',
  ])
  const { tls_version, tls_cipher, handshake_ms } = logs.lines[0]!.fields
  assert.deepEqual([tls_version, tls_cipher, handshake_ms], ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 12.4])
  const { closed_by, cause, duration_ms, msgs_in } = logs.lines[2]!.fields
  assert.deepEqual([closed_by, cause, duration_ms, msgs_in], ['peer', 'peer-closed', 12, 3])
})

test('lines of a connection whose span is recorded carry its ids', (t) => {
  const { logs } = scene(t, 'debug')
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
  publish('ACCEPTED', connection({ span }))
  publish('CLOSED', connection({ span }))
  for (const { fields } of logs.lines) {
    assert.deepEqual([fields.trace_id, fields.span_id], [span.traceId, span.spanId])
  }
})

test('no line holds key material', (t) => {
  const { logs } = scene(t, 'debug')
  const facts = connection()
  for (const name of ['ACCEPTED', 'CONNECTED', 'ERROR', 'CLOSED'] as const) {
    publish(name, facts)
    publish(name, facts, refused)
  }
  assert.ok(logs.lines.length > 0)
  for (const line of facts.keylog) {
    const secret = line.split(' ')[2]!
    assert.equal(JSON.stringify(logs.lines).includes(secret), false)
  }
})

test('stopped, it hears nothing', (t) => {
  const { logs, log } = scene(t, 'debug')
  log.stop()
  publish('ACCEPTED', connection())
  assert.deepEqual(logs.lines, [])
})
