/**
 * Looks up headers in the bytes of a framed message, by long or compact name (RFC 3261 §7.3). It does
 * not interpret values, changes nothing and keeps nothing; a value becomes a string only on request.
 */

export interface HeaderName {
  /** lower case */
  readonly long: Buffer
  readonly compact: Buffer | undefined
}

export const headerNames = {
  via: headerName('via', 'v'),
  from: headerName('from', 'f'),
  to: headerName('to', 't'),
  callId: headerName('call-id', 'i'),
  cseq: headerName('cseq'),
  contact: headerName('contact', 'm'),
  contentLength: headerName('content-length', 'l'),
  expires: headerName('expires'),
} as const

/** Where one header lies in its buffer. */
export interface HeaderPlace {
  /** first byte of the name */
  readonly start: number
  /** value without the white space around it; may hold folds */
  readonly valueStart: number
  readonly valueEnd: number
  /** behind the CRLF that ends it */
  readonly next: number
}

export const CR = 0x0d
export const LF = 0x0a
export const SP = 0x20
export const TAB = 0x09
const COLON = 0x3a
/** set in lower-case letters, clear in upper-case ones */
const lowerCase = 0x20

/** The first header of that name in the message buf[start, bodyStart), as text: folds become one space. */
export function headerValue(buf: Buffer, start: number, bodyStart: number, name: HeaderName): string | undefined {
  const place = findHeader(buf, headersStart(buf, start, bodyStart), bodyStart, name)
  return place && buf.toString('utf8', place.valueStart, place.valueEnd).replaceAll(/\r\n[ \t]+/g, ' ')
}

/** Behind the first line of the message. */
export function headersStart(buf: Buffer, start: number, bodyStart: number): number {
  return lineEnd(buf, start, bodyStart) + 2
}

/** The next header of that name from `from` on, which is the start of a header line; goes no further than `bodyStart`. */
export function findHeader(buf: Buffer, from: number, bodyStart: number, name: HeaderName): HeaderPlace | undefined {
  let start = from
  while (start < bodyStart) {
    const end = headerEnd(buf, start, bodyStart)
    const value = afterName(buf, start, end, name)
    if (value >= 0) return trimmed(buf, start, value, end)
    start = end + 2
  }
  return undefined
}

/** Where the value begins if the line is a header of that name, else −1. RFC 3261 §25.1 HCOLON: white space may stand before the colon. */
export function afterName(buf: Buffer, line: number, end: number, name: HeaderName): number {
  const value = afterSpelling(buf, line, end, name.long)
  return value < 0 && name.compact !== undefined ? afterSpelling(buf, line, end, name.compact) : value
}

export function skipBlanks(buf: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && isBlank(buf[at])) at++
  return at
}

export function isBlank(c: number): boolean {
  return c === SP || c === TAB
}

/** White space and the line ends of folds (RFC 3261 §25.1 LWS). */
export function isWhite(c: number): boolean {
  return isBlank(c) || c === CR || c === LF
}

function headerName(long: string, compact?: string): HeaderName {
  return { long: Buffer.from(long), compact: compact === undefined ? undefined : Buffer.from(compact) }
}

function afterSpelling(buf: Buffer, line: number, end: number, name: Buffer): number {
  const nameEnd = line + name.length
  if (nameEnd >= end) return -1
  for (let i = 0; i < name.length; i++) if ((buf[line + i] | lowerCase) !== name[i]) return -1
  const colon = skipBlanks(buf, nameEnd, end)
  return colon < end && buf[colon] === COLON ? colon + 1 : -1
}

/** The CRLF that ends the header, folds included (RFC 3261 §7.3.1). */
function headerEnd(buf: Buffer, start: number, bodyStart: number): number {
  let end = lineEnd(buf, start, bodyStart)
  while (end + 2 < bodyStart && end > start && isBlank(buf[end + 2])) end = lineEnd(buf, end + 2, bodyStart)
  return end
}

/** The next CRLF, or `bodyStart`. */
function lineEnd(buf: Buffer, from: number, bodyStart: number): number {
  let at = from
  while (at < bodyStart && !(buf[at] === CR && buf[at + 1] === LF)) at++
  return at
}

function trimmed(buf: Buffer, start: number, from: number, end: number): HeaderPlace {
  let valueStart = from
  let valueEnd = end
  while (valueStart < valueEnd && isWhite(buf[valueStart])) valueStart++
  while (valueStart < valueEnd && isWhite(buf[valueEnd - 1])) valueEnd--
  return { start, valueStart, valueEnd, next: end + 2 }
}
