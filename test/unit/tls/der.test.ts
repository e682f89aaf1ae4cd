import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bitString, boolean, context, integer, octetString, oid, pem, sequence, time } from '../../../src/tls/der.js'

const hex = (bytes: Buffer) => bytes.toString('hex')

describe('DER', () => {
  it('writes lengths in one byte, or behind a count of bytes', () => {
    assert.equal(hex(octetString(Buffer.alloc(0))), '0400')
    assert.equal(hex(octetString(Buffer.alloc(0x7f))).slice(0, 4), '047f')
    assert.equal(hex(octetString(Buffer.alloc(0x80))).slice(0, 6), '048180')
    assert.equal(hex(octetString(Buffer.alloc(0x100))).slice(0, 8), '04820100')
    assert.equal(hex(octetString(Buffer.alloc(0x10000))).slice(0, 10), '0483010000')
  })

  it('writes integers in as few bytes as keep them positive', () => {
    const written = { 0: '020100', 1: '020101', 127: '02017f', 128: '02020080', 256: '02020100', 65535: '020300ffff' }
    for (const [value, expected] of Object.entries(written)) assert.equal(hex(integer(Number(value))), expected)
    assert.equal(hex(integer(Buffer.from('000000ff01', 'hex'))), '020300ff01')
    assert.equal(hex(integer(Buffer.from('0005', 'hex'))), '020105')
  })

  it('writes object identifiers', () => {
    assert.equal(hex(oid('2.5.4.3')), '0603550403')
    assert.equal(hex(oid('1.2.840.113549.1.1.11')), '06092a864886f70d01010b')
  })

  it('writes times with two digits of the year until 2049, then with four', () => {
    assert.equal(time(new Date('2049-12-31T23:59:58.999Z')).toString('latin1'), '\x17\r491231235958Z')
    assert.equal(time(new Date('2050-01-01T00:00:00Z')).toString('latin1'), '\x18\x0f20500101000000Z')
  })

  it('writes the other types and nests them', () => {
    assert.equal(hex(sequence(boolean(true), boolean(false))), '30060101ff010100')
    assert.equal(hex(context(3, bitString(Buffer.from([0xa0]), 5))), 'a304030205a0')
  })

  it('becomes PEM with lines of 64 characters', () => {
    assert.equal(pem('X', Buffer.alloc(49)), `-----BEGIN X-----\n${'A'.repeat(64)}\nAA==\n-----END X-----\n`)
  })
})
