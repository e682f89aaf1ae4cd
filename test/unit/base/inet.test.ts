import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { asInet6, inet4Text, inet6Text, inetBytes, inetText } from '../../../src/base/inet.js'

/** Text as RFC 5952 writes it, and its octets. */
const inet6 = [
  ['::', '00000000000000000000000000000000'],
  ['::1', '00000000000000000000000000000001'],
  ['1::', '00010000000000000000000000000000'],
  ['2001:db8::1', '20010db8000000000000000000000001'],
  ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
  ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
  ['2001:0:0:1::1', '20010000000000010000000000000001'],
  ['fe80::200:5aee:feaa:20a2', 'fe8000000000000002005aeefeaa20a2'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['1:2:3:4:5:6::', '00010002000300040005000600000000'],
  ['::1:0:0:0', '00000000000000000001000000000000'],
] as const

describe('IP addresses', () => {
  for (const [text, octets] of inet6) {
    test(`${text} has its octets, and they its text`, () => {
      assert.equal(inetBytes(text).toString('hex'), octets)
      assert.equal(inet6Text(Buffer.from(`ff${octets}ff`, 'hex'), 1), text)
    })
  }

  test('IPv4 has its octets, and they its text', () => {
    assert.equal(inetBytes('192.0.2.255').toString('hex'), 'c00002ff')
    assert.equal(inet4Text(Buffer.from('00c00002ff', 'hex'), 1), '192.0.2.255')
  })

  test('a length says which of the two it is', () => {
    const octets = Buffer.from('00c000020120010db8000000000000000000000001', 'hex')
    assert.equal(inetText(octets, 1, 4), '192.0.2.1')
    assert.equal(inetText(octets, 5, 16), '2001:db8::1')
  })

  test('IPv6 is read in every way RFC 4291 §2.2 allows', () => {
    assert.equal(inetBytes('2001:0DB8:0:0:0::1').toString('hex'), '20010db8000000000000000000000001')
    assert.equal(inetBytes('64:ff9b::192.0.2.33').toString('hex'), '0064ff9b0000000000000000c0000221')
    assert.equal(inetBytes('::ffff:192.0.2.1').toString('hex'), '00000000000000000000ffffc0000201')
  })

  test('an IPv4-mapped address is written as the IPv4 address it stands for', () => {
    assert.equal(inet6Text(asInet6(inetBytes('192.0.2.1')), 0), '192.0.2.1')
    assert.equal(asInet6(inetBytes('192.0.2.1')).toString('hex'), '00000000000000000000ffffc0000201')
  })

  for (const text of [
    '',
    'example.com',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.-4',
    '1.2.3.4 ',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '[::1]',
    'fe80::1%eth0',
  ]) {
    test(`${JSON.stringify(text)} is no address`, () => assert.throws(() => inetBytes(text), RangeError))
  }
})
