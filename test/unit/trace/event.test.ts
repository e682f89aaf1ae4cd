import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { unknownEndpoint } from '../../../src/base/address.js'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { eventFields, eventPayload, type TracedEvent } from '../../../src/trace/event.js'
import { repoRoot } from '../../support/paths.js'
import { certificate, clientRandomLine, connection, opening, startMicros, trafficSecretLine } from './fakes.js'

const names = ['ACCEPTED', 'CONNECT_START', 'CONNECTED', 'ERROR', 'CLOSED', 'STATS'] as const

/** TRACE §1: they break Homer's user interface when the payload becomes its data header. */
const forbidden =
  `id sid raw node dbnode profile create_date create_ts micro_ts srcIp dstIp srcPort dstPort protocol protocolFamily
  payloadType captureId capturePass correlation_id timeSeconds timeUseconds proto table callid`.split(/\s+/)

/** Everything that can be known at once, and more than one connection ever knows. */
function full(): ConnectionFacts {
  return connection({
    proxiedBy: { ip: '10.0.0.1', port: 4711 },
    relayedTo: '42',
    span: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
    connectMs: 3.5,
    closed: { cause: 'peer-reset', by: 'error', message: 'reset', durationMs: 61_000 },
  })
}

function event(changes: Partial<TracedEvent> = {}): TracedEvent {
  const facts = changes.facts ?? full()
  return {
    name: 'ACCEPTED',
    status: 'SUCCESS',
    cause: undefined,
    message: 'connection accepted',
    facts,
    seq: 1,
    micros: startMicros + 61_000_000,
    correlation: facts.id,
    record: 'connection',
    ...changes,
  }
}

function fields(changes: Partial<TracedEvent> = {}, secrets = true): Record<string, unknown> {
  return JSON.parse(eventPayload(event(changes), 'opensips', secrets).toString())
}

interface DocumentedKey {
  readonly key: string
  readonly where: string
}

function documented(): DocumentedKey[] {
  const text = readFileSync(`${repoRoot}docs/events.md`, 'utf8')
  const rows = text.slice(text.indexOf('## Fields')).matchAll(/^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|/gm)
  return [...rows].map(([, key, where]) => ({ key: key!, where: where!.trim() }))
}

function documentedFor(name: string, inCall: boolean): string[] {
  const holds = (where: string) =>
    where === 'all' || where.split(' ').includes(name) || (inCall && where.startsWith('records in the flow'))
  return documented().flatMap(({ key, where }) => (holds(where) ? [key] : []))
}

test('every event has exactly the documented fields, in the documented order', () => {
  for (const name of names) {
    const told = event({ name, cause: 'peer-reset', status: 'FAILURE' })
    assert.deepEqual(Object.keys(eventFields(told, true)), documentedFor(name, false), name)
    assert.deepEqual(Object.keys(eventFields({ ...told, correlation: 'a@h' }, true)), documentedFor(name, true), name)
  }
})

test('a tls-session record has the documented fields: of the certificates only the fingerprint of the peer', () => {
  for (const [direction, name, ours] of [
    ['in', 'ACCEPTED', 'server-sha256'],
    ['out', 'CONNECTED', 'client-sha256'],
  ] as const) {
    const told = event({ name, record: 'tls-session', correlation: 'a@h', facts: { ...full(), direction } })
    const expected = documentedFor('TLS_SESSION', true).filter((key) => key !== 'cause' && key !== ours)
    const found = eventFields(told, true)
    assert.deepEqual(Object.keys(found), expected)
    assert.equal(found.Event, 'TLS_SESSION')
    assert.equal(found.call_id, 'a@h')
    assert.equal(found.conn_id, told.facts.id)
    assert.equal(found.peer, '203.0.113.9:50412')
  }
})

test('no event uses a key that Homer trips over', () => {
  assert.equal(forbidden.length, 24)
  for (const name of names) {
    for (const correlation of ['1', 'a@h']) {
      const keys = Object.keys(eventFields(event({ name, correlation, cause: 'idle', status: 'FAILURE' }), true))
      assert.deepEqual(
        keys.filter((key) => forbidden.includes(key)),
        [],
      )
    }
  }
  assert.deepEqual(
    documented().filter(({ key }) => forbidden.includes(key)),
    [],
  )
})

test('a full ACCEPTED event, value by value', () => {
  const facts = { ...full(), id: '2252299864357336036' }
  const phone = certificate('phone.example.com')
  const ours = certificate('sip.example.com')
  assert.deepEqual(fields({ facts, correlation: facts.id, seq: 7 }), {
    Protocol: 'TLS',
    Event: 'ACCEPTED',
    Status: 'SUCCESS',
    Message: 'connection accepted',
    conn_id: '2252299864357336036',
    seq: 7,
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
    direction: 'in',
    side: 'edge',
    local: '192.0.2.1:5061',
    peer: '203.0.113.9:50412',
    proxied_by: '10.0.0.1:4711',
    relayed_to: '42',
    tls_domain: 'default',
    tls_version: 'TLSv1.3',
    tls_cipher: 'TLS_AES_256_GCM_SHA384',
    tls_sni: 'sip.example.com',
    tls_alpn: 'sip/2',
    tls_resumed: false,
    tls_group: 'X25519',
    tls_versions: 'TLSv1.3 TLSv1.2',
    tls_alpn_offered: 'sip/2 http/1.1',
    ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
    connect_ms: 3.5,
    handshake_ms: 12.4,
    verify: 'ok',
    verify_name: 'ok',
    trusted: true,
    peer_identities: 'phone.example.com',
    'client-subject': phone.subject,
    'client-issuer': phone.issuer,
    'client-serial': phone.serial,
    'client-san': phone.san,
    'client-not-before': phone.notBefore,
    'client-not-after': phone.notAfter,
    'client-sha256': phone.sha256,
    'server-subject': ours.subject,
    'server-issuer': ours.issuer,
    'server-serial': ours.serial,
    'server-san': ours.san,
    'server-not-before': ours.notBefore,
    'server-not-after': ours.notAfter,
    'server-sha256': ours.sha256,
    'master-key': '5e'.repeat(48),
    keylog: [clientRandomLine, trafficSecretLine],
  })
})

test('on a connection we open, we are the client', () => {
  const told = fields({ name: 'CONNECTED', facts: { ...full(), direction: 'out' } })
  assert.equal(told['client-subject'], '/C=DE/O=Example/CN=sip.example.com')
  assert.equal(told['server-subject'], '/C=DE/O=Example/CN=phone.example.com')
})

test('CLOSED tells traffic, length and who closed; STATS tells them so far', () => {
  const closed = fields({ name: 'CLOSED' })
  assert.equal(closed.closed_by, 'error')
  assert.equal(closed.cause, 'peer-reset')
  assert.equal(closed.duration_ms, 61_000)
  assert.deepEqual(
    ['bytes_in', 'bytes_out', 'msgs_in', 'msgs_out'].map((key) => closed[key]),
    [1000, 2000, 3, 4],
  )
  const stats = fields({ name: 'STATS', facts: connection(), micros: startMicros + 2_500_000 })
  assert.equal(stats.duration_ms, 2500)
  assert.equal('closed_by' in stats, false)
})

test('an orderly CLOSED says why too', () => {
  const closed = { cause: 'idle', by: 'timeout', message: 'no traffic', durationMs: 5 } as const
  const told = fields({ name: 'CLOSED', facts: connection({ closed }) })
  assert.equal(told.Status, 'SUCCESS')
  assert.equal(told.cause, 'idle')
})

test('what is not known is left out', () => {
  const facts = opening({ local: unknownEndpoint, direction: 'out' })
  assert.deepEqual(Object.keys(fields({ name: 'CONNECT_START', facts })), [
    'Protocol',
    'Event',
    'Status',
    'Message',
    'conn_id',
    'seq',
    'direction',
    'side',
    'peer',
  ])
})

test('whether the peer is trusted stands where its certificate does, and in the call', () => {
  const facts = connection({ trusted: false, peerIdentities: ['a.example', 'b.example'] })
  for (const name of ['ACCEPTED', 'CONNECTED', 'STATS'] as const) {
    const { trusted, peer_identities } = fields({ name, facts })
    assert.deepEqual([trusted, peer_identities], [false, 'a.example,b.example'], name)
  }
  const session = fields({ record: 'tls-session', correlation: 'a@h', facts })
  assert.deepEqual([session.trusted, session.peer_identities], [false, undefined])
  assert.equal('trusted' in fields({ name: 'CLOSED', facts }), false)
  const unverified = fields({ facts: connection({ trusted: false, peerIdentities: [] }) })
  assert.equal('peer_identities' in unverified, false)
})

test('a clear connection says TCP', () => {
  assert.equal(fields({ facts: opening({ transport: 'tcp' }) }).Protocol, 'TCP')
})

test('TLS 1.3 has no master key', () => {
  const told = fields({ facts: connection({ keylog: [trafficSecretLine] }) })
  assert.equal('master-key' in told, false)
  assert.deepEqual(told.keylog, [trafficSecretLine])
})

test('withheld key material leaves no octet of itself, in any event and form', () => {
  const secrets = ['5e'.repeat(8), '7a'.repeat(8), 'c1'.repeat(8)]
  for (const name of names) {
    for (const form of ['log', 'opensips'] as const) {
      for (const record of ['connection', 'tls-session'] as const) {
        const payload = eventPayload(event({ name, record }), form, false).toString()
        assert.ok(!secrets.some((secret) => payload.includes(secret)), `${name} ${form}`)
      }
    }
  }
  const told = fields({}, false)
  assert.equal(told['master-key'], 'withheld')
  assert.equal(told.keylog, 'withheld')
})

test('key material is in the record of a connection and nowhere else', () => {
  const carriers = names.filter((name) => 'keylog' in fields({ name }))
  assert.deepEqual(carriers, ['ACCEPTED', 'CONNECTED', 'STATS'])
  assert.equal('keylog' in fields({ record: 'tls-session', correlation: 'a@h' }), false)
})

test('the line for a person says how it went', () => {
  const line = (changes: Partial<TracedEvent>) => eventPayload(event(changes), 'log', true).toString().split('\n')[0]
  const facts = connection({ id: '17' })
  assert.equal(
    line({ facts, correlation: '17' }),
    'ACCEPTED SUCCESS TLSv1.3 TLS_AES_256_GCM_SHA384 sni=sip.example.com peer=203.0.113.9:50412 local=192.0.2.1:5061 verify=ok conn_id=17 12.4 ms',
  )
  assert.equal(
    line({
      facts: opening({ id: '18' }),
      correlation: '18',
      status: 'FAILURE',
      cause: 'no-shared-version',
      message: 'peer and we have no TLS version in common',
    }),
    'ACCEPTED FAILURE no-shared-version: peer and we have no TLS version in common peer=203.0.113.9:50412 local=192.0.2.1:5061 conn_id=18',
  )
  const closed = { cause: 'idle', by: 'timeout', message: 'no traffic', durationMs: 5 } as const
  assert.match(line({ name: 'CLOSED', facts: connection({ closed }) })!, / by=timeout .* after 5 ms$/)
  assert.match(line({ record: 'tls-session', correlation: 'a@h' })!, /^TLS_SESSION SUCCESS .* call_id=a@h 12\.4 ms$/)
})

test('the log form is that line, a line feed, and the JSON of the opensips form', () => {
  const told = event()
  const [line, json, ...rest] = eventPayload(told, 'log', true).toString().split('\n')
  assert.match(line!, /^ACCEPTED/)
  assert.equal(json, eventPayload(told, 'opensips', true).toString())
  assert.deepEqual(rest, [])
})

test('whatever a peer puts into its names, the payload is valid UTF-8 without control characters', () => {
  const hostile = 'a\u0000b\r\nc\u001b[31m\ud800d\u007f"\\😀é'
  const told = event({
    message: hostile,
    correlation: hostile,
    facts: connection({
      sni: hostile,
      peerCertificate: { ...certificate('x'), subject: hostile, san: hostile },
      keylog: [hostile],
    }),
  })
  for (const form of ['log', 'opensips'] as const) {
    const payload = eventPayload(told, form, true)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload)
    assert.equal([...payload].filter((octet) => octet < 0x20 || octet === 0x7f).length, form === 'log' ? 1 : 0)
    assert.equal(/\\u0000|\\ud800/.test(text), false, 'escapes that PostgreSQL refuses')
    const json = JSON.parse(text.slice(text.indexOf('{')))
    assert.equal(json.tls_sni, 'a�b��c�[31m�d�"\\😀é')
  }
})
