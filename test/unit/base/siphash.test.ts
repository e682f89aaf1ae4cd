import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SipHash } from '../../../src/base/siphash.js'

const counting = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => i))
const key = counting(16)

function hashOf(bytes: Buffer): string {
  const hash = new SipHash(key)
  hash.update(bytes, 0, bytes.length)
  return hash.digest()
}

/** By length of the input 00 01 02 …: appendix A of the paper (15), and the table of the reference implementation. */
const vectors: readonly [length: number, digest: string][] = [
  [0, '726fdb47dd0e0e31'],
  [1, '74f839c593dc67fd'],
  [8, '93f5f5799a932462'],
  [15, 'a129ca6149be45e5'],
  [63, '958a324ceb064572'],
]

describe('SipHash-2-4', () => {
  for (const [length, digest] of vectors) {
    it(`of the reference input of ${length} bytes is ${digest}`, () => assert.equal(hashOf(counting(length)), digest))
  }

  it('is the same wherever the input is cut', () => {
    const input = counting(40)
    for (let at = 0; at <= input.length; at++) {
      const hash = new SipHash(key)
      hash.update(input, 0, at)
      hash.update(input, at, input.length)
      assert.equal(hash.digest(), hashOf(input), `cut at ${at}`)
    }
  })

  it('takes text as its latin1 bytes', () => {
    const text = 'z9hG4bK\xe9.7'
    const hash = new SipHash(key)
    hash.updateText(text)
    assert.equal(hash.digest(), hashOf(Buffer.from(text, 'latin1')))
  })

  it('takes ASCII letters as lower case when asked, and nothing else', () => {
    const input = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    const hash = new SipHash(key)
    hash.updateLowerCase(input, 0, input.length)
    assert.equal(hash.digest(), hashOf(Buffer.from(input.map((b) => (b >= 0x41 && b <= 0x5a ? b + 0x20 : b)))))
  })

  it('hashes one input after another', () => {
    const hash = new SipHash(key)
    hash.updateText('what was before')
    hash.digest()
    hash.reset()
    hash.update(counting(15), 0, 15)
    assert.equal(hash.digest(), 'a129ca6149be45e5')
  })

  it('is compared with bytes, digit by digit', () => {
    const hash = new SipHash(key)
    const compare = (text: string): boolean => {
      hash.reset()
      hash.update(counting(15), 0, 15)
      return hash.matches(Buffer.from(`x${text}x`), 1)
    }
    const digest = 'a129ca6149be45e5'
    assert.ok(compare(digest))
    for (let i = 0; i < digest.length; i++) {
      const other = `${digest.slice(0, i)}${digest[i] === '0' ? '1' : '0'}${digest.slice(i + 1)}`
      assert.ok(!compare(other), other)
    }
    assert.ok(!compare(digest.toUpperCase()))
    hash.reset()
    assert.ok(!hash.matches(Buffer.from(digest.slice(1)), 0), 'fewer digits')
  })

  it('reads only the span it is given', () => {
    const hash = new SipHash(key)
    hash.update(Buffer.concat([Buffer.from('xx'), counting(15), Buffer.from('yy')]), 2, 17)
    assert.equal(hash.digest(), 'a129ca6149be45e5')
  })

  it('is another under another key', () => {
    const hash = new SipHash(Buffer.alloc(16))
    hash.update(counting(15), 0, 15)
    assert.notEqual(hash.digest(), 'a129ca6149be45e5')
  })

  it('refuses a key of another length', () => {
    assert.throws(() => new SipHash(Buffer.alloc(15)), RangeError)
  })
})
