/**
 * Puts fragmented IP packets together (RFC 791 §3.2, RFC 8200 §4.5): a SIP request with a large body
 * over UDP is one. Memory is bounded; what never becomes whole is counted.
 */

export interface Fragment {
  /** the same for all fragments of one packet: addresses, protocol, identification */
  readonly packet: string
  /** of `bytes` in the packet */
  readonly offset: number
  /** this is not the last one */
  readonly more: boolean
  readonly bytes: Buffer
}

interface Partial {
  readonly parts: { readonly offset: number; readonly bytes: Buffer }[]
  bytes: number
  /** known when the last fragment has come */
  total: number | undefined
}

/** A capture of one gateway has a handful at a time; the oldest goes first. */
const maxPackets = 256
const maxPacketBytes = 65_535

export class Fragments {
  /** fragments of packets that never became whole */
  lost = 0
  readonly #partials = new Map<string, Partial>()

  /** The payload of the whole packet, when this was the fragment it waited for. */
  add({ packet, offset, more, bytes }: Fragment): Buffer | undefined {
    if (offset + bytes.length > maxPacketBytes) {
      this.lost++
      return undefined
    }
    const partial = this.#partials.get(packet) ?? this.#begin(packet)
    if (partial.parts.some((part) => part.offset === offset)) return undefined // seen twice
    // a copy: the fragment lies in a much larger piece of the file
    partial.parts.push({ offset, bytes: Buffer.from(bytes) })
    partial.bytes += bytes.length
    if (!more) partial.total = offset + bytes.length
    if (partial.total === undefined || partial.bytes < partial.total) return undefined
    this.#partials.delete(packet)
    const whole = joined(partial)
    if (whole === undefined) this.lost += partial.parts.length
    return whole
  }

  /** No more will come. */
  end(): void {
    for (const packet of this.#partials.keys()) this.#giveUp(packet)
  }

  #begin(packet: string): Partial {
    if (this.#partials.size === maxPackets) {
      const [oldest] = this.#partials.keys()
      this.#giveUp(oldest)
    }
    const partial: Partial = { parts: [], bytes: 0, total: undefined }
    this.#partials.set(packet, partial)
    return partial
  }

  #giveUp(packet: string): void {
    this.lost += this.#partials.get(packet)?.parts.length ?? 0
    this.#partials.delete(packet)
  }
}

/** undefined where fragments overlap, which only attacks do (RFC 5722). */
function joined({ parts }: Partial): Buffer | undefined {
  parts.sort((a, b) => a.offset - b.offset)
  let end = 0
  for (const { offset, bytes } of parts) {
    if (offset !== end) return undefined
    end += bytes.length
  }
  return Buffer.concat(parts.map(({ bytes }) => bytes))
}
