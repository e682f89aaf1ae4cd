import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contains, parseNetwork } from '../../../src/base/network.js'

/** Whether the network takes the address in; undefined: it is none. */
function holds(text: string, ip: string): boolean | undefined {
  const network = parseNetwork(text)
  return network && contains(network, ip)
}

test('a network holds its addresses', () => {
  for (const [network, inside, outside] of [
    ['10.0.0.0/8', '10.255.0.1', '11.0.0.1'],
    ['10.1.2.3/8', '10.255.0.1', '11.0.0.1'],
    ['192.0.2.0/31', '192.0.2.1', '192.0.2.2'],
    ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::1'],
    ['[2001:DB8::]/32', '2001:db8:ffff::1', '2001:db9::1'],
    ['::ffff:10.0.0.0/104', '10.255.0.1', '11.0.0.1'],
  ] as const) {
    assert.deepEqual([holds(network, inside), holds(network, outside)], [true, false], network)
  }
})

test('an address is a network of one, in any of its spellings', () => {
  for (const [text, ip] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
  ] as const) {
    assert.equal(holds(text, ip), true, text)
    assert.equal(holds(text, ip.replace(/1$/, '2')), false, text)
  }
  assert.deepEqual([parseNetwork('192.0.2.1')?.prefix, parseNetwork('2001:db8::1')?.prefix], [32, 128])
})

test('all of IPv6 is not all of IPv4, nor the other way round', () => {
  assert.equal(holds('::/0', '192.0.2.1'), false)
  assert.equal(holds('::/0', '2001:db8::1'), true)
  assert.equal(holds('0.0.0.0/0', '2001:db8::1'), false)
  assert.equal(holds('0.0.0.0/0', '192.0.2.1'), true)
})

test('what is no network', () => {
  for (const text of [
    '',
    '10.0.0/8',
    '10.0.0.0/33',
    '2001:db8::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'a.example',
    'fe80::1%1',
    '::ffff:10.0.0.0/8',
  ]) {
    assert.equal(parseNetwork(text), undefined, text)
  }
})
