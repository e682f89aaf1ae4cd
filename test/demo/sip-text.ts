/** What phones of the demo write into their messages, beyond what test/support/sip.ts does: bodies, tags, routes. */
import { changed, headerOf, headersOf, token } from '../support/sip.js'

/** A message without a body gets this one. */
export function withSdp(message: Buffer, host: string): Buffer {
  const body = sdp(host)
  const ends = `Content-Type: application/sdp\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  return changed(message, /Content-Length: 0\r\n\r\n$/, ends)
}

/** The request with a tag in To: every answer made of it belongs to one dialog (RFC 3261 §12.1.1). */
export function tagged(request: Buffer): Buffer {
  const to = headerOf(request, 'To')!
  return /;tag=/.test(to) ? request : changed(request, `To: ${to}`, `To: ${to};tag=${token()}`)
}

/** Route or Record-Route as single values, in their order. */
export function routeValues(message: Buffer, name: 'Route' | 'Record-Route' | 'Path'): string[] {
  return headersOf(message, name).flatMap((line) => line.split(/,\s*(?=<)/))
}

/** The URI between angle brackets. */
export function uriIn(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';', 1)[0]!
}

export function statusOf(message: Buffer): number {
  return Number(/^SIP\/2\.0 (\d{3})/.exec(message.toString('latin1', 0, 12))?.[1] ?? 0)
}

export function methodOf(message: Buffer): string {
  return headerOf(message, 'CSeq')!.split(/\s+/)[1]!
}

function sdp(host: string): string {
  const session = 1_000_000 + Math.floor(Math.random() * 9_000_000)
  return [
    'v=0',
    `o=- ${session} ${session} IN IP4 ${host}`,
    's=-',
    `c=IN IP4 ${host}`,
    't=0 0',
    'm=audio 40000 RTP/SAVP 9 8 0 101',
    'a=rtpmap:9 G722/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=sendrecv',
    '',
  ].join('\r\n')
}
