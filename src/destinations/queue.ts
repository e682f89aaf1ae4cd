/**
 * A bounded first-in-first-out queue of encoded HEP packets. Packets are encoded straight into pages
 * that are used again and again, so a packet costs no Buffer of its own:
 *
 *     page   | done with | taken, being sent | waiting | free |
 *            0         done                taken      end   64 KiB
 *
 * Where a packet ends is read from the packet itself (HEP3: total length in octets 4 and 5). A packet
 * never spans pages; memory therefore stays below twice `maxBytes` plus one page. Full means the
 * newest packet is refused: what is queued is older, and the start of a story is worth most.
 * It knows no socket and counts no losses; its owner does.
 */

import { type ChunkEntry, chunkHeadBytes, chunks, families, headerBytes, kindBytes } from '../hep/chunks.js'

/** One page holds any HEP packet: its length field has 16 bits. */
const pageBytes = 65536
/** Pages kept for reuse; a burst above that returns its memory. */
const maxSparePages = 16

export class Page {
  readonly bytes = Buffer.allocUnsafeSlow(pageBytes)
  done = 0
  taken = 0
  end = 0
}

/** Whole packets of one page, taken to be sent. */
export interface Run {
  bytes: Buffer
  start: number
  end: number
  packets: number
}

export interface QueueLimits {
  readonly maxBytes: number
  readonly maxPackets: number
}

export class PacketQueue {
  /** waiting and being sent */
  packets = 0
  bytes = 0
  /** called each time the last packet is done with */
  onEmpty: (() => void) | undefined

  #maxBytes: number
  #maxPackets: number
  #takenPackets = 0
  readonly #pages: Page[] = []
  readonly #spare: Page[] = []
  /** the page that holds the first packet not yet taken */
  #takeIndex = 0
  /** handed out by `take…`, the same object each time */
  readonly #run: Run = { bytes: Buffer.alloc(0), start: 0, end: 0, packets: 0 }

  constructor(limits: QueueLimits) {
    this.#maxBytes = limits.maxBytes
    this.#maxPackets = limits.maxPackets
  }

  /** packets not taken yet */
  get waiting(): number {
    return this.packets - this.#takenPackets
  }

  /** A quarter of what it may hold is used: not the time to wait for more. */
  get fillsUp(): boolean {
    return this.packets * 4 >= this.#maxPackets || this.bytes * 4 >= this.#maxBytes
  }

  /** A page with `size` free bytes at `page.end`; undefined: full. Encode there, then `commit(page, size)`. */
  open(size: number): Page | undefined {
    if (this.packets >= this.#maxPackets || this.bytes + size > this.#maxBytes) return undefined
    const tail = this.#pages[this.#pages.length - 1]
    if (tail !== undefined && tail.end + size <= pageBytes) return tail
    const page = this.#spare.pop() ?? new Page()
    this.#pages.push(page)
    return page
  }

  commit(page: Page, size: number): void {
    page.end += size
    this.packets++
    this.bytes += size
  }

  /** The oldest waiting packet, undefined when there is none. The answer is valid until the next `take…`. */
  takePacket(): Run | undefined {
    const page = this.#pageToTake()
    if (page === undefined) return undefined
    return this.#take(page, page.taken + packetBytes(page, page.taken), 1)
  }

  /** All waiting packets of the oldest page. The answer is valid until the next `take…`. */
  takeRun(): Run | undefined {
    const page = this.#pageToTake()
    if (page === undefined) return undefined
    let packets = 0
    for (let at = page.taken; at < page.end; at += packetBytes(page, at)) packets++
    return this.#take(page, page.end, packets)
  }

  /** Size of the oldest packet that was taken and is not done. */
  oldestTakenBytes(): number {
    const page = this.#pages[0] as Page
    return packetBytes(page, page.done)
  }

  /** Adds the packets that the next `complete` of so many bytes is about to `counts`, by their protocol type. */
  countTaken(bytes: number, counts: Float64Array): void {
    const page = this.#pages[0] as Page
    for (let at = page.done; at < page.done + bytes; at += packetBytes(page, at)) {
      ;(counts[protocolType(page, at)] as number)++
    }
  }

  /** The oldest taken packets, which lie in one page, are done with: sent or lost. Their memory may be written again. */
  complete(packets: number, bytes: number): void {
    const page = this.#pages[0] as Page
    page.done += bytes
    this.packets -= packets
    this.bytes -= bytes
    this.#takenPackets -= packets
    if (page.done === page.end) this.#release(0)
    if (this.packets === 0) this.onEmpty?.()
  }

  /** Forgets every waiting packet; returns how many. */
  dropWaiting(): number {
    const dropped = this.waiting
    const first = this.#pageToTake()
    if (first === undefined) return 0
    while (this.#pages.length > this.#takeIndex + 1) {
      const page = this.#pages.pop() as Page
      this.bytes -= page.end
      this.#keep(page)
    }
    this.bytes -= first.end - first.taken
    first.end = first.taken
    this.packets -= dropped
    if (first.done === first.end) this.#release(this.#takeIndex)
    if (this.packets === 0) this.onEmpty?.()
    return dropped
  }

  /** Hands every waiting packet to the end of another queue; returns how many that one had no room for. */
  moveWaiting(to: PacketQueue): number {
    let refused = 0
    for (let i = this.#takeIndex; i < this.#pages.length; i++) {
      const page = this.#pages[i] as Page
      for (let at = page.taken; at < page.end; ) {
        const size = packetBytes(page, at)
        const target = to.open(size)
        if (target === undefined) refused++
        else {
          page.bytes.copy(target.bytes, target.end, at, at + size)
          to.commit(target, size)
        }
        at += size
      }
    }
    this.dropWaiting()
    return refused
  }

  /** From now on `open` answers: full. */
  close(): void {
    this.#maxPackets = 0
  }

  #pageToTake(): Page | undefined {
    let page = this.#pages[this.#takeIndex]
    if (page !== undefined && page.taken === page.end) page = this.#pages[this.#takeIndex + 1]
    if (page === undefined || page.taken === page.end) return undefined
    if (page !== this.#pages[this.#takeIndex]) this.#takeIndex++
    return page
  }

  #take(page: Page, end: number, packets: number): Run {
    const run = this.#run
    run.bytes = page.bytes
    run.start = page.taken
    run.end = end
    run.packets = packets
    page.taken = end
    this.#takenPackets += packets
    return run
  }

  /** Nothing of this page is needed any more. The last page stays, emptied, for the next packet. */
  #release(index: number): void {
    const page = this.#pages[index] as Page
    if (this.#pages.length === 1) {
      page.done = page.taken = page.end = 0
      return
    }
    this.#pages.splice(index, 1)
    if (this.#takeIndex > 0) this.#takeIndex--
    this.#keep(page)
  }

  #keep(page: Page): void {
    page.done = page.taken = page.end = 0
    if (this.#spare.length < maxSparePages) this.#spare.push(page)
  }
}

function packetBytes(page: Page, at: number): number {
  return page.bytes.readUInt16BE(at + 4)
}

/** Our encoder writes the chunks of a head in one order, so that only the addresses move what comes behind them. */
const familyAt = headerBytes + chunkHeadBytes
const typeAt4 = typeAtWith(chunks.source4, chunks.destination4)
const typeAt6 = typeAtWith(chunks.source6, chunks.destination6)

/** Chunk 0x000b. */
function protocolType(page: Page, at: number): number {
  return page.bytes[at + (page.bytes[at + familyAt] === families.ipv4 ? typeAt4 : typeAt6)] as number
}

function typeAtWith(source: ChunkEntry, destination: ChunkEntry): number {
  const { family, protocol, sourcePort, destinationPort, seconds, micros } = chunks
  const before = [family, protocol, source, destination, sourcePort, destinationPort, seconds, micros]
  return before.reduce((at, { kind }) => at + chunkHeadBytes + kindBytes[kind], headerBytes) + chunkHeadBytes
}
