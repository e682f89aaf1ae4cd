import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type HelloFields, ja4 } from '../../../src/tls/ja4.js'

interface Lists
  extends Partial<Omit<HelloFields, 'ciphers' | 'extensions' | 'supportedVersions' | 'signatureAlgorithms'>> {
  readonly ciphers?: readonly number[]
  readonly extensions?: readonly number[]
  readonly supportedVersions?: readonly number[]
  readonly signatureAlgorithms?: readonly number[]
}

/** The fingerprint of a hello that holds this and nothing else. */
function ja4Of(lists: Lists): string {
  return ja4({
    legacyVersion: lists.legacyVersion ?? 0x0303,
    ciphers: Uint16Array.from(lists.ciphers ?? []),
    extensions: Uint16Array.from(lists.extensions ?? []),
    sni: undefined,
    alpn: lists.alpn ?? [],
    supportedVersions: lists.supportedVersions && Uint16Array.from(lists.supportedVersions),
    signatureAlgorithms: Uint16Array.from(lists.signatureAlgorithms ?? []),
  })
}

const first = (lists: Lists) => ja4Of(lists).slice(0, 10)

describe('JA4', () => {
  it('writes zeros for what is not there, not the hash of nothing', () => {
    assert.equal(ja4Of({}), 't12i000000_000000000000_000000000000')
  })

  it('does not depend on the order of ciphers and extensions, but on that of signature algorithms', () => {
    const hello = { ciphers: [1, 2, 3], extensions: [10, 11, 13], signatureAlgorithms: [4, 5] }
    assert.equal(ja4Of({ ...hello, ciphers: [3, 1, 2], extensions: [13, 10, 11] }), ja4Of(hello))
    assert.notEqual(ja4Of({ ...hello, signatureAlgorithms: [5, 4] }), ja4Of(hello))
  })

  it('ignores GREASE everywhere', () => {
    const hello = { ciphers: [1], extensions: [10], signatureAlgorithms: [4], supportedVersions: [0x0304] }
    const greased = {
      ...hello,
      ciphers: [0x1a1a, 1],
      extensions: [0xfafa, 10, 0x0a0a],
      signatureAlgorithms: [0x2a2a, 4],
      supportedVersions: [0xdada, 0x0304],
    }
    assert.equal(ja4Of(greased), ja4Of(hello))
    // the shape 0x?A?A with unequal bytes is an ordinary number
    assert.notEqual(ja4Of({ ...hello, ciphers: [0x1a2a, 1] }), ja4Of(hello))
  })

  it('takes the highest offered version, the old field only without the extension', () => {
    const versions = [
      [{ supportedVersions: [0x0303, 0x0304], legacyVersion: 0x0301 }, 't13'],
      [{ legacyVersion: 0x0303 }, 't12'],
      [{ legacyVersion: 0x0302 }, 't11'],
      [{ legacyVersion: 0x0301 }, 't10'],
      [{ legacyVersion: 0x0300 }, 'ts3'],
      [{ legacyVersion: 0x0002 }, 'ts2'],
      [{ supportedVersions: [] }, 't00'],
      [{ supportedVersions: [0x7f1c] }, 't00'],
    ] as const
    for (const [fields, expected] of versions) assert.equal(first(fields).slice(0, 3), expected)
  })

  it('says d with SNI and i without', () => {
    assert.equal(first({ extensions: [0] })[3], 'd')
    assert.equal(first({ extensions: [1] })[3], 'i')
  })

  it('counts to 99', () => {
    const many = Array.from({ length: 120 }, (_, index) => index + 0x1000)
    assert.equal(first({ ciphers: many, extensions: many }).slice(4, 8), '9999')
  })

  it('leaves SNI and ALPN out of the hash, not out of the count', () => {
    const without = ja4Of({ extensions: [10] })
    const withBoth = ja4Of({ extensions: [0, 16, 10] })
    assert.equal(withBoth.slice(-12), without.slice(-12))
    assert.equal(withBoth.slice(6, 8), '03')
  })

  it('takes first and last character of the first ALPN name, in hex where they are no letters or digits', () => {
    const names = [
      ['h2', 'h2'],
      ['http/1.1', 'h1'],
      ['x', 'xx'],
      ['', '00'],
      ['0Z', '0Z'],
      ['9A', '9A'],
      ['az', 'az'],
      [[0xab], 'ab'],
      [[0xab, 0xcd], 'ad'],
      [[0x30, 0xab], '3b'],
      [[0x30, 0x31, 0xab, 0xcd], '3d'],
      [[0x30, 0xab, 0xcd, 0x31], '01'],
    ] as const
    for (const [name, expected] of names) {
      assert.equal(first({ alpn: [Buffer.from(name as string), Buffer.from('zz')] }).slice(8), expected)
    }
    // the neighbours of digits and letters
    for (const byte of Buffer.from('/:@[`{')) {
      assert.equal(first({ alpn: [Buffer.from([byte])] }).slice(8), byte.toString(16))
    }
  })
})
