/**
 * Reads the packets of a classic pcap file with pcap-parser, in bounded memory. What that parser does
 * not know (pcapng, nanoseconds, compression) is refused with the command that converts it, and what
 * it would believe blindly (lengths, a file that ends early) is checked here.
 */
import { EventEmitter } from 'node:events'
import { createReadStream } from 'node:fs'
import { type PacketHeader, parse } from 'pcap-parser'
import { UsageError } from '../../base/errors.js'

export interface CapturedPacket {
  /** Unix time in µs */
  readonly micros: number
  /** LINKTYPE_ number */
  readonly linkType: number
  readonly bytes: Buffer
  /** the capture holds only the beginning of this packet */
  readonly cut: boolean
}

/** The file is damaged from some place on: what came before it was good. */
export class DamagedCapture extends Error {
  override readonly name = 'DamagedCapture'
}

const fileHeaderBytes = 24
const packetHeaderBytes = 16
/** The largest snapshot length of libpcap (MAXIMUM_SNAPLEN). A larger packet is a length gone wrong, which would be waited for in memory. */
const maxPacketBytes = 262_144

/** Throws UsageError for a file that cannot be read this way, DamagedCapture after the last good packet. */
export async function* readCapture(path: string): AsyncGenerator<CapturedPacket, void, undefined> {
  const reader = new PacketReader(path)
  for await (const chunk of fileChunks(path)) yield* reader.push(chunk)
  reader.end()
}

/** pcap-parser, fed by hand: it takes no backpressure and reports to listeners. */
class PacketReader {
  readonly #path: string
  readonly #source = Object.assign(new EventEmitter(), { pause() {}, resume() {} })
  readonly #packets: CapturedPacket[] = []
  #linkType = 0
  #started = false
  #fault: Error | undefined
  #bytesIn = 0
  #bytesParsed = fileHeaderBytes
  #packetCount = 0

  constructor(path: string) {
    this.#path = path
    parse(this.#source)
      .on('globalHeader', ({ linkLayerType }) => {
        this.#linkType = linkLayerType & 0xffff // the upper half may hold the length of a frame check sequence
      })
      .on('packetHeader', (header) => this.#header(header))
      .on('packet', ({ header, data }) => this.#packet(header, data))
      .on('error', (error) => {
        this.#fault ??= new UsageError(`${path}: ${error.message}`)
      })
  }

  *push(chunk: Buffer): Generator<CapturedPacket, void, undefined> {
    if (!this.#started) refuseOtherFormats(this.#path, chunk)
    this.#started = true
    this.#bytesIn += chunk.length
    try {
      this.#source.emit('data', chunk)
    } catch (error) {
      this.#fault ??= error as Error
    }
    yield* this.#packets.splice(0)
    if (this.#fault !== undefined) throw this.#fault
  }

  end(): void {
    if (!this.#started) throw new UsageError(`${this.#path} is empty`)
    if (this.#bytesIn !== this.#bytesParsed) {
      throw new DamagedCapture(`${this.#path} ends in the middle of packet ${this.#packetCount + 1}`)
    }
  }

  /** Emitted when the parser is about to wait for the packet; only throwing stops it. */
  #header({ capturedLength }: PacketHeader): void {
    if (capturedLength <= maxPacketBytes) return
    throw new DamagedCapture(`${this.#path} is damaged from packet ${this.#packetCount + 1} on`)
  }

  #packet(header: PacketHeader, bytes: Buffer): void {
    this.#packetCount++
    this.#bytesParsed += packetHeaderBytes + header.capturedLength
    this.#packets.push({
      micros: header.timestampSeconds * 1e6 + header.timestampMicroseconds,
      linkType: this.#linkType,
      bytes,
      cut: header.capturedLength < header.originalLength,
    })
  }
}

async function* fileChunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
    throw new UsageError(`cannot read ${path}: ${error.message}`)
  }
}

/** First bytes of what people have instead of a classic pcap file, in hex. */
const otherFormats: readonly (readonly [magic: string, name: string])[] = [
  ['0a0d0d0a', 'a pcapng file'],
  ['a1b23c4d', 'a pcap file with nanoseconds'],
  ['4d3cb2a1', 'a pcap file with nanoseconds'],
  ['a1b2cd34', 'a pcap file of a patched libpcap'],
  ['34cdb2a1', 'a pcap file of a patched libpcap'],
]
const classic = ['a1b2c3d4', 'd4c3b2a1']

function refuseOtherFormats(path: string, first: Buffer): void {
  const magic = first.toString('hex', 0, 4)
  const other = otherFormats.find(([its]) => its === magic)
  if (other !== undefined) {
    throw new UsageError(
      `${path} is ${other[1]}, which cannot be read here; convert it with: editcap -F pcap ${path} out.pcap`,
    )
  }
  if (magic.startsWith('1f8b')) throw new UsageError(`${path} is compressed; unpack it first: gunzip ${path}`)
  if (!classic.includes(magic) || first.length < fileHeaderBytes) throw new UsageError(`${path} is not a pcap file`)
}
