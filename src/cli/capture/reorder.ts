/**
 * Puts the TCP payload of one direction in order: retransmissions go, early segments wait, and what the
 * capture lost is given up after a bounded wait. It knows nothing of what the bytes mean.
 */

/** A segment that came before its turn. */
interface Early {
  readonly sequence: number
  readonly payload: Buffer
}

/** Enough for any window that was really lost a segment in; a capture that missed one should not eat memory. */
const maxWaiting = 128
const maxWaitingBytes = 512 * 1024
/** Larger than any TCP window in use: a jump this far is another connection between the same ports. */
const maxDistance = 64 * 1024 * 1024

/** In order, right after what came before. `gap`: bytes before it are missing for good. */
export type Deliver = (payload: Buffer, gap: boolean) => void

export class TcpOrder {
  readonly #deliver: Deliver
  #next: number | undefined
  #waiting: Early[] = []
  #waitingBytes = 0

  constructor(deliver: Deliver) {
    this.#deliver = deliver
  }

  /** A SYN: the next byte is the first of a connection. */
  restart(sequence: number): void {
    this.giveUp()
    this.#next = (sequence + 1) >>> 0
  }

  /** False for a segment that brings nothing new. */
  push(sequence: number, payload: Buffer): boolean {
    this.#next ??= sequence
    const distance = signedDistance(this.#next, sequence)
    if (Math.abs(distance) > maxDistance) {
      this.giveUp()
      this.#next = sequence
      this.#take(sequence, payload, true)
      return true
    }
    if (distance > 0) return this.#wait(sequence, payload)
    if (distance + payload.length <= 0) return false
    this.#take(sequence, payload, false)
    this.#drain()
    return true
  }

  /** Delivers what still waits, gaps and all. */
  giveUp(): void {
    while (this.#waiting.length > 0) this.#skipGap()
  }

  #wait(sequence: number, payload: Buffer): boolean {
    if (this.#waiting.some((early) => early.sequence === sequence && early.payload.length >= payload.length))
      return false
    const at = this.#waiting.findIndex((early) => signedDistance(early.sequence, sequence) < 0)
    // a copy: the packet lies in a much larger piece of the file
    const early = { sequence, payload: Buffer.from(payload) }
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, early)
    this.#waitingBytes += payload.length
    if (this.#waiting.length > maxWaiting || this.#waitingBytes > maxWaitingBytes) this.#skipGap()
    return true
  }

  #skipGap(): void {
    this.#next = this.#waiting[0].sequence
    this.#takeFirst(true)
    this.#drain()
  }

  /** Delivers the waiting segments whose turn has come. */
  #drain(): void {
    while (this.#waiting.length > 0 && signedDistance(this.#next!, this.#waiting[0].sequence) <= 0)
      this.#takeFirst(false)
  }

  #takeFirst(gap: boolean): void {
    const { sequence, payload } = this.#waiting.shift()!
    this.#waitingBytes -= payload.length
    this.#take(sequence, payload, gap)
  }

  /** The part of the segment that is new; it begins at or before the next byte. */
  #take(sequence: number, payload: Buffer, gap: boolean): void {
    const known = signedDistance(sequence, this.#next!)
    if (known >= payload.length) return
    this.#next = (sequence + payload.length) >>> 0
    this.#deliver(payload.subarray(known), gap)
  }
}

/** RFC 9293 §3.4: sequence numbers are compared modulo 2^32. */
function signedDistance(from: number, to: number): number {
  return (to - from) | 0
}
