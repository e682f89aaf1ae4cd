/**
 * What the live view reads out of a SIP message: its first line, CSeq, who calls whom. Reads bytes in place and
 * decodes what it returns; it judges nothing, and never throws for what is in the bytes.
 */
import { lineEnd } from '../../sip/headers.js'
import { type Field, field, SipMessage } from '../../sip/message.js'
import { SipUri } from '../../sip/uri.js'
import { GREATER, LESS } from '../../sip/values.js'
import { Via } from '../../sip/via.js'
import type { Step } from '../calls/call-state.js'

/** A first line or an address is as long as its sender likes; rows and tables are not. */
const maxTextBytes = 255
const emptyLine = Buffer.from('\r\n\r\n')

// Read anew for each message and never held over a turn of the event loop.
const index = new SipMessage()
const uri = new SipUri()
const via = new Via()

/** The index of the message buf[start, end), good until the next call. */
export function readMessage(buf: Buffer, start: number, end: number): SipMessage {
  const at = buf.subarray(start, end).indexOf(emptyLine)
  index.read(buf, start, at < 0 ? end : start + at + emptyLine.length, end)
  return index
}

/** What the message means for its call. */
export function stepOf(message: SipMessage, micros: number): Step {
  const { isRequest, status } = message
  return {
    micros,
    isRequest,
    method: isRequest ? message.method : message.cseqMethod(),
    status,
    inDialog: message.toHasTag(),
    branch: topmostBranch(message),
  }
}

/** `INVITE sip:bob@example.com SIP/2.0` */
export function firstLine({ buf, start, bodyStart }: SipMessage): string {
  return textOf(buf, start, lineEnd(buf, start, bodyStart))
}

/** `1 INVITE` */
export function cseqText(message: SipMessage): string | undefined {
  const line = message.first(field.cseq)
  return line < 0 ? undefined : textOf(message.buf, message.valueStart(line), message.valueEnd(line))
}

/** `alice@example.com`; of an address that is no SIP URI, the URI as it stands. */
export function addressOfRecord(message: SipMessage, name: Field): string | undefined {
  const line = message.first(name)
  if (line < 0) return undefined
  const { buf } = message
  const [start, end] = [message.valueStart(line), message.valueEnd(line)]
  if (!uri.readAddress(buf, start, end)) return addressText(buf, start, end)
  const host = textOf(buf, uri.hostStart, uri.hostEnd).toLowerCase()
  return uri.userStart < 0 ? host : `${textOf(buf, uri.userStart, uri.userEnd)}@${host}`
}

/** What stands in <>, else all of it. */
function addressText(buf: Buffer, start: number, end: number): string | undefined {
  const value = buf.subarray(start, end)
  const less = value.indexOf(LESS)
  const greater = value.indexOf(GREATER, less)
  const text = less >= 0 && greater > less ? textOf(value, less + 1, greater) : textOf(value, 0, value.length)
  return text === '' ? undefined : text
}

/** RFC 3261 §17.1.3: what a response shares with its request; '' without. */
function topmostBranch(message: SipMessage): string {
  const line = message.first(field.via)
  if (line < 0 || !via.read(message.buf, message.valueStart(line), message.valueEnd(line))) return ''
  return via.branchStart < 0 ? '' : textOf(message.buf, via.branchStart, via.branchEnd)
}

function textOf(buf: Buffer, start: number, end: number): string {
  return buf.toString('utf8', start, Math.min(end, start + maxTextBytes))
}
