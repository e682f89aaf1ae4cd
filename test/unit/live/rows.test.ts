import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionDetail, connectionRow, stateOf } from '../../../src/live/connections/rows.js'
import { clientRandomLine } from '../trace/fakes.js'
import { certificate, closedOf, live } from './connections-made-up.js'

const around = { traced: true, inspection: undefined, events: [], messages: [], callIds: [] }

test('a row tells what the facts tell, in the words of the events', () => {
  const facts = live({
    peer: { ip: '2001:db8::7', port: 50412 },
    proxiedBy: { ip: '10.0.0.1', port: 4711 },
    users: ['alice@example.com'],
  })
  const row = connectionRow(facts, true)
  assert.equal(row.conn_id, facts.id)
  assert.equal(row.peer, '[2001:db8::7]:50412')
  assert.equal(row.proxied_by, '10.0.0.1:4711')
  assert.equal(row.opened_at, '2027-01-15T08:00:00.000Z')
  assert.equal(row.ja4, facts.hello?.ja4)
  assert.deepEqual([row.tls_version, row.tls_cipher, row.verify], ['TLSv1.3', 'TLS_AES_256_GCM_SHA384', 'ok'])
  assert.deepEqual([row.bytes_in, row.bytes_out, row.msgs_in, row.msgs_out], [1000, 2000, 3, 4])
  assert.deepEqual(row.peer_certificate, {
    subject: '/C=DE/O=Example/CN=phone.example.com',
    issuer: '/O=Example/CN=Example CA',
    serial: '0A1B2C',
    san: certificate('phone.example.com').san,
    not_before: '2026-01-01T00:00:00Z',
    not_after: '2027-01-01T00:00:00Z',
    sha256: 'ab'.repeat(32),
  })
  assert.deepEqual([row.state, row.traced, row.users, row.closed], ['open', true, ['alice@example.com'], undefined])
})

test('a row does not change when the connection does', () => {
  const facts = live()
  const row = connectionRow(facts, false)
  facts.users.push('bob@example.com')
  assert.deepEqual(row.users, [])
})

test('a connection without TLS facts is in its handshake, a clear one when it is open', () => {
  assert.equal(stateOf(live({ tls: undefined })), 'handshake')
  assert.equal(stateOf(live({ transport: 'tcp', tls: undefined })), 'open')
  assert.equal(stateOf(live({ transport: 'tcp', tls: undefined, direction: 'out' })), 'handshake')
  assert.equal(stateOf(live({ transport: 'tcp', tls: undefined, direction: 'out', connectMs: 3 })), 'open')
  assert.equal(stateOf(live({ transport: 'udp', tls: undefined, direction: 'out' })), 'open')
  assert.equal(stateOf(closedOf(live({ tls: undefined }))), 'closed')
})

test('a closed row tells when, why and by whom', () => {
  const row = connectionRow(closedOf(live(), 'cert-expired', 1500), false)
  assert.deepEqual(row.closed, {
    at: '2027-01-15T08:00:01.500Z',
    cause: 'cert-expired',
    by: 'peer',
    message: 'the peer closed the connection',
    duration_ms: 1500,
  })
})

test('a detail has the chains of the socket, and the leaves where there is none', () => {
  const leaf = certificate('phone.example.com')
  const issuer = certificate('Example CA')
  const inspection = { ownChain: [], peerChain: [leaf, issuer], unsentBytes: 7, postponedMessages: 2, stuckMs: 40 }
  const detail = connectionDetail(live(), { ...around, inspection })
  assert.deepEqual(
    detail.peer_chain.map(({ subject }) => subject),
    [leaf.subject, issuer.subject],
  )
  assert.deepEqual(
    detail.own_chain.map(({ subject }) => subject),
    ['/C=DE/O=Example/CN=sip.example.com'],
  )
  assert.deepEqual(detail.queue, { unsent_bytes: 7, postponed_messages: 2, stuck_ms: 40 })
  assert.deepEqual(detail.hello?.versions, ['TLSv1.3', 'TLSv1.2'])

  const bare = connectionDetail(live({ peerCertificate: undefined }), around)
  assert.deepEqual([bare.peer_chain, bare.queue], [[], undefined])
})

test('neither row nor detail holds key material: a detail says only that there is some', () => {
  const facts = live()
  assert.ok(facts.keylog.includes(clientRandomLine))
  const detail = connectionDetail(facts, around)
  assert.equal(detail.has_keys, true)
  const secret = clientRandomLine.split(' ')[2]!
  assert.equal(JSON.stringify([detail, connectionRow(facts, true)]).includes(secret), false)
  assert.equal(connectionDetail(facts, { ...around, traced: false }).has_keys, false)
  assert.equal(connectionDetail(live({ keylog: [] }), around).has_keys, false)
})
