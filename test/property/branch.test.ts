/** Branches: whatever comes back, only what we made for that side names a leg. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Side } from '../../src/base/facts.js'
import { SipHash } from '../../src/base/siphash.js'
import { Branches } from '../../src/relay/branch.js'
import { field, SipMessage } from '../../src/sip/message.js'
import { Via } from '../../src/sip/via.js'

const connId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const side = fc.constantFrom<Side>('edge', 'core')
const tokenCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~"
const token = fc.string({ unit: fc.constantFrom(...tokenCharacters), minLength: 1, maxLength: 40 })
const branches = new Branches()

function branchOf(id: string, towards: Side, received: string, method: string): string {
  const buf = Buffer.from(
    `${method} sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.1;branch=${received}\r\nCSeq: 1 ${method}\r\n\r\n`,
  )
  const message = new SipMessage()
  message.read(buf, 0, buf.length, buf.length)
  const via = new Via()
  const line = message.first(field.via)
  assert.ok(via.read(buf, message.valueStart(line), message.valueEnd(line)))
  return branches.make(id, towards, message, via)
}

describe('branch', () => {
  it('comes back as the leg it was made for, from the side it was sent to', () => {
    fc.assert(
      fc.property(connId, side, side, token, fc.constantFrom('z9hG4bK', ''), (id, towards, from, unique, cookie) => {
        const branch = branchOf(id, towards, cookie + unique, 'INVITE')
        assert.equal(branch, branchOf(id, towards, cookie + unique, 'CANCEL'))
        const buf = Buffer.from(branch)
        assert.equal(branches.source(buf, 0, buf.length, from), from === towards ? id : undefined)
      }),
    )
  })

  it('is a token of RFC 3261 whatever the peer sent', () => {
    fc.assert(
      fc.property(connId, side, token, (id, towards, unique) => {
        assert.match(branchOf(id, towards, unique, 'INVITE'), /^z9hG4bKhg\d{1,20}\.[0-9a-f]{16}\.[0-9a-f]{16}$/)
      }),
    )
  })

  const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 16 })
  const almost = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.tuple(connId, hex, hex).map(([id, hash, mac]) => `z9hG4bKhg${id}.${hash}.${mac}`),
    fc.tuple(token, token).map(([a, b]) => `z9hG4bKhg${a}.${b}`),
  )

  it('of anybody else is not ours, whatever its bytes', () => {
    fc.assert(
      fc.property(almost, side, (text, from) => {
        const buf = Buffer.from(text)
        assert.equal(branches.source(buf, 0, buf.length, from), undefined)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('SipHash', () => {
  it('is what 64-bit arithmetic makes of it', () => {
    const bytes = fc.uint8Array({ maxLength: 100 }).map((array) => Buffer.from(array))
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((array) => Buffer.from(array))
    fc.assert(
      fc.property(key, bytes, (k, input) => {
        const hash = new SipHash(k)
        hash.update(input, 0, input.length)
        assert.equal(hash.digest(), reference(k, input))
      }),
    )
  })
})

/** Slow and plain, after the definition in the paper. */
function reference(key: Buffer, input: Buffer): string {
  const k = [key.readBigUInt64LE(0), key.readBigUInt64LE(8)] as const
  const v = [
    k[0] ^ 0x736f6d6570736575n,
    k[1] ^ 0x646f72616e646f6dn,
    k[0] ^ 0x6c7967656e657261n,
    k[1] ^ 0x7465646279746573n,
  ] as [bigint, bigint, bigint, bigint]
  const left = (x: bigint, by: bigint): bigint => BigInt.asUintN(64, (x << by) | (x >> (64n - by)))
  const half = (a: 0 | 2, b: 1 | 3, by: bigint, turned: bigint): void => {
    v[a] = BigInt.asUintN(64, v[a] + v[b])
    v[b] = left(v[b], by) ^ v[a]
    v[a] = left(v[a], turned)
  }
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      half(0, 1, 13n, 32n)
      half(2, 3, 16n, 0n)
      half(0, 3, 21n, 0n)
      half(2, 1, 17n, 32n)
    }
  }
  const padded = Buffer.alloc(input.length - (input.length % 8) + 8)
  input.copy(padded)
  padded[padded.length - 1] = input.length
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at)
    v[3] ^= word
    rounds(2)
    v[0] ^= word
  }
  v[2] ^= 0xffn
  rounds(4)
  return (v[0] ^ v[1] ^ v[2] ^ v[3]).toString(16).padStart(16, '0')
}
