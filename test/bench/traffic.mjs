/**
 * The SIP of the benchmark: one request and its answer. The request has a fixed length and only its Call-ID and branch
 * change, in place, so that a client costs as little as possible; the answer copies the Vias that proxies put on top.
 */
const callIdWidth = 24
const marker = 'C'.repeat(callIdWidth)
const branchWidth = 16
const branchMarker = 'B'.repeat(branchWidth)

const request = Buffer.from(
  [
    'REGISTER sip:sip.example.com SIP/2.0',
    `Via: SIP/2.0/TLS 192.0.2.77:50123;branch=z9hG4bK-524287-1---${branchMarker};rport;alias`,
    'Max-Forwards: 70',
    'From: "Alice Example" <sip:alice@sip.example.com>;tag=5f3c9a7e',
    'To: "Alice Example" <sip:alice@sip.example.com>',
    `Call-ID: ${marker}@192.0.2.77`,
    'CSeq: 42 REGISTER',
    'Contact: <sip:alice@192.0.2.77:50123;transport=tls;ob>;reg-id=1;+sip.instance="<urn:uuid:0ad5e0a8-3f4e-4b1b-8a52-62e4b1c5f1d1>"',
    'Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE',
    'Supported: outbound, path, gruu',
    'Expires: 300',
    'User-Agent: ExamplePhone/4.2.1',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
)

/** What an answer says besides Via and Call-ID. */
const answerTail = [
  '',
  'From: "Alice Example" <sip:alice@sip.example.com>;tag=5f3c9a7e',
  'To: "Alice Example" <sip:alice@sip.example.com>;tag=as58f4201b',
  'CSeq: 42 REGISTER',
  'Contact: <sip:alice@192.0.2.77:50123;transport=tls;ob>;expires=300',
  'Date: Sat, 31 Jan 2026 12:00:00 GMT',
  'Server: ExampleServer/1.0',
  'Content-Length: 0',
  '',
  '',
].join('\r\n')

export const endOfHead = '\r\n\r\n'
export const requestBytes = request.length
/** of an answer to a request that no proxy touched */
export const answerBytes = answerTo(request.toString('latin1'), 0, requestBytes).length
const requestCallIdAt = request.indexOf(marker)
const requestBranchAt = request.indexOf(branchMarker)

/** `count` requests in one buffer. */
export function requests(count) {
  return Buffer.concat(Array.from({ length: count }, () => request))
}

/**
 * Gives the first `count` requests of a buffer made by `requests` a Call-ID of their own, and each a branch that no
 * request under way has: two with the same would be one and its retransmission (RFC 3261 §17.2.3).
 */
export function setCallId(buffer, count, number) {
  const id = String(number).padStart(callIdWidth, '0')
  for (let i = 0; i < count; i++) {
    buffer.latin1Write(id, i * requestBytes + requestCallIdAt)
    buffer.latin1Write(`${number}-${i}`.padStart(branchWidth, '0'), i * requestBytes + requestBranchAt)
  }
}

/** The answer to the request in this part of a text. */
export function answerTo(text, from, to) {
  let copied = ''
  let at = text.indexOf('\r\nVia: ', from)
  while (at >= 0 && at < to) {
    const end = text.indexOf('\r\n', at + 2)
    copied += text.slice(at, end)
    at = text.indexOf('\r\nVia: ', end)
  }
  const callIdAt = text.indexOf('\r\nCall-ID: ', from)
  copied += text.slice(callIdAt, text.indexOf('\r\n', callIdAt + 2))
  return `SIP/2.0 200 OK${copied}${answerTail}`
}
