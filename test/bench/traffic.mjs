/**
 * The SIP of the benchmark: one request and its answer, of fixed length, so that both ends can count
 * messages by counting bytes and cost as little as possible. Only the Call-ID changes, in place.
 */
const callIdWidth = 24
const marker = 'C'.repeat(callIdWidth)

const request = Buffer.from(
  [
    'REGISTER sip:sip.example.com SIP/2.0',
    'Via: SIP/2.0/TLS 192.0.2.77:50123;branch=z9hG4bK-524287-1---8f2f5a1c2d3e4b5a;rport;alias',
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

const answer = Buffer.from(
  [
    'SIP/2.0 200 OK',
    'Via: SIP/2.0/TLS 192.0.2.77:50123;branch=z9hG4bK-524287-1---8f2f5a1c2d3e4b5a;rport=50123;received=192.0.2.77;alias',
    'From: "Alice Example" <sip:alice@sip.example.com>;tag=5f3c9a7e',
    'To: "Alice Example" <sip:alice@sip.example.com>;tag=as58f4201b',
    `Call-ID: ${marker}@192.0.2.77`,
    'CSeq: 42 REGISTER',
    'Contact: <sip:alice@192.0.2.77:50123;transport=tls;ob>;expires=300',
    'Server: ExampleServer/1.0',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n'),
)

export const requestBytes = request.length
export const answerBytes = answer.length
const requestCallIdAt = request.indexOf(marker)
const answerCallIdAt = answer.indexOf(marker)

/** `count` requests in one buffer. */
export function requests(count) {
  return Buffer.concat(Array.from({ length: count }, () => request))
}

/** Gives the first `count` requests of a buffer made by `requests` a Call-ID of their own. */
export function setCallId(buffer, count, number) {
  const id = String(number).padStart(callIdWidth, '0')
  for (let i = 0; i < count; i++) buffer.latin1Write(id, i * requestBytes + requestCallIdAt)
}

/** The answers to the first `count` requests of a buffer. */
export function answersTo(buffer, count) {
  const answers = Buffer.allocUnsafe(count * answerBytes)
  for (let i = 0; i < count; i++) {
    const callIdAt = i * requestBytes + requestCallIdAt
    answer.copy(answers, i * answerBytes)
    buffer.copy(answers, i * answerBytes + answerCallIdAt, callIdAt, callIdAt + callIdWidth)
  }
  return answers
}
