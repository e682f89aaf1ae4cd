import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Side, Transport } from '../../../src/base/facts.js'
import type { HostPort } from '../../../src/config/types.js'
import { OwnAddresses, type OwnSocket } from '../../../src/relay/own-addresses.js'

const interfaces = ['127.0.0.1', '192.0.2.1', '::1', '2001:db8::1']

function socket(side: Side, transport: Transport, ip: string, port: number, advertise?: HostPort): OwnSocket {
  const text = `${transport}:${ip}:${port}`
  return {
    config: { text, transport, ip, port, advertise, side, relay: 'edge', proxy_protocol: [] },
    address: { ip, port },
  }
}

const own = (...sockets: OwnSocket[]): OwnAddresses => new OwnAddresses(sockets, interfaces)
const advertised = { host: 'SIP.example.com', port: 5061 }

describe('a URI is ours', () => {
  const addresses = own(
    socket('edge', 'tls', '0.0.0.0', 5061, advertised),
    socket('core', 'tcp', '10.0.0.4', 5060),
    socket('core', 'udp', '2001:db8::1', 5070),
  )
  const cases: [uri: string, host: string, port: number, transport: Transport | undefined, secure: boolean][] = [
    ['by the advertised name', 'sip.example.com', 5061, 'tls', false],
    ['by the advertised name, as a fully qualified one', 'sip.example.com.', 5061, 'tls', false],
    ['by an address of the wildcard socket', '192.0.2.1', 5061, 'tls', false],
    ['by the address of a socket', '10.0.0.4', 5060, 'tcp', false],
    ['by an IPv6 address', '2001:db8::1', 5070, 'udp', false],
    ['by another spelling of it', '2001:db8:0::0001', 5070, 'udp', false],
    ['without a transport', '10.0.0.4', 5060, undefined, false],
    ['without a transport, by the port of TLS', 'sip.example.com', 5061, undefined, false],
    ['without a port, by the default of TLS', 'sip.example.com', 0, 'tls', false],
    ['without a port, by the default of sips', 'sip.example.com', 0, undefined, true],
    ['without a port, by the default of TCP', '10.0.0.4', 0, 'tcp', false],
    ['without port and transport, by TLS', 'sip.example.com', 0, undefined, false],
    ['without port and transport, by TCP', '10.0.0.4', 0, undefined, false],
    ['as sips with transport=tcp', 'sip.example.com', 5061, 'tcp', true],
    ['as our own Record-Route towards the core of a sips call', '10.0.0.4', 5060, 'tcp', true],
  ]
  for (const [name, host, port, transport, secure] of cases) {
    it(name, () => assert.equal(addresses.isOurs(host, port, transport, secure), true))
  }
})

describe('a URI is not ours', () => {
  const addresses = own(socket('edge', 'tls', '0.0.0.0', 5061, advertised), socket('core', 'tcp', '10.0.0.4', 5060))
  const cases: [uri: string, host: string, port: number, transport: Transport | undefined, secure: boolean][] = [
    ['by a name that is not advertised', 'example.com', 5061, 'tls', false],
    ['by another port', 'sip.example.com', 5062, 'tls', false],
    ['by another transport', 'sip.example.com', 5061, 'tcp', false],
    ['by the default port of another transport', 'sip.example.com', 0, 'tcp', false],
    ['by an IPv6 address where the socket is for IPv4', '2001:db8::1', 5061, 'tls', false],
    ['by an address that is not of this machine', '192.0.2.2', 5061, 'tls', false],
    ['by the wildcard itself', '0.0.0.0', 5061, 'tls', false],
    ['by an address of another socket', '192.0.2.1', 5060, 'tcp', false],
    ['without a port, by the default of sips', '10.0.0.4', 0, undefined, true],
  ]
  for (const [name, host, port, transport, secure] of cases) {
    it(name, () => assert.equal(addresses.isOurs(host, port, transport, secure), false))
  }

  it('whatever its host is, and nothing is thrown', () => {
    const host = fc.oneof(fc.string(), fc.ipV6(), fc.constantFrom('::', 'fe80::1%eth0', '::ffff:198.51.100.1', '.', ''))
    fc.assert(fc.property(host, (text) => assert.equal(addresses.isOurs(text, 7, undefined, false), false)))
  })
})

describe('our own addresses', () => {
  it('of `::` are IPv4 and IPv6', () => {
    const addresses = own(socket('edge', 'tls', '::', 5061))
    for (const ip of interfaces) assert.ok(addresses.isOurs(ip, 5061, 'tls', false), ip)
    assert.ok(addresses.isOurs('::ffff:192.0.2.1', 5061, 'tls', false))
  })

  it('follow tls_port where a URI names none', () => {
    const addresses = new OwnAddresses([socket('edge', 'tls', '192.0.2.1', 15061)], interfaces, 15061)
    assert.ok(addresses.isOurs('192.0.2.1', 0, 'tls', false))
    assert.ok(addresses.isOurs('192.0.2.1', 0, undefined, true))
    assert.ok(addresses.isOurs('192.0.2.1', 0, undefined, false))
    assert.ok(!addresses.isOurs('192.0.2.1', 5061, 'tls', false))
  })

  it('have the port that was bound, where any was asked for', () => {
    const written = socket('edge', 'tls', '127.0.0.1', 0, { host: 'sip.example.com', port: 0 })
    const addresses = own({ ...written, address: { ip: '127.0.0.1', port: 40001 } })
    assert.ok(addresses.isOurs('127.0.0.1', 40001, 'tls', false))
    assert.ok(addresses.isOurs('sip.example.com', 40001, 'tls', false))
    assert.deepEqual(addresses.at('edge', 'tls', { ip: '127.0.0.1', port: 40001 }), {
      host: 'sip.example.com',
      port: 40001,
    })
  })

  it('of this machine are those of its interfaces', () => {
    const addresses = new OwnAddresses([socket('edge', 'tls', '0.0.0.0', 5061)])
    assert.ok(addresses.isOurs('127.0.0.1', 5061, 'tls', false))
  })
})

describe('a peer reaches us', () => {
  const outgoing = { ip: '192.0.2.1', port: 50123 }

  it('at the advertised address of the socket it came in on', () => {
    const addresses = own(
      socket('edge', 'tls', '192.0.2.1', 5061, { host: 'one.example.com', port: 5061 }),
      socket('edge', 'tls', '192.0.2.1', 5062, { host: 'two.example.com', port: 443 }),
    )
    assert.deepEqual(addresses.at('edge', 'tls', { ip: '192.0.2.1', port: 5062 }), {
      host: 'two.example.com',
      port: 443,
    })
  })

  it('at the address of its connection, where the socket is for all', () => {
    for (const [ip, local] of [
      ['0.0.0.0', '192.0.2.1'],
      ['::', '192.0.2.1'],
      ['::', '2001:db8::1'],
    ] as const) {
      assert.deepEqual(own(socket('edge', 'tls', ip, 5061)).at('edge', 'tls', { ip: local, port: 5061 }), {
        host: local,
        port: 5061,
      })
    }
  })

  it('at a socket, not at the port of an outgoing connection', () => {
    const addresses = own(socket('core', 'tcp', '0.0.0.0', 5060), socket('edge', 'tls', '0.0.0.0', 5061))
    assert.deepEqual(addresses.at('core', 'tcp', outgoing), { host: '192.0.2.1', port: 5060 })
    assert.deepEqual(addresses.at('edge', 'tls', outgoing), { host: '192.0.2.1', port: 5061 })
  })

  it('at the socket of the same address, where several might do', () => {
    const addresses = own(
      socket('edge', 'tls', '198.51.100.1', 5061),
      socket('edge', 'tls', '0.0.0.0', 5062),
      socket('edge', 'tls', '192.0.2.1', 5063),
    )
    assert.deepEqual(addresses.at('edge', 'tls', outgoing), { host: '192.0.2.1', port: 5063 })
    assert.deepEqual(addresses.at('edge', 'tls', { ip: '203.0.113.1', port: 5 }), { host: '203.0.113.1', port: 5062 })
  })

  it('at another address of ours, for want of a closer one', () => {
    const addresses = own(socket('core', 'udp', '10.0.0.4', 5060))
    assert.deepEqual(addresses.at('core', 'udp', outgoing), { host: '10.0.0.4', port: 5060 })
  })

  it('nowhere, when nothing listens for its side, transport or family', () => {
    const addresses = own(socket('edge', 'tls', '0.0.0.0', 5061))
    assert.equal(addresses.at('core', 'tls', outgoing), undefined)
    assert.equal(addresses.at('edge', 'tcp', outgoing), undefined)
    assert.equal(addresses.at('edge', 'tls', { ip: '2001:db8::1', port: 5061 }), undefined)
  })
})
