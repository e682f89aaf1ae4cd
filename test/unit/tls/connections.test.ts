import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { addressKey } from '../../../src/tls/address-counts.js'
import type { Connection } from '../../../src/tls/connection.js'
import { Connections } from '../../../src/tls/connections.js'
import { parse } from '../config/parsing.js'

test('IPv4 addresses are counted one by one', () => {
  assert.equal(addressKey('192.0.2.1'), '192.0.2.1')
})

test('IPv6 addresses are counted by their /64, however they are written', () => {
  for (const ip of [
    '2001:db8:0:7::',
    '2001:db8:0:7::1',
    '2001:db8:0:7:8:9:a:b',
    '2001:db8::7:ffff:0:0:1',
    '2001:db8:0:7:0:0:0:1',
  ]) {
    assert.equal(addressKey(ip), '2001:db8:0:7::/64', ip)
  }
  for (const [ip, key] of [
    ['::1', '::/64'],
    ['::', '::/64'],
    ['2001:db8::', '2001:db8::/64'],
    ['2001:db8::1', '2001:db8::/64'],
    ['fe80::1:2:3:4:5', 'fe80:0:0:1::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ] as const) {
    assert.equal(addressKey(ip), key, ip)
  }
})

/** An established connection that names these domains. */
function establish(connections: Connections, side: 'edge' | 'core', domains: string[]): ConnectionFacts {
  const facts = connections.newFacts('in', 'tls', side, undefined, { ip: '192.0.2.1', port: 50_000 })
  facts.peerIdentities = domains
  const connection = { facts } as Connection
  connections.opened(connection)
  assert.equal(facts.trusted, undefined)
  connections.established(connection)
  return facts
}

test('trusted are our own side and the peers whose certificate names a trusted domain, in whole', () => {
  const connections = limited('', 'trust: { domains: [a.example, b.example] }')
  for (const [domains, trusted] of [
    [['a.example'], true],
    [['x.example', 'b.example'], true],
    [[], false],
    [['sub.a.example', '*.example', 'example'], false],
  ] as const) {
    assert.equal(establish(connections, 'edge', [...domains]).trusted, trusted, String(domains))
  }
  assert.equal(establish(connections, 'core', []).trusted, true)
})

test('a new list of trusted domains counts for open connections too', () => {
  const connections = limited('', 'trust: { domains: [a.example] }')
  const [a, b] = [establish(connections, 'edge', ['a.example']), establish(connections, 'edge', ['b.example'])]
  assert.deepEqual([a.trusted, b.trusted], [true, false])
  connections.trustDomains = ['b.example']
  assert.deepEqual([a.trusted, b.trusted], [false, true])
  assert.equal(establish(connections, 'edge', ['b.example']).trusted, true)
})

function limited(limits: string, more = ''): Connections {
  const config = parse(`limits: { ${limits} }\n${more}`)
  const connections = new Connections(config, () => String(++ids))
  connections.stop()
  return connections
}
let ids = 0

/** As far as the limits look at one. */
function arrive(connections: Connections, ip: string): Connection {
  const facts: ConnectionFacts = connections.newFacts('in', 'tls', 'edge', undefined, { ip, port: 50_000 })
  const connection = { facts } as Connection
  connections.opened(connection)
  return connection
}

test('a limit per address is one per IPv6 customer, and one that left makes room', () => {
  const connections = limited('max_connections_per_address: 2')
  const first = arrive(connections, '2001:db8::1')
  arrive(connections, '2001:db8::2')
  assert.equal(connections.exceededFor('2001:db8::2'), undefined)
  arrive(connections, '2001:db8::3')
  const reason = connections.exceededFor('2001:db8::3')
  assert.equal(reason?.cause, 'limit-reached')
  assert.match(reason.message, /max_connections_per_address \(2\) .* 2001:db8::\/64$/)
  assert.equal(connections.exceededFor('2001:db8:0:1::3'), undefined)
  connections.closed(first)
  connections.closed(first)
  assert.equal(connections.exceededFor('2001:db8::3'), undefined)
})

test('behind a load balancer the limit per address is about the real client', () => {
  const connections = limited('max_connections_per_address: 1')
  const balancer = { ip: '192.0.2.7', port: 1 }
  for (const ip of ['203.0.113.1', '203.0.113.2']) {
    const { facts } = arrive(connections, balancer.ip)
    facts.peer = { ip, port: 50_000 }
    connections.renamed(balancer, facts.peer)
    assert.equal(connections.exceededFor(ip), undefined)
  }
  arrive(connections, '203.0.113.2')
  assert.notEqual(connections.exceededFor('203.0.113.2'), undefined)
  assert.equal(connections.exceededFor(balancer.ip), undefined)
})

test('handshakes under way have a limit of their own', () => {
  const connections = limited('max_connections: 3, max_handshakes: 1')
  const first = arrive(connections, '192.0.2.1')
  arrive(connections, '192.0.2.2')
  assert.match(connections.exceeded()!.message, /max_handshakes \(1\)/)
  connections.established(first)
  assert.equal(connections.exceeded(), undefined)
  assert.deepEqual([connections.open, connections.inHandshake], [1, 1])
  arrive(connections, '192.0.2.3')
  arrive(connections, '192.0.2.4')
  assert.match(connections.exceeded()!.message, /max_connections \(3\)/)
})

test('one address has at most a quarter of the handshakes, so that it cannot keep others out', () => {
  const connections = limited('max_handshakes: 80')
  for (let i = 0; i < 20; i++) arrive(connections, '192.0.2.1')
  assert.equal(connections.exceededFor('192.0.2.1'), undefined)
  const late = arrive(connections, '192.0.2.1')
  assert.match(connections.exceededFor('192.0.2.1')!.message, /192\.0\.2\.1 has 20 handshakes under way/)
  assert.equal(connections.exceededFor('192.0.2.2'), undefined)
  connections.established(late)
  assert.equal(connections.exceededFor('192.0.2.1'), undefined)
})

test('an accepted connection knows the socket of the configuration it came in by, others have none', () => {
  const connections = limited('')
  const peer = { ip: '192.0.2.1', port: 50_000 }
  const accepted = connections.newFacts('in', 'tls', 'edge', undefined, peer, 'tls:0.0.0.0:5061')
  const opened = connections.newFacts('out', 'tls', 'core', undefined, peer)
  assert.deepEqual([accepted.listener, opened.listener], ['tls:0.0.0.0:5061', undefined])
  assert.deepEqual(accepted.users, [])
  assert.notEqual(accepted.users, opened.users, 'each has its own')
})
