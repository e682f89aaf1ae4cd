/** What the chunks of a HEP packet say about the network: read here by hand, with nothing of src/hep. */
import type { HepRecord } from './hep-collector.js'

export interface Network {
  /** chunk 0x0001: 2 or 10 */
  readonly family: number
  /** chunk 0x0002: 6, 17 or 22 */
  readonly protocol: number
  /** `192.0.2.1:5061`, `[2001:db8::1]:5061` */
  readonly source: string
  readonly destination: string
  /** Unix time */
  readonly micros: number
}

export function networkOf({ chunks }: HepRecord): Network {
  const family = chunks.get(0x01)!.readUInt8()
  const [source, destination] = family === 2 ? [0x03, 0x04] : [0x05, 0x06]
  const end = (address: number, port: number): string =>
    `${ipText(chunks.get(address)!)}:${chunks.get(port)!.readUInt16BE()}`
  return {
    family,
    protocol: chunks.get(0x02)!.readUInt8(),
    source: end(source!, 0x07),
    destination: end(destination!, 0x08),
    micros: chunks.get(0x09)!.readUInt32BE() * 1_000_000 + chunks.get(0x0a)!.readUInt32BE(),
  }
}

const mapped = Buffer.from('00000000000000000000ffff', 'hex')

/**
 * IPv6 in the one form of RFC 5952 that tests meet, a single run of zeros. A packet has one family, so an IPv4 end
 * of a pair with an IPv6 end (PROXY protocol) is written as IPv4-mapped, and read as what it is.
 */
function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.subarray(0, 12).equals(mapped)) return bytes.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16))
  return `[${groups
    .join(':')
    .replace(/\b0(?::0)+:/, ':')
    .replace(/^:(?!:)/, '::')}]`
}
