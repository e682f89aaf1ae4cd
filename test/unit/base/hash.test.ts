import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashOfBytes, hashOfText, scramble } from '../../../src/base/hash.js'

// the test vectors that the authors of FNV publish, for 32 bits
const vectors: readonly (readonly [string, number])[] = [
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
]

for (const [text, hash] of vectors) {
  test(`FNV-1a of "${text}"`, () => {
    assert.equal(hashOfText(text) >>> 0, hash)
    assert.equal(hashOfBytes(Buffer.from(`<${text}>`), 1, 1 + text.length) >>> 0, hash)
  })
}

test('a scrambled number is that of the finalizer of MurmurHash3', () => {
  assert.equal(scramble(0), 0)
  assert.equal(scramble(1) >>> 0, 0x514e28b7)
})

test('neighbours end far apart', () => {
  const buckets = new Set(Array.from({ length: 256 }, (_, i) => scramble(i) >>> 24))
  assert.ok(buckets.size > 140, `${buckets.size} of 256 buckets`)
})
