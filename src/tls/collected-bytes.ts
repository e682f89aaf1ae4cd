/** Bytes collected from the chunks of a stream into one buffer: linear in the bytes, however small the chunks. */
const leastCapacity = 512

export class CollectedBytes {
  #buffer: Buffer = Buffer.alloc(0)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** All of them. Valid until the next `append`; the first chunk is not copied, so it must stay as it is. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  append(chunk: Buffer): void {
    if (this.#length === 0) {
      this.#buffer = chunk
      this.#length = chunk.length
      return
    }
    const length = this.#length + chunk.length
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(length, this.#buffer.length * 2, leastCapacity))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    chunk.copy(this.#buffer, this.#length)
    this.#length = length
  }
}
