/**
 * The Call-IDs a traced connection carried: tells the first sight of one, and remembers the latest for the
 * failures of their connection. Memory is bounded whatever the peer sends.
 */
import { hashOfBytes } from '../base/hash.js'

/** A trunk carries thousands of calls at once; 2 × 4096 hashes are 64 kB at most, and a phone needs 128 bytes. */
const firstSlots = 16
const maxSlots = 4096
/** as many calls are told of a failure on their connection */
const maxRecent = 16
/** Call-IDs are 20 to 60 octets in practice; what is longer is traced but gets no records of its own */
const maxCallIdBytes = 255

export class CallIds {
  /** hashes seen, open addressing, 0 is free; two generations so that forgetting is gradual and costs nothing */
  #young = new Int32Array(firstSlots)
  #old: Int32Array | undefined
  #youngCount = 0
  #lastHash = 0
  /** latest last */
  readonly #recent: { hash: number; text: string; micros: number }[] = []

  /**
   * True when this Call-ID is new to the connection. By a 32-bit hash: one new call in a million may go
   * without its record, which is cheaper than keeping every Call-ID.
   */
  firstSight(buf: Buffer, start: number, end: number, micros: number): boolean {
    if (end - start > maxCallIdBytes) return false
    const hash = hashOf(buf, start, end)
    if (hash === this.#lastHash) {
      // Consecutive messages mostly share their call.
      this.#recent[this.#recent.length - 1]!.micros = micros
      return false
    }
    this.#lastHash = hash
    const young = has(this.#young, hash)
    const known = young || (this.#old !== undefined && has(this.#old, hash))
    if (!young) this.#add(hash)
    this.#touch(hash, buf, start, end, micros)
    return !known
  }

  /** Call-IDs seen at or after `sinceMicros`, latest first. */
  recent(sinceMicros: number): string[] {
    return this.#recent
      .filter((call) => call.micros >= sinceMicros)
      .map((call) => call.text)
      .reverse()
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

  #touch(hash: number, buf: Buffer, start: number, end: number, micros: number): void {
    const recent = this.#recent
    for (let i = recent.length - 1; i >= 0; i--) {
      const call = recent[i]!
      if (call.hash !== hash) continue
      call.micros = micros
      recent.splice(i, 1)
      recent.push(call)
      return
    }
    if (recent.length === maxRecent) recent.shift()
    recent.push({ hash, text: buf.toString('utf8', start, end), micros })
  }
}

/** Never 0, which is an empty place in the table. */
function hashOf(buf: Buffer, start: number, end: number): number {
  return hashOfBytes(buf, start, end) || 1
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
