import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { buildReply, requestMethod } from '../../../src/sip/reply.js'
import { framingOf } from './frames.js'

const before = Buffer.from('Via: of another message\r\n')

/** The reply to a request with these header lines, as text. */
function reply(lines: readonly string[], status = 200, reason = 'OK', extra?: readonly string[]): string {
  const head = `REGISTER sip:example.com SIP/2.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
  const buf = Buffer.concat([before, Buffer.from(`${head}Via: body`)])
  const bodyStart = before.length + Buffer.byteLength(head)
  return buildReply(buf, before.length, bodyStart, status, reason, { toTag: 'T1', extra }).toString()
}

describe('buildReply', () => {
  test('repeats all Via in order, From, To, Call-ID and CSeq byte for byte, and no body (RFC 3261 §8.2.6.2)', () => {
    const lines = [
      'v: SIP/2.0/TLS one;branch=z9hG4bK1',
      'Max-Forwards: 70',
      'CSeq:   7\tREGISTER',
      'To: <sip:bob@example.com>',
      'VIA : SIP/2.0/UDP two\r\n ;branch=z9hG4bK2, SIP/2.0/UDP three',
      'f: "Bøb" <sip:bob@example.com>;tag=f',
      'i: a@b',
      'Content-Length: 9',
    ]
    assert.equal(
      reply(lines, 200, 'OK', ['Contact: <sip:bob@192.0.2.1>;expires=60']),
      'SIP/2.0 200 OK\r\n' +
        'v: SIP/2.0/TLS one;branch=z9hG4bK1\r\n' +
        'VIA : SIP/2.0/UDP two\r\n ;branch=z9hG4bK2, SIP/2.0/UDP three\r\n' +
        'f: "Bøb" <sip:bob@example.com>;tag=f\r\n' +
        'To: <sip:bob@example.com>;tag=T1\r\n' +
        'i: a@b\r\n' +
        'CSeq:   7\tREGISTER\r\n' +
        'Contact: <sip:bob@192.0.2.1>;expires=60\r\n' +
        'Content-Length: 0\r\n\r\n',
    )
  })

  test('comes out of the framer as the reply it is', () => {
    const { frames, fault } = framingOf([Buffer.from(reply(['Call-ID: a@b', 'To: x'], 404, 'Not Found'))])
    assert.equal(fault, undefined)
    assert.deepEqual(
      frames.map((frame) => typeof frame === 'object' && [frame.isRequest, frame.callId]),
      [[false, 'a@b']],
    )
  })

  test('leaves out what the request does not have', () => {
    assert.equal(reply([], 404, 'Not Found'), 'SIP/2.0 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  })

  for (const value of [
    '<sip:bob@example.com>',
    'sip:bob@example.com',
    '<sip:bob@example.com;tag=of-the-uri>',
    '"Bob ;tag=\\";tag=" <sip:bob@example.com>',
    '<sip:bob@example.com>;tagged=1;x=tag',
    '<sip:bob@example.com>;tag',
    '"a quote that never ends;tag=1',
    '<sip:bob@example.com',
  ]) {
    test(`gives ${value} our tag`, () => assert.equal(toOf(reply([`To: ${value} \t`])), `${value};tag=T1`))
  }

  for (const value of [
    '<sip:bob@example.com>;tag=2',
    'sip:bob@example.com;x="a;b";TAG=2',
    '<sip:bob@example.com>\r\n ;\r\n tag \t= 2',
  ]) {
    test(`leaves ${JSON.stringify(value)} its own`, () => assert.equal(toOf(reply([`To: ${value}`])), value))
  }

  test('gives 100 (Trying) no tag', () => {
    assert.equal(toOf(reply(['To: <sip:b@e>'], 100, 'Trying')), '<sip:b@e>')
  })

  test('refuses line breaks in what it is given', () => {
    assert.throws(() => reply([], 200, 'OK\r\nX: y'), RangeError)
    assert.throws(() => reply([], 200, 'OK', ['X: y\r\n\r\n']), RangeError)
  })
})

function toOf(text: string): string | undefined {
  return /^To: (.*?)\r\n(?! )/ms.exec(text)?.[1]
}

describe('requestMethod', () => {
  test('is the first word of a request, and empty for a reply', () => {
    const buf = Buffer.from('xxOPTIONS sip:a SIP/2.0\r\n')
    assert.equal(requestMethod(buf, 2), 'OPTIONS')
    assert.equal(requestMethod(Buffer.from('SIP/2.0 200 OK\r\n'), 0), '')
    assert.equal(requestMethod(Buffer.from('OPTIONS'), 0), 'OPTIONS')
  })
})
