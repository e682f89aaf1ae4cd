/**
 * SipHash-2-4 (Aumasson, Bernstein 2012): a keyed hash of short inputs that nobody without the key can
 * predict. 64 bits are no signature for the ages: it guards what lives as long as this process.
 *
 * JavaScript has no 64-bit integers that are fast, so each word is two halves of 32 bits.
 */

/** v0 to v3, low half first */
const words = 8

export class SipHash {
  readonly #initial = new Int32Array(words)
  readonly #v = new Int32Array(words)
  /** the word being filled */
  #low = 0
  #high = 0
  #length = 0

  /** The key has 16 bytes. */
  constructor(key: Buffer) {
    if (key.length !== 16) throw new RangeError(`a SipHash key has 16 bytes, not ${key.length}`)
    const [k0Low, k0High] = [key.readInt32LE(0), key.readInt32LE(4)]
    const [k1Low, k1High] = [key.readInt32LE(8), key.readInt32LE(12)]
    // "somepseudorandomlygeneratedbytes"
    this.#initial.set([
      k0Low ^ 0x70736575,
      k0High ^ 0x736f6d65,
      k1Low ^ 0x6e646f6d,
      k1High ^ 0x646f7261,
      k0Low ^ 0x6e657261,
      k0High ^ 0x6c796765,
      k1Low ^ 0x79746573,
      k1High ^ 0x74656462,
    ])
    this.reset()
  }

  /** Begins another input. */
  reset(): void {
    this.#v.set(this.#initial)
    this.#low = 0
    this.#high = 0
    this.#length = 0
  }

  update(buf: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at++) this.#add(buf[at])
  }

  /** ASCII letters count as lower case: tokens and host names of SIP are compared without case. */
  updateLowerCase(buf: Buffer, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const byte = buf[at]
      this.#add(byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)
    }
  }

  /** Text in latin1. */
  updateText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#add(text.charCodeAt(i) & 0xff)
  }

  /** 16 lower-case hex digits. Needs a `reset` before the next input. */
  digest(): string {
    this.#finish()
    return hex(this.#high) + hex(this.#low)
  }

  /**
   * Are these bytes that digest? Takes the same time whatever they are, so that it cannot be guessed digit
   * by digit. Needs a `reset` before the next input.
   */
  matches(buf: Buffer, from: number): boolean {
    this.#finish()
    let difference = 0
    for (let i = 0; i < 8; i++) {
      const shift = 28 - i * 4
      difference |= buf[from + i] ^ hexDigits[(this.#high >>> shift) & 0xf]
      difference |= buf[from + 8 + i] ^ hexDigits[(this.#low >>> shift) & 0xf]
    }
    return difference === 0
  }

  /** Leaves the result where the last word was. */
  #finish(): void {
    const v = this.#v
    // The last word: what is left of the input, and its length mod 256 in the highest byte.
    this.#compress(this.#low, this.#high | (this.#length << 24))
    v[4] ^= 0xff
    for (let i = 0; i < 4; i++) this.#round()
    this.#low = v[0] ^ v[2] ^ v[4] ^ v[6]
    this.#high = v[1] ^ v[3] ^ v[5] ^ v[7]
  }

  #add(byte: number): void {
    const at = this.#length++ & 7
    if (at < 4) {
      this.#low |= byte << (at * 8)
      return
    }
    this.#high |= byte << (at * 8)
    if (at < 7) return
    this.#compress(this.#low, this.#high)
    this.#low = 0
    this.#high = 0
  }

  #compress(low: number, high: number): void {
    const v = this.#v
    v[6] ^= low
    v[7] ^= high
    this.#round()
    this.#round()
    v[0] ^= low
    v[1] ^= high
  }

  /** SipRound. The carry of an addition is where the sum of the low halves is less than one of them. */
  #round(): void {
    const v = this.#v
    let v0Low = v[0]
    let v0High = v[1]
    let v1Low = v[2]
    let v1High = v[3]
    let v2Low = v[4]
    let v2High = v[5]
    let v3Low = v[6]
    let v3High = v[7]
    let kept: number
    // v0 += v1; v1 = (v1 <<< 13) ^ v0; v0 <<<= 32
    v0Low = (v0Low + v1Low) | 0
    v0High = (v0High + v1High + (v0Low >>> 0 < v1Low >>> 0 ? 1 : 0)) | 0
    kept = ((v1Low << 13) | (v1High >>> 19)) ^ v0Low
    v1High = ((v1High << 13) | (v1Low >>> 19)) ^ v0High
    v1Low = kept
    kept = v0Low
    v0Low = v0High
    v0High = kept
    // v2 += v3; v3 = (v3 <<< 16) ^ v2
    v2Low = (v2Low + v3Low) | 0
    v2High = (v2High + v3High + (v2Low >>> 0 < v3Low >>> 0 ? 1 : 0)) | 0
    kept = ((v3Low << 16) | (v3High >>> 16)) ^ v2Low
    v3High = ((v3High << 16) | (v3Low >>> 16)) ^ v2High
    v3Low = kept
    // v0 += v3; v3 = (v3 <<< 21) ^ v0
    v0Low = (v0Low + v3Low) | 0
    v0High = (v0High + v3High + (v0Low >>> 0 < v3Low >>> 0 ? 1 : 0)) | 0
    kept = ((v3Low << 21) | (v3High >>> 11)) ^ v0Low
    v3High = ((v3High << 21) | (v3Low >>> 11)) ^ v0High
    v3Low = kept
    // v2 += v1; v1 = (v1 <<< 17) ^ v2; v2 <<<= 32
    v2Low = (v2Low + v1Low) | 0
    v2High = (v2High + v1High + (v2Low >>> 0 < v1Low >>> 0 ? 1 : 0)) | 0
    kept = ((v1Low << 17) | (v1High >>> 15)) ^ v2Low
    v1High = ((v1High << 17) | (v1Low >>> 15)) ^ v2High
    v1Low = kept
    kept = v2Low
    v2Low = v2High
    v2High = kept
    v[0] = v0Low
    v[1] = v0High
    v[2] = v1Low
    v[3] = v1High
    v[4] = v2Low
    v[5] = v2High
    v[6] = v3Low
    v[7] = v3High
  }
}

const hexDigits = Buffer.from('0123456789abcdef')
/** a third of the time that `toString(16)` and `padStart` take */
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hex(half: number): string {
  return (
    hexOfByte[half >>> 24] + hexOfByte[(half >>> 16) & 0xff] + hexOfByte[(half >>> 8) & 0xff] + hexOfByte[half & 0xff]
  )
}
