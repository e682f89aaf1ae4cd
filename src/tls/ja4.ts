/**
 * JA4, the fingerprint of a TLS client by its ClientHello (FoxIO, technical_details/JA4.md, BSD 3-clause):
 * the same software gives the same text whatever order it shuffles its extensions into.
 *
 *     t13d1516h2_8daaf6152771_e5627efa2ab1
 *     │││ │ │ │  ciphers      extensions and signature algorithms
 *     │││ │ │ └ first ALPN value, first and last character
 *     │││ │ └ extensions   └ ciphers, counted
 *     ││└ d: with SNI, i: without
 *     │└ highest version
 *     └ TLS over TCP
 */
import { hash } from 'node:crypto'

/** What a ClientHello holds, in its order, GREASE included. */
export interface HelloFields {
  readonly legacyVersion: number
  readonly ciphers: Uint16Array
  /** types */
  readonly extensions: Uint16Array
  readonly sni: string | undefined
  readonly alpn: readonly Buffer[]
  /** undefined without the extension */
  readonly supportedVersions: Uint16Array | undefined
  readonly signatureAlgorithms: Uint16Array
}

export function ja4(hello: HelloFields): string {
  const ciphers = hello.ciphers.filter(isNotGrease)
  const extensions = hello.extensions.filter(isNotGrease)
  const signatureAlgorithms = hello.signatureAlgorithms.filter(isNotGrease)
  const hashedExtensions = extensions.filter((type) => type !== serverName && type !== alpn)

  const version = versionCodes[offeredVersions(hello)[0] ?? 0] ?? '00'
  const sni = extensions.includes(serverName) ? 'd' : 'i'
  const first = `t${version}${sni}${twoDigits(ciphers.length)}${twoDigits(extensions.length)}${alpnCode(hello.alpn[0])}`
  // no underscore when there are no signature algorithms
  const suffix = signatureAlgorithms.length > 0 ? `_${hexList(signatureAlgorithms)}` : ''
  return `${first}_${hashed(ciphers, '')}_${hashed(hashedExtensions, suffix)}`
}

/** The versions a client offers, highest first, GREASE left out. RFC 8446 §4.2.1: the extension overrides the old field. */
export function offeredVersions(hello: HelloFields): Uint16Array {
  return (hello.supportedVersions ?? Uint16Array.of(hello.legacyVersion)).filter(isNotGrease).sort().reverse()
}

const serverName = 0x0000
const alpn = 0x0010

const versionCodes: Readonly<Record<number, string>> = {
  772: '13',
  771: '12',
  770: '11',
  769: '10',
  768: 's3',
  2: 's2',
}

/** RFC 8701: 0x0A0A, 0x1A1A, … 0xFAFA say nothing but that the client tolerates the unknown. */
function isNotGrease(value: number): boolean {
  return (value & 0x0f0f) !== 0x0a0a || value >> 8 !== (value & 0xff)
}

/** Of an empty list zeros, so that nobody takes the hash of nothing for something. Sorts the list in place. */
function hashed(values: Uint16Array, suffix: string): string {
  return values.length === 0 ? '000000000000' : hash('sha256', hexList(values.sort()) + suffix, 'hex').slice(0, 12)
}

const comma = 0x2c
const hexDigits = Buffer.from('0123456789abcdef')

/** `1301,1302`. Byte by byte: with toString, padStart, join and a sort of numbers a hello took 25 µs, now 9. */
function hexList(values: Uint16Array): string {
  const text = Buffer.allocUnsafe(values.length * 5)
  let at = 0
  for (const value of values) {
    text[at++] = hexDigits[value >> 12]!
    text[at++] = hexDigits[(value >> 8) & 0xf]!
    text[at++] = hexDigits[(value >> 4) & 0xf]!
    text[at++] = hexDigits[value & 0xf]!
    text[at++] = comma
  }
  return text.toString('latin1', 0, at - 1)
}

function twoDigits(count: number): string {
  return String(Math.min(count, 99)).padStart(2, '0')
}

function alpnCode(value: Buffer | undefined): string {
  if (value === undefined || value.length === 0) return '00'
  const ends = [value[0]!, value[value.length - 1]!]
  if (ends.every(isAlphanumeric)) return String.fromCharCode(...ends)
  const hex = value.toString('hex')
  return hex[0]! + hex[hex.length - 1]!
}

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}
