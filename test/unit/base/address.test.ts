import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpoint, endpointText, isLoopback, plainIp } from '../../../src/base/address.js'

test('IPv4-mapped addresses of dual-stack sockets are written as IPv4', () => {
  assert.equal(plainIp('::ffff:192.0.2.7'), '192.0.2.7')
  assert.equal(plainIp('::ffff:c000:207'), '::ffff:c000:207')
  assert.equal(plainIp('2001:db8::1'), '2001:db8::1')
})

test('a zone is not part of an address on the wire', () => assert.equal(plainIp('fe80::1%eth0'), 'fe80::1'))

test('IPv6 endpoints are written in brackets', () => {
  assert.equal(endpointText({ ip: '2001:db8::1', port: 5061 }), '[2001:db8::1]:5061')
  assert.equal(endpointText({ ip: '192.0.2.1', port: 5061 }), '192.0.2.1:5061')
})

test('a socket that is gone already has no address', () =>
  assert.deepEqual(endpoint(undefined, undefined), { ip: '0.0.0.0', port: 0 }))

test('loopback is 127.0.0.0/8 and ::1', () => {
  for (const ip of ['127.0.0.1', '127.8.9.1', '::1']) assert.equal(isLoopback(ip), true, ip)
  for (const ip of ['128.0.0.1', '::2', '10.0.0.1', '127.0.0.1.example.com', '127.0.0.256', '127.1'])
    assert.equal(isLoopback(ip), false, ip)
})
