/**
 * Walks through the values of headers: lists, quoted strings, tokens, hosts, numbers, parameters
 * (RFC 3261 §25.1). Every function takes a span of bytes and looks at nothing outside of it; most answer
 * with a position. Nothing is kept, and only a host is ever decoded.
 */
import { isWhite } from './headers.js'

export const COMMA = 0x2c
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const EQUALS = 0x3d
export const QUOTE = 0x22
export const LESS = 0x3c
export const GREATER = 0x3e
export const SLASH = 0x2f
const BACKSLASH = 0x5c
const BRACKET = 0x5b
const BRACKET_END = 0x5d
/** set in lower-case letters, clear in upper-case ones */
const lowerCase = 0x20

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const digits = '0123456789'

/** RFC 3261 §25.1 token */
const isToken = byteTable(`${letters}${digits}-.!%*_+\`'~`)
/** Host names and IPv4 addresses; the underscore is in no RFC and in many networks. */
const isHost = byteTable(`${letters}${digits}-._`)
/** RFC 3986 §3.1 scheme, but for its first character */
const isScheme = byteTable(`${letters}${digits}+-.`)
const isUri = new Uint8Array(256).fill(1, 0x21)
for (const c of Buffer.from('"<>\x7f')) isUri[c] = 0
/** What a parameter's value ends before: `;`, `,`, `>` and white space. */
const endsParam = byteTable(';,> \t\r\n')
/** Inside the brackets of an IPv6 address. */
const isIpv6 = byteTable('ABCDEFabcdef0123456789:.')

/** The comma that ends the value of a list that begins at `from`, or `end`; commas in quotes and <> belong to the value. */
export function nextValue(buf: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && buf[at] !== COMMA) at = skipUnit(buf, at, end)
  return at
}

/** Where the next value of a list begins, behind the comma at `from`; RFC 3261 §25.1 COMMA. Empty values are none. */
export function behindComma(buf: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && (buf[at] === COMMA || isWhite(buf[at]))) at++
  return at
}

/** Behind white space and folds (RFC 3261 §25.1 LWS). */
export function skipWhite(buf: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && isWhite(buf[at])) at++
  return at
}

/** The closing quote of the string that begins at `from`, or `end` if there is none. */
export function quoteEnd(buf: Buffer, from: number, end: number): number {
  let at = from + 1
  while (at < end && buf[at] !== QUOTE) at += buf[at] === BACKSLASH ? 2 : 1
  return Math.min(at, end)
}

export function tokenEnd(buf: Buffer, from: number, end: number): number {
  return runEnd(isToken, buf, from, end)
}

/** Where the scheme of a URI ends, which a colon follows; `from` if none is there. */
export function schemeEnd(buf: Buffer, from: number, end: number): number {
  const at = runEnd(isScheme, buf, from, end)
  return at < end ? at : from
}

export function digitsEnd(buf: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && buf[at] >= 0x30 && buf[at] <= 0x39) at++
  return at
}

/** The number in digits buf[from, end); what is too large for any SIP number is `Infinity`. */
export function decimal(buf: Buffer, from: number, end: number): number {
  let value = 0
  for (let at = from; at < end; at++) value = value * 10 + buf[at] - 0x30
  return value > 0xffffffff ? Number.POSITIVE_INFINITY : value
}

/** Behind the host name, IPv4 address or IPv6 address in brackets; `from` if none is there. */
export function hostEnd(buf: Buffer, from: number, end: number): number {
  if (buf[from] !== BRACKET) return runEnd(isHost, buf, from, end)
  const close = runEnd(isIpv6, buf, from + 1, end)
  return close < end && buf[close] === BRACKET_END && close > from + 1 ? close + 1 : from
}

/** The host buf[from, to) as text: lower case, without the brackets of IPv6. */
export function hostText(buf: Buffer, from: number, to: number): string {
  const text = buf[from] === BRACKET ? buf.toString('latin1', from + 1, to - 1) : buf.toString('latin1', from, to)
  return text.toLowerCase()
}

/** Behind the value of a parameter: a quoted string, or what stands before white space, `;`, `,` and `>`. */
export function paramValueEnd(buf: Buffer, from: number, end: number): number {
  if (from < end && buf[from] === QUOTE) return Math.min(quoteEnd(buf, from, end) + 1, end)
  let at = from
  while (at < end && endsParam[buf[at]] === 0) at++
  return at
}

/**
 * Where the value of the header parameter `name` (lower case) begins, or −1. Parameters in <> belong to
 * the URI, and what is in quotes is none.
 */
export function paramValue(buf: Buffer, from: number, end: number, name: Buffer): number {
  let at = from
  while (at < end) {
    if (buf[at] === SEMICOLON) {
      const start = skipWhite(buf, at + 1, end)
      const equals = skipWhite(buf, start + name.length, end)
      if (equals < end && buf[equals] === EQUALS && isName(buf, start, start + name.length, name)) {
        return skipWhite(buf, equals + 1, end)
      }
    }
    at = skipUnit(buf, at, end)
  }
  return -1
}

/** RFC 3261 §7.3.1: names are compared without case; `name` is lower case. */
export function isName(buf: Buffer, from: number, to: number, name: Buffer): boolean {
  if (to - from !== name.length) return false
  for (let i = 0; i < name.length; i++) {
    const c = buf[from + i]
    // Only letters have another case: `_` and `-` are not DEL and CR.
    if ((c >= 0x41 && c <= 0x5a ? c | lowerCase : c) !== name[i]) return false
  }
  return true
}

/** True if every quoted string ends: otherwise two readers may see other parameters. */
export function quotesEnd(buf: Buffer, from: number, end: number): boolean {
  let at = from
  // Most have none.
  while (at < end && buf[at] !== QUOTE) at++
  if (at === end) return true
  at = from
  while (at < end) {
    while (at < end && buf[at] !== QUOTE && buf[at] !== LESS) at++
    if (at < end && buf[at] === QUOTE && quoteEnd(buf, at, end) === end) return false
    at = skipUnit(buf, at, end)
  }
  return true
}

/** True if all bytes may stand in a URI: no white space or control characters, no quotes, no <>. */
export function isUriText(buf: Buffer, from: number, end: number): boolean {
  return runEnd(isUri, buf, from, end) === end
}

/** Behind one byte, one quoted string or one <…>. */
function skipUnit(buf: Buffer, at: number, end: number): number {
  switch (buf[at]) {
    case QUOTE:
      return Math.min(quoteEnd(buf, at, end) + 1, end)
    case LESS: {
      let close = at + 1
      while (close < end && buf[close] !== GREATER) close++
      return close < end ? close + 1 : end
    }
    default:
      return at + 1
  }
}

function runEnd(table: Uint8Array, buf: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && table[buf[at]] === 1) at++
  return at
}

function byteTable(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const c of Buffer.from(characters)) table[c] = 1
  return table
}
