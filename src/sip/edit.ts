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

/** Up to here a loop is faster than a call of `write`, which takes 50 ns whatever the length. */
const loopLength = 24

const beyondLatin1 = /[^\x00-\xff]/

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
  /** of the result */
  private length = 0
  /** how far ahead of its place in the message a piece of it stands in the result, at most */
  private ahead = 0
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
    this.measure()
    const room = Math.max(this.length, this.ahead + this.end - this.start)
    if (room > this.slab.length - this.free) {
      if (room > slabBytes) return this.write(Buffer.allocUnsafeSlow(room), 0)
      this.slab = Buffer.allocUnsafeSlow(slabBytes)
      this.free = 0
    }
    const at = this.free
    this.free += this.length
    return this.write(this.slab, at)
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

  private measure(): void {
    let shift = 0
    this.ahead = 0
    for (let i = 0; i < this.count; i++) {
      shift += this.texts[i].length - (this.tos[i] - this.froms[i])
      if (shift > this.ahead) this.ahead = shift
    }
    this.length = this.end - this.start + shift
  }

  /**
   * The message is copied once, as far ahead of its place as any piece of it will have to stand, and the
   * pieces are moved down from there, so that none is overwritten before it was moved:
   *
   *     │ result grows here ▶ … … … │ message as it was                │
   *     offset                      offset + ahead
   *
   * Within one buffer a move costs 19 ns, a copy from another one 56 ns.
   */
  private write(target: Buffer, offset: number): Buffer {
    this.buf.copy(target, offset + this.ahead, this.start, this.end)
    const toTarget = offset + this.ahead - this.start
    let from = this.start
    let at = offset
    for (let i = 0; i < this.count; i++) {
      at = move(target, at, from + toTarget, this.froms[i] + toTarget)
      at = writeText(this.texts[i], target, at)
      from = this.tos[i]
    }
    move(target, at, from + toTarget, this.end + toTarget)
    return target.subarray(offset, offset + this.length)
  }
}

/** Returns where it ends. */
function move(target: Buffer, at: number, from: number, to: number): number {
  if (at !== from && from < to) target.copyWithin(at, from, to)
  return at + to - from
}

/** Returns where it ends. A character beyond Latin-1 would leave as another one, a line break among them. */
function writeText(text: string, target: Buffer, offset: number): number {
  if (beyondLatin1.test(text)) throw new RangeError('text that is not Latin-1')
  if (text.length > loopLength) target.write(text, offset, 'latin1')
  else for (let i = 0; i < text.length; i++) target[offset + i] = text.charCodeAt(i)
  return offset + text.length
}
