/** SIP texts for tests: requests, answers, and a plain framer that shares nothing with the one under test. */
import { randomBytes } from 'node:crypto'

export interface RequestFields {
  readonly method?: string
  readonly uri?: string
  readonly callId?: string
  readonly cseq?: number
  readonly transport?: string
  /** the whole value of its Via; default: one that another address stands in */
  readonly via?: string
  readonly from?: string
  readonly to?: string
  readonly contact?: string
  /** complete lines without line ends */
  readonly headers?: readonly string[]
  readonly body?: string
}

export function token(): string {
  return randomBytes(6).toString('hex')
}

/** A request as a phone would send it. */
export function sipRequest(fields: RequestFields = {}): Buffer {
  const { method = 'OPTIONS', uri = 'sip:sip.example.com', cseq = 1, transport = 'TLS', body = '' } = fields
  const lines = [
    `${method} ${uri} SIP/2.0`,
    `Via: ${fields.via ?? `SIP/2.0/${transport} 192.0.2.10:50000;branch=z9hG4bK${token()}`}`,
    'Max-Forwards: 70',
    `From: ${fields.from ?? `<sip:alice@example.com>;tag=${token()}`}`,
    `To: ${fields.to ?? '<sip:bob@example.com>'}`,
    `Call-ID: ${fields.callId ?? `${token()}@192.0.2.10`}`,
    `CSeq: ${cseq} ${method}`,
    `Contact: ${fields.contact ?? '<sip:alice@192.0.2.10:50000;transport=tls>'}`,
    ...(fields.headers ?? []),
    ...(body === '' ? [] : ['Content-Type: text/plain']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** The answer a server gives: RFC 3261 §8.2.6.2. `headers` are complete lines without line ends. */
export function sipAnswer(request: Buffer, status = '200 OK', headers: readonly string[] = []): Buffer {
  const copied = lines(request).filter((line) => /^(?:via|from|to|call-id|cseq)\s*:/i.test(line))
  const tagged = copied.map((line) => (/^to\s*:/i.test(line) && !/;tag=/.test(line) ? `${line};tag=${token()}` : line))
  return Buffer.from([`SIP/2.0 ${status}`, ...tagged, ...headers, 'Content-Length: 0', '', ''].join('\r\n'))
}

/** The first value of a header, by its full name. */
export function headerOf(message: Buffer, name: string): string | undefined {
  const found = lines(message).find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return found?.slice(name.length + 1).trim()
}

/** All lines of a header, by its full name: their values. */
export function headersOf(message: Buffer, name: string): string[] {
  const prefix = `${name.toLowerCase()}:`
  return lines(message).flatMap((line) =>
    line.toLowerCase().startsWith(prefix) ? [line.slice(prefix.length).trim()] : [],
  )
}

/** The message with one thing changed, which must be there. */
export function changed(message: Buffer, found: string | RegExp, replacement: string): Buffer {
  const text = message.toString('latin1')
  if (typeof found === 'string' ? !text.includes(found) : !found.test(text))
    throw new Error(`${found} is not in ${text}`)
  return Buffer.from(
    text.replace(found, () => replacement),
    'latin1',
  )
}

export function startLine(message: Buffer): string {
  return lines(message)[0]!
}

function lines(message: Buffer): string[] {
  return message.toString('latin1').split('\r\n\r\n', 1)[0]!.split('\r\n')
}

export interface Split {
  readonly messages: Buffer[]
  /** CRLFs between messages */
  readonly crlfs: number
  readonly rest: Buffer
}

/** Cuts a stream into whole messages. */
export function splitMessages(bytes: Buffer): Split {
  const messages: Buffer[] = []
  let crlfs = 0
  let at = 0
  for (;;) {
    while (bytes.subarray(at, at + 2).equals(crlf)) {
      crlfs++
      at += 2
    }
    const head = bytes.indexOf('\r\n\r\n', at)
    if (head < 0) break
    const length = Number(contentLength.exec(bytes.toString('latin1', at, head))?.[1] ?? 0)
    const end = head + 4 + length
    if (end > bytes.length) break
    messages.push(Buffer.from(bytes.subarray(at, end)))
    at = end
  }
  return { messages, crlfs, rest: Buffer.from(bytes.subarray(at)) }
}

const crlf = Buffer.from('\r\n')
const contentLength = /^(?:content-length|l)[ \t]*:\s*(\d+)/im
