/**
 * Collects changes of one message and writes the changed copy. What no change names is byte-identical.
 * It knows nothing of SIP and never writes to the message it was given.
 *
 *     slab  │ result │ result │ result │ free …        results lie side by side and are never written
 *                                                      again, so that they can wait in a queue, and
 *                                                      several can leave in one write
 */

/** Some 200 messages; one that does not fit into the rest of a slab begins the next. */
const slabBytes = 128 * 1024

const nothing: Buffer = Buffer.alloc(0)

export class Edit {
  private buf = nothing
  private start = 0
  private end = 0
  /** the changes in order of their places: [from, to) becomes text */
  private count = 0
  private readonly froms: number[] = []
  private readonly tos: number[] = []
  private readonly texts: string[] = []
  private slab = nothing
  private free = 0

  /** The message buf[start, end), which must stay as it is until `finish`. */
  begin(buf: Buffer, start: number, end: number): void {
    this.buf = buf
    this.start = start
    this.end = end
    this.count = 0
  }

  /** Text before the byte at `at`. What is inserted at one place keeps its order. */
  insert(at: number, text: string): void {
    this.add(at, at, text)
  }

  remove(from: number, to: number): void {
    this.add(from, to, '')
  }

  replace(from: number, to: number, text: string): void {
    this.add(from, to, text)
  }

  /** The changed message, in bytes that nobody writes to any more. */
  finish(): Buffer {
    const length = this.length()
    if (length > this.slab.length - this.free) {
      if (length > slabBytes) return this.write(Buffer.allocUnsafeSlow(length), 0, length)
      this.slab = Buffer.allocUnsafeSlow(slabBytes)
      this.free = 0
    }
    const at = this.free
    this.free += length
    return this.write(this.slab, at, length)
  }

  /**
   * Where the byte at `position` of the message lies in the result, as an offset into it. Text inserted
   * at `position` stands before that byte. Valid until the next `begin`.
   */
  shifted(position: number): number {
    let shift = -this.start
    for (let i = 0; i < this.count && this.froms[i] <= position; i++) {
      if (position < this.tos[i]) throw new RangeError('that byte was changed')
      shift += this.texts[i].length - (this.tos[i] - this.froms[i])
    }
    return position + shift
  }

  /** Changes are few and come mostly in order, so each is put in its place at once. */
  private add(from: number, to: number, text: string): void {
    if (from < this.start || to < from || to > this.end) throw new RangeError('a change outside of the message')
    let at = this.count
    while (at > 0 && this.standsBefore(from, to, at - 1)) {
      this.froms[at] = this.froms[at - 1]
      this.tos[at] = this.tos[at - 1]
      this.texts[at] = this.texts[at - 1]
      at--
    }
    this.froms[at] = from
    this.tos[at] = to
    this.texts[at] = text
    this.count++
    const overlapsBefore = at > 0 && this.tos[at - 1] > from
    if (overlapsBefore || (at + 1 < this.count && to > this.froms[at + 1])) throw new RangeError('changes overlap')
  }

  /** At one place insertions stand before what is removed there. */
  private standsBefore(from: number, to: number, other: number): boolean {
    if (from !== this.froms[other]) return from < this.froms[other]
    return from === to && this.tos[other] > this.froms[other]
  }

  private length(): number {
    let length = this.end - this.start
    for (let i = 0; i < this.count; i++) length += this.texts[i].length - (this.tos[i] - this.froms[i])
    return length
  }

  private write(target: Buffer, offset: number, length: number): Buffer {
    let from = this.start
    let at = offset
    for (let i = 0; i < this.count; i++) {
      at = copy(this.buf, from, this.froms[i], target, at)
      at = writeText(this.texts[i], target, at)
      from = this.tos[i]
    }
    copy(this.buf, from, this.end, target, at)
    return target.subarray(offset, offset + length)
  }
}

/** Returns where it ends in `target`. */
function copy(buf: Buffer, from: number, to: number, target: Buffer, at: number): number {
  buf.copy(target, at, from, to)
  return at + to - from
}

/** Latin-1. A character beyond it would leave as another one, a line break among them. */
function writeText(text: string, target: Buffer, offset: number): number {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c > 0xff) throw new RangeError('text that is not Latin-1')
    target[offset + i] = c
  }
  return offset + text.length
}
