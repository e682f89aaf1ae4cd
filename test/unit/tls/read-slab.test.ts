import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readInto } from '../../../src/tls/read-slab.js'

/** A socket as Node reads it: puts the octets into the buffer, then says how many. */
function reader(read: (chunk: Buffer) => void): (octets: Buffer) => boolean {
  const { buffer, callback } = readInto(read)
  return (octets) => {
    octets.copy(buffer as Buffer)
    return callback(octets.length, buffer as Buffer)
  }
}

test('a read hands over exactly the octets that came, and asks for more', () => {
  const got: Buffer[] = []
  const arrive = reader((chunk) => got.push(chunk))
  assert.equal(arrive(Buffer.from('OPTIONS')), true)
  arrive(Buffer.from('OK'))
  assert.deepEqual(got.map(String), ['OPTIONS', 'OK'])
})

test('octets stay as they are while others are read, by this socket and by another', () => {
  const got: Buffer[] = []
  const one = reader((chunk) => got.push(chunk))
  const other = reader((chunk) => got.push(chunk))
  // far more than one slab holds, in sizes that never fit it evenly
  const sent = Array.from({ length: 64 }, (_, i) => Buffer.alloc(20_000 + 701 * i, i))
  for (const [i, octets] of sent.entries()) (i % 2 === 0 ? one : other)(octets)
  assert.equal(got.length, sent.length)
  for (const [i, octets] of sent.entries()) assert.ok(got[i]!.equals(octets), `read ${i}`)
})

test('a read as large as the buffer is whole', () => {
  const { buffer } = readInto(() => {})
  const size = (buffer as Buffer).length
  let got = Buffer.alloc(0)
  const octets = Buffer.alloc(size, 'x')
  octets[size - 1] = 0x79
  reader((chunk) => {
    got = chunk as typeof got
  })(octets)
  assert.ok(got.equals(octets))
})

test('small reads share memory: each costs its octets only', () => {
  const got: Buffer[] = []
  const arrive = reader((chunk) => got.push(chunk))
  for (let i = 0; i < 1000; i++) arrive(Buffer.from('a small one'))
  assert.ok(new Set(got.map((chunk) => chunk.buffer)).size <= 2)
})
