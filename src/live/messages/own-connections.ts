/**
 * Ids of connections whose messages the tap delivered lately: who asks whether a trace is one of ours. As numbers in
 * tables of a fixed size (open addressing, 0 is free), so that a busy gateway holds no more of it than a quiet one.
 */

/** Two generations: as many connections as a busy gateway traces within the minutes a trace may be on its way. */
const maxYoung = 32_768
/** Twice that, so that a free slot is never far. */
const slots = 2 ** 16
/** 2^64 / golden ratio (Knuth, multiplicative hashing): ids of one time are neighbours, their slots are not. */
const scatter = 0x9e3779b97f4a7c15n
/** 64 bits in decimal (base/clock.ts); another agent may write anything. */
const connectionId = /^[1-9]\d{0,18}$/

export class OwnConnections {
  #young: BigUint64Array | undefined
  #old: BigUint64Array | undefined
  #youngCount = 0

  has(id: string): boolean {
    if (!connectionId.test(id)) return false
    const number = BigInt(id)
    return isIn(this.#young, number) || isIn(this.#old, number)
  }

  add(id: string): void {
    if (!connectionId.test(id)) return
    this.#young ??= new BigUint64Array(slots)
    const number = BigInt(id)
    const slot = slotOf(this.#young, number)
    if (this.#young[slot] === number) return
    this.#young[slot] = number
    if (++this.#youngCount < maxYoung) return
    this.#old = this.#young
    this.#young = undefined
    this.#youngCount = 0
  }
}

function isIn(table: BigUint64Array | undefined, id: bigint): boolean {
  return table !== undefined && table[slotOf(table, id)] === id
}

/** Where the id is, or would be. */
function slotOf(table: BigUint64Array, id: bigint): number {
  let slot = Number(BigInt.asUintN(64, id * scatter) >> 48n)
  while (table[slot] !== 0n && table[slot] !== id) slot = (slot + 1) % slots
  return slot
}
