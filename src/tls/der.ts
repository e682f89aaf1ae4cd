/**
 * Writes ASN.1 values in DER (X.690): the handful of types that certificates are made of.
 * Never reads any: what peers send is parsed by OpenSSL.
 */

/** Tag and length before `content`. */
export function tagged(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([header(tag, body.length), body])
}

export const sequence = (...items: Buffer[]) => tagged(0x30, ...items)
export const set = (...items: Buffer[]) => tagged(0x31, ...items)
export const octetString = (content: Buffer) => tagged(0x04, content)
export const utf8String = (text: string) => tagged(0x0c, Buffer.from(text))
export const printableString = (text: string) => tagged(0x13, Buffer.from(text, 'latin1'))
export const boolean = (value: boolean) => tagged(0x01, Buffer.from([value ? 0xff : 0x00]))
export const nullValue = Buffer.from([0x05, 0x00])

/** `[number]` around whole values (EXPLICIT), or around the content of a constructed type (IMPLICIT). */
export const context = (number: number, ...items: Buffer[]) => tagged(0xa0 | number, ...items)
/** `[number]` in place of the tag of a primitive type (IMPLICIT). */
export const contextPrimitive = (number: number, content: Buffer) => tagged(0x80 | number, content)

/** A whole number ≥ 0, big-endian. */
export function integer(value: number | Buffer): Buffer {
  const bytes = typeof value === 'number' ? numberBytes(value) : value
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  // X.690 §8.3: two's complement, so a leading bit of 1 would mean a negative number
  return tagged(0x02, Buffer.from(bytes[start]! & 0x80 ? [0] : []), bytes.subarray(start))
}

/** `unusedBits`: how many bits at the end of the last byte do not count. */
export function bitString(content: Buffer, unusedBits = 0): Buffer {
  return tagged(0x03, Buffer.from([unusedBits]), content)
}

/** `2.5.4.3` */
export function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number)
  return tagged(0x06, ...[first! * 40 + second!, ...rest].map(base128))
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from then on. */
export function time(date: Date): Buffer {
  const digits = `${date.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : tagged(0x18, Buffer.from(digits, 'latin1'))
}

export function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length])
  const bytes = numberBytes(length)
  return Buffer.from([tag, 0x80 | bytes.length, ...bytes])
}

function numberBytes(value: number): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

/** Seven bits per byte, the high bit set on all but the last. */
function base128(value: number): Buffer {
  const bytes = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f))
  return Buffer.from(bytes)
}
