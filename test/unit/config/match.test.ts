import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { parseCidr } from '../../../src/config/host-port.js'
import { parseDestinationMatch, parseNameMatch, parseSocketMatch, socketMatches } from '../../../src/config/match.js'

test('a socket match comes in one spelling', () => {
  assert.equal(parseSocketMatch('*'), '*')
  assert.equal(parseSocketMatch('10.0.0.1'), '10.0.0.1')
  assert.equal(parseSocketMatch('10.0.0.1:5061'), '10.0.0.1:5061')
  assert.equal(parseSocketMatch('2001:DB8::0:1'), '2001:db8::1')
  assert.equal(parseSocketMatch('[::1]'), '::1')
  assert.equal(parseSocketMatch('[0::1]:5061'), '[::1]:5061')
})

test('a socket match is no name and no block', () => {
  assert.throws(() => parseSocketMatch('sip.example.com'), UsageError)
  assert.throws(() => parseSocketMatch('10.0.0.0/8'), /a socket of ours has one address, not a block/)
  assert.throws(() => parseSocketMatch('10.0.0.1:0'), UsageError)
})

test('a destination match may be a block', () => {
  assert.equal(parseDestinationMatch('10.0.0.0/8'), '10.0.0.0/8')
  assert.equal(parseDestinationMatch('2001:DB8::/032'), '2001:db8::/32')
  assert.equal(parseDestinationMatch('10.0.0.1:5061'), '10.0.0.1:5061')
  for (const text of ['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0/8', '::/129', 'x/8', '10.0.0.0/-1']) {
    assert.throws(() => parseDestinationMatch(text), UsageError, text)
  }
})

test('IPv4 written as IPv6 is IPv4, and so are its bits: who says how many should say so of IPv4', () => {
  assert.equal(parseCidr('::ffff:10.0.0.1'), '10.0.0.1/32')
  for (const text of ['::ffff:10.0.0.0/8', '::ffff:10.0.0.0/104']) {
    assert.throws(() => parseCidr(text), /write a block of IPv4 as IPv4/, text)
  }
})

test('a name match is lower case and may be a wildcard', () => {
  assert.equal(parseNameMatch('SIP.Example.com.', true), 'sip.example.com')
  assert.equal(parseNameMatch('*.Example.com', true), '*.example.com')
  assert.equal(parseNameMatch('*', true), '*')
  assert.equal(parseNameMatch('none', true), 'none')
  for (const text of ['a b', 'sip.*.com', '*.*.com', '*example.com', '-a.com', 'a..b', '']) {
    assert.throws(() => parseNameMatch(text, true), UsageError, text)
  }
})

test('a match takes in its socket, and any address where the socket is on all', () => {
  const socket = { ip: '10.0.0.1', port: 5061 }
  const matching = ['*', '10.0.0.1', '10.0.0.1:5061']
  const other = ['10.0.0.2', '10.0.0.1:5062', '::1', '[::1]:5061']
  assert.deepEqual(
    [...matching, ...other].filter((match) => socketMatches(match, socket)),
    matching,
  )
  const all = { ip: '0.0.0.0', port: 5061 }
  assert.deepEqual(
    ['10.0.0.2', '10.0.0.2:5061', '10.0.0.2:5062', '::1'].filter((match) => socketMatches(match, all)),
    ['10.0.0.2', '10.0.0.2:5061'],
  )
  assert.ok(socketMatches('[2001:db8::1]:5061', { ip: '::', port: 5061 }))
})
