/** The packets received last, in memory only: a ring bounded in packets and in bytes, the oldest leave first. */
import type { Endpoint } from '../base/address.js'
import type { HepPacket } from '../hep/packet.js'

export interface ReceivedPacket {
  readonly packet: HepPacket
  /** size of the whole HEP packet */
  readonly bytes: number
  readonly transport: 'udp' | 'tcp'
  /** who sent it to us: a capture agent, not a party of the call */
  readonly sender: Endpoint
}

export class PacketStore {
  readonly #maxBytes: number
  readonly #ring: (ReceivedPacket | undefined)[]
  /** index of the oldest */
  #first = 0
  #size = 0
  #bytes = 0

  constructor(maxPackets: number, maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#ring = new Array<ReceivedPacket | undefined>(maxPackets)
  }

  get bytes(): number {
    return this.#bytes
  }

  add(received: ReceivedPacket): void {
    while (this.#size > 0 && (this.#size === this.#ring.length || this.#bytes + received.bytes > this.#maxBytes)) {
      this.#dropOldest()
    }
    if (this.#ring.length === 0 || received.bytes > this.#maxBytes) return
    this.#ring[(this.#first + this.#size) % this.#ring.length] = received
    this.#size++
    this.#bytes += received.bytes
  }

  /** Oldest first. */
  *[Symbol.iterator](): Generator<ReceivedPacket> {
    for (let i = 0; i < this.#size; i++) {
      yield this.#ring[(this.#first + i) % this.#ring.length] as ReceivedPacket
    }
  }

  #dropOldest(): void {
    this.#bytes -= (this.#ring[this.#first] as ReceivedPacket).bytes
    this.#ring[this.#first] = undefined
    this.#first = (this.#first + 1) % this.#ring.length
    this.#size--
  }
}
