/**
 * Bytes in the order they came, in pages that are made as they are needed and then used again: the newest are
 * written over the oldest. Who wrote what is not known here.
 *
 *     position:  0 ─ page 0 ─┬─ page 1 ─┬─ page 0 again ─┬─ …       grows for ever; what is below `floor` is overwritten
 *
 * What is written lies in one page, so that it can be read in place. The tail of a page too short for it stays unused.
 */

/** As large as the largest message that `limits.max_message_bytes` allows, and small beside the default of `live.message_bytes`. */
const maxPageBytes = 1024 * 1024

export class Slab {
  /** nothing longer can be written */
  readonly pageBytes: number
  readonly #maxPages: number
  readonly #pages: Buffer[] = []
  #end = 0

  /** Takes no more than `maxBytes` of memory. */
  constructor(maxBytes: number) {
    this.pageBytes = Math.min(maxBytes, maxPageBytes)
    this.#maxPages = Math.floor(maxBytes / this.pageBytes)
  }

  /** Where so many bytes would be written next. */
  place(bytes: number): number {
    const left = this.pageBytes - (this.#end % this.pageBytes)
    return bytes <= left ? this.#end : this.#end + left
  }

  /** What was written below this position is lost when the bytes up to `end` are written. */
  floor(end: number): number {
    return end - this.#maxPages * this.pageBytes
  }

  /** Copies buf[start, end) to `position`, which `place` gave for them. */
  write(position: number, buf: Buffer, start: number, end: number): void {
    buf.copy(this.page(position), this.offset(position), start, end)
    this.#end = position + end - start
  }

  page(position: number): Buffer {
    const index = Math.floor(position / this.pageBytes) % this.#maxPages
    this.#pages[index] ??= Buffer.allocUnsafeSlow(this.pageBytes)
    return this.#pages[index]
  }

  /** Of a position, in its page. */
  offset(position: number): number {
    return position % this.pageBytes
  }
}
