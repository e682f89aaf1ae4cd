/**
 * Messages of one read that lie side by side in one buffer, to be written in one go without a copy.
 *
 *     buf: ── message ── message ── message ──
 *             ╰────────── one write ────────╯
 */
export class Batch {
  messages = 0
  #buf: Buffer | undefined
  #start = 0
  #end = 0

  /** False: this message does not follow the others; take them first. */
  add(buf: Buffer, start: number, end: number): boolean {
    if (this.#buf === undefined) {
      this.#buf = buf
      this.#start = start
    } else if (this.#buf !== buf || this.#end !== start) {
      return false
    }
    this.#end = end
    this.messages++
    return true
  }

  /** The bytes of all messages; empty afterwards. */
  take(): Buffer {
    const buf = this.#buf as Buffer
    const whole = this.#start === 0 && this.#end === buf.length
    const bytes = whole ? buf : buf.subarray(this.#start, this.#end)
    this.#buf = undefined
    this.messages = 0
    return bytes
  }
}
