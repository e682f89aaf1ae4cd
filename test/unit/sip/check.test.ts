/** What RFC 4475 has no message for. Its messages are in test/wire/rfc4475.test.ts. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkRequest, checkResponse } from '../../../src/sip/check.js'
import { field } from '../../../src/sip/message.js'
import { Via } from '../../../src/sip/via.js'
import { indexed, request } from './indexed.js'

function answer(head: string, body = ''): string {
  const refusal = checkRequest(indexed(head, body))
  return refusal === undefined ? 'relayed' : [`${refusal.status} ${refusal.reason}`, ...refusal.extra].join(' | ')
}

describe('checkRequest', () => {
  for (const [what, head] of [
    ['a plain INVITE', request()],
    ['no Max-Forwards, as RFC 2543 had none', request(['Max-Forwards:none'])],
    ['Max-Forwards 1', request(['Max-Forwards: 1'])],
    ['Max-Forwards 255', request(['Max-Forwards: 0255'])],
    ['a method nobody knows', request([], 'FOO sip:a@b SIP/2.0')],
    ['Require of what we do not know', request(['Require: gruu, foo'])],
    ['CSeq 0 and the largest', request(['CSeq: 2147483647 INVITE'])],
    ['an ACK with Proxy-Require (§8.2.2.3)', request(['Proxy-Require: foo'], 'ACK sip:a@b SIP/2.0')],
    ['a CANCEL with Proxy-Require', request(['Proxy-Require: foo'], 'CANCEL sip:a@b SIP/2.0')],
    ['an empty Proxy-Require', request(['Proxy-Require:'])],
    ['Content-Length twice, the same', request(['Content-Length: 0', 'l: 0'])],
    ['contacts that are none', request(['Contact: ;;,<', 'Contact: *'])],
    ['quotes with quotes in them', request(['To: "a \\" b" <sip:"@b>;x="y"'])],
  ] as const) {
    test(`${what} is relayed`, () => assert.equal(answer(head), 'relayed'))
  }

  for (const [expected, head] of [
    ['400 Missing To header', request(['To:none'])],
    ['400 Missing From header', request(['From:none'])],
    ['400 Missing Call-ID header', request(['Call-ID:none'])],
    ['400 Missing Call-ID header', request(['Call-ID: '])],
    ['400 Missing CSeq header', request(['CSeq:none'])],
    ['400 Missing Via header', request(['Via:none'])],
    ['400 More than one From header', request(['From: a', 'f: b'])],
    ['400 More than one Call-ID header', request(['Call-ID: a', 'i: a'])],
    ['400 More than one CSeq header', request(['CSeq: 1 INVITE', 'CSeq: 1 INVITE'])],
    ['400 Unreadable Via header', request(['Via: SIP/2.0/TLS'])],
    ['400 Unbalanced quotes in the From header', request(['From: <sip:a@b>;x="1;tag=a'])],
    ['400 Unbalanced quotes in the To header', request(['To: "a\\'])],
    ['400 Unreadable CSeq header', request(['CSeq: INVITE'])],
    ['400 Unreadable CSeq header', request(['CSeq: 1'])],
    ['400 Unreadable CSeq header', request(['CSeq: 1INVITE'])],
    ['400 Unreadable CSeq header', request(['CSeq: 1 INVITE x'])],
    ['400 Unreadable CSeq header', request(['CSeq: -1 INVITE'])],
    ['400 CSeq number too large', request(['CSeq: 2147483648 INVITE'])],
    ['400 CSeq names another method', request(['CSeq: 1 invite'])],
    ['400 More than one Max-Forwards header', request(['Max-Forwards: 70', 'Max-Forwards: 70'])],
    ['400 Unreadable Max-Forwards header', request(['Max-Forwards: 256'])],
    ['400 Unreadable Max-Forwards header', request(['Max-Forwards: -1'])],
    ['400 Unreadable Max-Forwards header', request(['Max-Forwards: '])],
    ['400 Unreadable Max-Forwards header', request(['Max-Forwards: 7 0'])],
    [`400 Unreadable Max-Forwards header`, request([`Max-Forwards: ${'9'.repeat(400)}`])],
    ['483 Too Many Hops', request(['Max-Forwards: 000'])],
    ['400 Unreadable Content-Length header', request(['Content-Length: x'])],
    ['400 Content-Length larger than the message', request(['Content-Length: 1'])],
    ['400 Two Content-Length headers that differ', request(['Content-Length: 0', 'l: 1'])],
    ['505 Version Not Supported', request([], 'INVITE sip:a@b SIP/3.0')],
    ['416 Unsupported URI Scheme', request([], 'INVITE urn:service:sos SIP/2.0')],
    // RFC 3966: what needs no Request-URI to find its way goes on
    ['relayed', request([], 'INVITE tel:+491234 SIP/2.0')],
    ['416 Unsupported URI Scheme', request([], 'INVITE telx:+491234 SIP/2.0')],
    ['416 Unsupported URI Scheme', request([], 'INVITE te:+491234 SIP/2.0')],
    ['400 Unreadable Request-URI', request([], 'INVITE bob@example.com SIP/2.0')],
    ['400 Unreadable Request-URI', request([], 'INVITE sip:a@b@c SIP/2.0')],
    ['400 Unreadable Request-URI', request([], 'INVITE sip: SIP/2.0')],
    ['400 Space in the request line', request([], 'INVITE tel:1 2 SIP/2.0')],
    ['400 Unreadable Proxy-Require header', request(['Proxy-Require: a b'])],
    ['400 Unreadable Proxy-Require header', request(['Proxy-Require: a,,b'])],
    ['420 Bad Extension | Unsupported: a, b, c', request(['Proxy-Require: a,\r\n b', 'PROXY-REQUIRE: c'])],
  ] as const) {
    test(`${expected} for ${JSON.stringify(head)}`, () => assert.equal(answer(head), expected))
  }

  for (const line of [
    'X-Trusted\r\n : yes',
    'X-Trusted\v: yes',
    'X-Trusted\0: yes',
    'X Trusted: yes',
    ': yes',
    'no colon',
  ]) {
    // Another reader might see a header there that we did not.
    test(`400 Unreadable header line for ${JSON.stringify(line)}`, () =>
      assert.equal(answer(request([line])), '400 Unreadable header line'))
  }

  test('more lines of headers that we know than any call needs are refused, others are none of our business', () => {
    const usual = 6
    const lines = (count: number, name = 'Record-Route'): string[] => Array(count).fill(`${name}: <sip:a;lr>`)
    assert.equal(answer(request(lines(512 - usual))), 'relayed')
    assert.equal(answer(request(lines(513 - usual))), '400 Too many header lines')
    assert.equal(answer(request(lines(5000, 'Warning'))), 'relayed')
  })

  test('the order is that of §16.3: syntax before the scheme, the scheme before hops, hops before extensions', () => {
    const urn = 'INVITE urn:service:sos SIP/2.0'
    const wrong = ['Max-Forwards: 0', 'Proxy-Require: x']
    assert.equal(answer(request(['To:none', ...wrong], urn)), '400 Missing To header')
    assert.equal(answer(request(wrong, urn)), '416 Unsupported URI Scheme')
    assert.equal(answer(request(wrong)), '483 Too Many Hops')
  })

  test('leaves the topmost Via read', () => {
    const topmost = new Via()
    const message = indexed(request(['Via: SIP/2.0/TLS one;branch=x', 'v: SIP/2.0/TLS two']))
    assert.equal(checkRequest(message, topmost), undefined)
    assert.equal(topmost.host(), 'one')
    assert.equal(topmost.end, message.valueEnd(message.first(field.via)))
  })
})

describe('checkResponse', () => {
  const response = (lines: readonly string[] = [], firstLine = 'SIP/2.0 200 OK'): string =>
    request(['CSeq: 1 INVITE', ...lines], firstLine)

  for (const [expected, head] of [
    [undefined, response()],
    [undefined, response([], 'SIP/2.0 100 ')],
    [undefined, response([], 'SIP/2.0 699 Other')],
    ['Not SIP/2.0', response([], 'SIP/3.0 200 OK')],
    ['No status between 100 and 699', response([], 'SIP/2.0 099 OK')],
    ['No status between 100 and 699', response([], 'SIP/2.0 700 OK')],
    ['Missing Via header', response(['Via:none'])],
    ['Unreadable Via header', response(['Via: x'])],
    ['More than one To header', response(['To: a', 'To: b'])],
    ['Content-Length larger than the message', response(['Content-Length: 5'])],
    ['Unreadable header line', response(['X-Trusted\r\n : yes'])],
  ] as const) {
    test(`${expected ?? 'relayed'}: ${JSON.stringify(head)}`, () =>
      assert.equal(checkResponse(indexed(head)), expected))
  }
})
