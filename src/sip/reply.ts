/**
 * Builds a reply to a framed request (RFC 3261 §8.2.6.2): the headers a reply must repeat are copied as
 * bytes, folds and spelling included. It sends nothing and adds no body.
 */
import { Edit } from './edit.js'
import { findHeader, type HeaderName, type HeaderPlace, headerNames, headersStart, SP } from './headers.js'
import { digitsEnd, nextValue, paramValue } from './values.js'
import { markSource, Via } from './via.js'

export interface ReplyOptions {
  /** for a To without tag; the same for every reply to one request */
  readonly toTag: string
  /** whole header lines without CRLF: `Contact: <sip:…>;expires=3600` */
  readonly extra?: readonly string[] | undefined
  /** where the request came from, to be written into its topmost Via (RFC 3261 §18.2.1) */
  readonly source?: { readonly ip: string; readonly port: number } | undefined
}

/** A keyed hash, 16 hex digits or more. */
export interface TagHash {
  reset(): void
  update(buf: Buffer, from: number, to: number): void
  digest(): string
}

const tag = Buffer.from('tag')

const via = new Via()
const edit = new Edit()

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
    ...vias(request, options.source),
    ...copy(request, headerNames.from),
    ...to(request, status, options.toTag),
    ...copy(request, headerNames.callId),
    ...copy(request, headerNames.cseq),
    ...extra.map((line) => Buffer.from(`${line}\r\n`)),
    Buffer.from('Content-Length: 0\r\n\r\n'),
  ])
}

/**
 * The tag of a server that keeps no state (RFC 3261 §8.2.7): the same for retransmissions, and for a
 * CANCEL and the INVITE it ends (§9.2), so CSeq counts without its method. Nobody without the key of
 * the hash knows it beforehand (§19.3).
 */
export function toTagOf(buf: Buffer, start: number, bodyStart: number, hash: TagHash): string {
  const request: HeaderLines = { buf, from: headersStart(buf, start, bodyStart), bodyStart }
  hash.reset()
  const callId = first(request, headerNames.callId)
  if (callId !== undefined) hash.update(buf, callId.valueStart, callId.valueEnd)
  const top = first(request, headerNames.via)
  // RFC 3261 §17.1.1.3, §9.1: of several values in one line, ACK and CANCEL have the topmost alone.
  if (top !== undefined) hash.update(buf, top.valueStart, nextValue(buf, top.valueStart, top.valueEnd))
  const cseq = first(request, headerNames.cseq)
  if (cseq !== undefined) hash.update(buf, cseq.valueStart, digitsEnd(buf, cseq.valueStart, cseq.valueEnd))
  return hash.digest()
}

/** The header lines of the request: buf[from, bodyStart). */
interface HeaderLines {
  readonly buf: Buffer
  readonly from: number
  readonly bodyStart: number
}

/** All Via in their order, as they are; in the topmost, where the request came from. */
function vias({ buf, from, bodyStart }: HeaderLines, source: ReplyOptions['source']): Buffer[] {
  const found: Buffer[] = []
  let place = findHeader(buf, from, bodyStart, headerNames.via)
  while (place !== undefined) {
    found.push(found.length === 0 && source !== undefined ? marked(buf, place, source) : line(buf, place))
    place = findHeader(buf, place.next, bodyStart, headerNames.via)
  }
  return found
}

function marked(buf: Buffer, place: HeaderPlace, source: { readonly ip: string; readonly port: number }): Buffer {
  if (!via.read(buf, place.valueStart, place.valueEnd)) return line(buf, place)
  edit.begin(buf, place.start, place.next)
  markSource(edit, via, source.ip, source.port)
  return edit.finish()
}

/** The first header of that name, as it is. */
function copy(request: HeaderLines, name: HeaderName): Buffer[] {
  const place = first(request, name)
  return place === undefined ? [] : [line(request.buf, place)]
}

function first({ buf, from, bodyStart }: HeaderLines, name: HeaderName): HeaderPlace | undefined {
  return findHeader(buf, from, bodyStart, name)
}

function line(buf: Buffer, place: HeaderPlace): Buffer {
  return buf.subarray(place.start, place.next)
}

/** RFC 3261 §8.2.6.2: To gets a tag if it has none, except in 100 (Trying). */
function to(request: HeaderLines, status: number, toTag: string): Buffer[] {
  const { buf } = request
  const place = first(request, headerNames.to)
  if (place === undefined) return []
  const hasTag = paramValue(buf, place.valueStart, place.valueEnd, tag) >= 0
  if (status === 100 || hasTag) return [line(buf, place)]
  return [buf.subarray(place.start, place.valueEnd), Buffer.from(`;tag=${toTag}\r\n`)]
}
