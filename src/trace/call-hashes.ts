/**
 * A set of Call-IDs by their 32-bit hashes that forgets the oldest: two generations, so that forgetting is gradual
 * and costs nothing. Bounded whatever the peers send; it may take one call in a million for another, and no peer
 * can choose which: the hashes are keyed.
 */
import { randomBytes } from 'node:crypto'
import { SipHash } from '../base/siphash.js'

/** A trunk carries thousands of calls at once; 2 × 4096 hashes are 64 kB at most, and a phone needs 128 bytes. */
const firstSlots = 16
const maxSlots = 4096

/**
 * Without a key a peer could search at home for the Call-ID that is taken for another's, and so enter a trace or stay
 * out of it. Of this process only: nothing remembered outlives it. Costs 0.2 to 0.4 µs more than a hash that anybody can
 * compute, of messages within a scope only.
 */
const keyed = new SipHash(randomBytes(16))

/** Never 0, which is an empty place in the table. */
export function callHash(buf: Buffer, start: number, end: number): number {
  keyed.reset()
  keyed.update(buf, start, end)
  return Number.parseInt(keyed.digest().slice(8), 16) | 0 || 1
}

export class CallHashes {
  /** open addressing, 0 is free */
  #young = new Int32Array(firstSlots)
  #old: Int32Array | undefined
  #youngCount = 0

  has(hash: number): boolean {
    return has(this.#young, hash) || (this.#old !== undefined && has(this.#old, hash))
  }

  /** True when it was there already; from now on it is, and young again. */
  take(hash: number): boolean {
    if (has(this.#young, hash)) return true
    const known = this.#old !== undefined && has(this.#old, hash)
    this.#add(hash)
    return known
  }

  #add(hash: number): void {
    if (this.#youngCount * 2 >= this.#young.length) {
      if (this.#young.length < maxSlots) this.#young = doubled(this.#young)
      else {
        this.#old = this.#young
        this.#young = new Int32Array(maxSlots)
        this.#youngCount = 0
      }
    }
    insert(this.#young, hash)
    this.#youngCount++
  }
}

function has(table: Int32Array, hash: number): boolean {
  const mask = table.length - 1
  for (let i = hash & mask; table[i] !== 0; i = (i + 1) & mask) if (table[i] === hash) return true
  return false
}

function insert(table: Int32Array, hash: number): void {
  const mask = table.length - 1
  let i = hash & mask
  while (table[i] !== 0) i = (i + 1) & mask
  table[i] = hash
}

function doubled(table: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(table.length * 2)
  for (const hash of table) if (hash !== 0) insert(larger, hash)
  return larger
}
