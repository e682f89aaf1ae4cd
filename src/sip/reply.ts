/**
 * Builds a reply to a framed request (RFC 3261 §8.2.6.2): the headers a reply must repeat are copied as
 * bytes, folds and spelling included. It sends nothing, chooses no tag and adds no body.
 */
import { findHeader, type HeaderName, headerNames, headersStart, isWhite, SP } from './headers.js'

export interface ReplyOptions {
  /** for a To without tag; the same for every reply to one request */
  readonly toTag: string
  /** whole header lines without CRLF: `Contact: <sip:…>;expires=3600` */
  readonly extra?: readonly string[] | undefined
}

const QUOTE = 0x22
const SEMICOLON = 0x3b
const LESS = 0x3c
const EQUALS = 0x3d
const GREATER = 0x3e
const BACKSLASH = 0x5c

/** The method of the request at buf[start…]; empty if a reply is there. */
export function requestMethod(buf: Buffer, start: number): string {
  let end = start
  while (end < buf.length && buf[end] !== SP) end++
  const word = buf.toString('latin1', start, end)
  return word.includes('/') ? '' : word
}

/**
 * The reply to the request buf[start, bodyStart). Headers the request does not have are left out.
 * Throws RangeError on a line break in what the caller gives: it would let in headers of somebody's choice.
 */
export function buildReply(
  buf: Buffer,
  start: number,
  bodyStart: number,
  status: number,
  reason: string,
  options: ReplyOptions,
): Buffer {
  const extra = options.extra ?? []
  for (const text of [reason, options.toTag, ...extra]) {
    if (/[\r\n]/.test(text)) throw new RangeError('a line break in a reply header')
  }
  const request: HeaderLines = { buf, from: headersStart(buf, start, bodyStart), bodyStart }
  return Buffer.concat([
    Buffer.from(`SIP/2.0 ${status} ${reason}\r\n`),
    ...copies(request, headerNames.via, Number.POSITIVE_INFINITY),
    ...copies(request, headerNames.from, 1),
    ...to(request, status, options.toTag),
    ...copies(request, headerNames.callId, 1),
    ...copies(request, headerNames.cseq, 1),
    ...extra.map((line) => Buffer.from(`${line}\r\n`)),
    Buffer.from('Content-Length: 0\r\n\r\n'),
  ])
}

/** The header lines of the request: buf[from, bodyStart). */
interface HeaderLines {
  readonly buf: Buffer
  readonly from: number
  readonly bodyStart: number
}

/** The headers of that name in their order, as they are, at most `most`. */
function copies({ buf, from, bodyStart }: HeaderLines, name: HeaderName, most: number): Buffer[] {
  const found: Buffer[] = []
  let place = findHeader(buf, from, bodyStart, name)
  while (place !== undefined && found.length < most) {
    found.push(buf.subarray(place.start, place.next))
    place = findHeader(buf, place.next, bodyStart, name)
  }
  return found
}

/** RFC 3261 §8.2.6.2: To gets a tag if it has none, except in 100 (Trying). */
function to({ buf, from, bodyStart }: HeaderLines, status: number, tag: string): Buffer[] {
  const place = findHeader(buf, from, bodyStart, headerNames.to)
  if (place === undefined) return []
  if (status === 100 || hasTag(buf, place.valueStart, place.valueEnd)) return [buf.subarray(place.start, place.next)]
  return [buf.subarray(place.start, place.valueEnd), Buffer.from(`;tag=${tag}\r\n`)]
}

/** Is there a `tag` among the parameters of the header: outside of quotes and of <>, where parameters belong to the URI? */
function hasTag(buf: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const c = buf[at]
    if (c === QUOTE) {
      at = quoteEnd(buf, at, end)
    } else if (c === LESS) {
      while (at < end && buf[at] !== GREATER) at++
    } else if (c === SEMICOLON) {
      const name = skipWhite(buf, at + 1, end)
      const equals = skipWhite(buf, name + 3, end)
      const isTag = buf.toString('latin1', name, name + 3).toLowerCase() === 'tag'
      if (isTag && buf[equals] === EQUALS) return true
    }
  }
  return false
}

/** The quote that ends the quoted string which begins at `at`. */
function quoteEnd(buf: Buffer, start: number, end: number): number {
  let at = start + 1
  while (at < end && buf[at] !== QUOTE) at += buf[at] === BACKSLASH ? 2 : 1
  return at
}

/** RFC 3261 §25.1 SEMI, EQUAL: white space and folds may stand around them. */
function skipWhite(buf: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && isWhite(buf[at])) at++
  return at
}
