import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ipFromBytes, ipToBytes } from '../../../src/tls/ip-bytes.js'

const hexOf = (ip: string) => ipToBytes(ip).toString('hex')

describe('an IP address', () => {
  it('becomes bytes from every way to write it', () => {
    assert.equal(hexOf('192.0.2.1'), 'c0000201')
    assert.equal(hexOf('::'), '00'.repeat(16))
    assert.equal(hexOf('::1'), `${'00'.repeat(15)}01`)
    assert.equal(hexOf('2001:DB8::a:0:0:1'), '20010db8'.padEnd(16, '0').concat('000a000000000001'))
    assert.equal(hexOf('1:2:3:4:5:6:7::'), '00010002000300040005000600070000')
    assert.equal(hexOf('64:ff9b::192.0.2.1'), '0064ff9b0000000000000000c0000201')
  })

  it('that is none is an error, and so is one with a zone', () => {
    for (const text of ['', 'localhost', '1.2.3', '1::2::3', 'fe80::1%eth0'])
      assert.throws(() => ipToBytes(text), TypeError)
  })

  it('is written in the short form of RFC 5952', () => {
    const written = (hex: string) => ipFromBytes(Buffer.from(hex, 'hex'), 0, 16)
    assert.equal(written('20010db8000000000000000000000001'), '2001:db8::1')
    // the longest run is shortened, the first of equals, and never a single group
    assert.equal(written('20010db8000000000001000000000001'), '2001:db8::1:0:0:1')
    assert.equal(written('20010db8000000010000000000000001'), '2001:db8:0:1::1')
    assert.equal(written('20010db8000000010001000100010001'), '2001:db8:0:1:1:1:1:1')
    assert.equal(written('00'.repeat(16)), '::')
    assert.equal(written('00000000000000000000ffffc0000201'), '::ffff:192.0.2.1')
  })
})
