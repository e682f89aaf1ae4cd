import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownEndpoint } from '../../../src/base/address.js'
import type { ConnectionFacts, TlsFacts } from '../../../src/base/facts.js'
import { type Value, variables } from '../../../src/trace/filter/variables.js'
import { certificate, clientRandomLine, connection, opening } from './fakes.js'

function read(name: string, facts: ConnectionFacts = connection()): Value {
  const variable = variables.get(name)
  return variable === undefined ? assert.fail(`no $${name}`) : variable.read(facts)
}

function withTls(changes: Partial<TlsFacts>): ConnectionFacts {
  return connection({ tls: { ...connection().tls!, ...changes } })
}

test('all names of OpenSIPS that a filter route reads are there', () => {
  const certificates = ['peer', 'my'].flatMap((who) => [
    ...['subject', 'issuer'].flatMap((field) =>
      ['', '_cn', '_locality', '_country', '_state', '_organization', '_unit'].map(
        (part) => `tls_${who}_${field}${part}`,
      ),
    ),
    ...['hostname', 'uri', 'email', 'ip'].map((kind) => `tls_${who}_san_${kind}`),
    `tls_${who}_serial`,
  ])
  const peer = ['verified', 'revoked', 'expired', 'selfsigned', 'notBefore', 'notAfter'].map(
    (name) => `tls_peer_${name}`,
  )
  const others =
    'si sp pr proto socket_in(ip) socket_in(port) socket_in(proto) Ri Rp tls_version tls_cipher_info tls_cipher_bits tls_sni'
  for (const name of [...others.split(' '), ...certificates, ...peer]) assert.ok(variables.has(name), name)
})

test('what an accepted connection shows', () => {
  const expected: Record<string, Value> = {
    si: '203.0.113.9',
    sp: 50412,
    pr: 'tls',
    proto: 'tls',
    socket_in: 'tls:192.0.2.1:5061',
    'socket_in(ip)': '192.0.2.1',
    'socket_in(port)': 5061,
    'socket_in(proto)': 'tls',
    Ri: '192.0.2.1',
    Rp: 5061,
    tls_version: 'TLSv1.3',
    tls_cipher_info: 'TLS_AES_256_GCM_SHA384',
    tls_cipher_bits: 256,
    tls_sni: 'sip.example.com',
    tls_alpn: 'sip/2',
    tls_group: 'X25519',
    tls_resumed: 0,
    tls_domain: 'default',
    tls_ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
    tls_peer_subject: '/C=DE/O=Example/CN=phone.example.com',
    tls_peer_subject_cn: 'phone.example.com',
    tls_peer_subject_country: 'DE',
    tls_peer_subject_organization: 'Example',
    tls_peer_subject_unit: undefined,
    tls_peer_issuer: '/O=Example/CN=Example CA',
    tls_peer_issuer_cn: 'Example CA',
    tls_peer_serial: '0A1B2C',
    tls_peer_san_hostname: 'phone.example.com',
    tls_peer_san_uri: 'sip:phone.example.com',
    tls_peer_san_email: 'admin@phone.example.com',
    tls_peer_san_ip: '192.0.2.7',
    tls_peer_notBefore: '2026-01-01T00:00:00Z',
    tls_peer_notAfter: '2027-01-01T00:00:00Z',
    tls_peer_sha256: 'ab'.repeat(32),
    tls_my_subject_cn: 'sip.example.com',
    tls_peer_verified: 1,
    tls_peer_expired: 0,
    tls_peer_revoked: 0,
    tls_peer_selfsigned: 0,
    tls_peer_identities: 'phone.example.com',
    tls_trusted: 1,
    direction: 'in',
    side: 'edge',
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(read(name), value, name)
})

test('before the handshake, and without certificates, everything of TLS is null', () => {
  const facts = opening({ local: unknownEndpoint })
  for (const name of variables.keys()) {
    if (/^(tls_|socket_in$|socket_in\((ip|port)|R)/.test(name)) assert.equal(read(name, facts), undefined, name)
  }
})

test('who the peer is, and whether it is trusted', () => {
  const facts = connection({ peerIdentities: ['a.example', 'b.example'], trusted: false })
  assert.equal(read('tls_peer_identities', facts), 'a.example,b.example')
  assert.equal(read('tls_trusted', facts), 0)
})

test('verdicts on the certificate of the peer', () => {
  for (const [verify, ones] of [
    ['none', []],
    ['CERT_HAS_EXPIRED', ['expired']],
    ['CERT_REVOKED', ['revoked']],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', ['selfsigned']],
    ['SELF_SIGNED_CERT_IN_CHAIN', ['selfsigned']],
  ] as const) {
    const facts = withTls({ verify })
    const found = ['verified', 'expired', 'revoked', 'selfsigned'].filter(
      (name) => read(`tls_peer_${name}`, facts) === 1,
    )
    assert.deepEqual(found, ones, verify)
  }
})

test('key lengths by the names of ciphers', () => {
  for (const [cipher, bits] of [
    ['TLS_AES_128_GCM_SHA256', 128],
    ['ECDHE-RSA-AES256-GCM-SHA384', 256],
    ['ECDHE-ECDSA-CHACHA20-POLY1305', 256],
    ['ECDHE-ARIA128-GCM-SHA256', 128],
    ['DES-CBC3-SHA', 112],
    ['NULL-SHA256', undefined],
  ] as const) {
    assert.equal(read('tls_cipher_bits', withTls({ cipher })), bits, cipher)
  }
})

test('a name with escaped separators cannot pass for another attribute', () => {
  const subject = (text: string) => connection({ peerCertificate: { ...certificate('x'), subject: text } })
  assert.equal(read('tls_peer_subject_cn', subject('/O=evil\\/CN=trunk/CN=phone')), 'phone')
  assert.equal(read('tls_peer_subject_organization', subject('/O=a\\/b\\+c/CN=phone')), 'a/b+c')
  assert.equal(read('tls_peer_subject_cn', subject('/O=a+CN=phone/2.5.4.97=X')), 'phone')
  assert.equal(read('tls_peer_subject_cn', subject('/CN=')), undefined)
})

test('no variable reads key material', () => {
  const facts = connection()
  for (const name of variables.keys())
    assert.ok(!String(read(name, facts)).includes(clientRandomLine.slice(14, 30)), name)
})

test('a name inside a certificate does not pass for another', () => {
  const facts = connection({
    peerCertificate: { ...certificate('x'), subject: '/O=a\\\\/CN=b\\/CN=c', san: 'URI:u\\, DNS:x, DNS:y\\\\, DNS:z' },
  })
  assert.equal(read('tls_peer_subject_organization', facts), 'a\\')
  assert.equal(read('tls_peer_subject_cn', facts), 'b/CN=c')
  assert.equal(read('tls_peer_san_uri', facts), 'u, DNS:x')
  assert.equal(read('tls_peer_san_hostname', facts), 'y\\')
})
