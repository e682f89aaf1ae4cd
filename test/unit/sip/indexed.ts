/** An index over text, for the tests of what reads one. The message lies between other bytes, as in a read of a socket. */
import { type Field, SipMessage } from '../../../src/sip/message.js'

const before = 'To: of another message\r\n\r\n'
const after = 'ACK sip:of@another SIP/2.0\r\n'

/** `text` is a head without its empty line. */
export function indexed(text: string, body = '', into = new SipMessage('X-Trusted')): SipMessage {
  const head = `${text}\r\n\r\n`
  const bodyStart = before.length + head.length
  into.read(Buffer.from(before + head + body + after, 'latin1'), before.length, bodyStart, bodyStart + body.length)
  return into
}

/** A request with what RFC 3261 §8.1.1 requires, and `lines` instead of what they name. */
export function request(lines: readonly string[] = [], firstLine = 'INVITE sip:bob@example.com SIP/2.0'): string {
  const nameOf = (line: string): string => line.slice(0, line.indexOf(':'))
  const given = new Set(lines.map(nameOf))
  const usual = [
    'Via: SIP/2.0/TLS 192.0.2.1:50412;branch=z9hG4bKa;rport',
    'Max-Forwards: 70',
    'To: <sip:bob@example.com>',
    'From: <sip:alice@example.com>;tag=a',
    'Call-ID: a@b',
    `CSeq: 1 ${firstLine.split(' ')[0]}`,
  ].filter((line) => !given.has(nameOf(line)))
  // A name alone takes the usual line out.
  return [firstLine, ...usual, ...lines.filter((line) => !line.endsWith(':none'))].join('\r\n')
}

export function text(message: SipMessage, from: number, to: number): string {
  return message.buf.toString('latin1', from, to)
}

/** The values of a header, line by line. */
export function values(message: SipMessage, name: Field): string[] {
  const found: string[] = []
  for (let line = message.first(name); line >= 0; line = message.next(line)) {
    found.push(text(message, message.valueStart(line), message.valueEnd(line)))
  }
  return found
}

/** The lines of a header, whole. */
export function lines(message: SipMessage, name: Field): string[] {
  const found: string[] = []
  for (let line = message.first(name); line >= 0; line = message.next(line)) {
    found.push(text(message, message.lineStart(line), message.lineEnd(line)))
  }
  return found
}
