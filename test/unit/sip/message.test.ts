import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { field, SipMessage } from '../../../src/sip/message.js'
import { indexed, lines, text, values } from './indexed.js'

function uriOf(message: SipMessage): string {
  return text(message, message.uriStart, message.uriEnd)
}

describe('first line', () => {
  test('of a request: method, Request-URI, version', () => {
    const message = indexed('INVITE sip:bob@example.com SIP/2.0\r\nTo: x')
    assert.equal(message.isRequest, true)
    assert.equal(message.method, 'INVITE')
    assert.equal(message.status, 0)
    assert.equal(uriOf(message), 'sip:bob@example.com')
    assert.equal(message.hasSipVersion2, true)
    assert.equal(text(message, message.headersStart, message.headersStart + 5), 'To: x')
  })

  test('of a response: status and version', () => {
    const message = indexed('sip/2.0 180 Ringing\r\nTo: x')
    assert.equal(message.isRequest, false)
    assert.equal(message.method, '')
    assert.equal(message.status, 180)
    assert.equal(message.hasSipVersion2, true)
    assert.equal(uriOf(message), '')
  })

  for (const [line, status] of [
    ['SIP/2.0 200', 200],
    ['SIP/2.0 200 ', 200],
    ['SIP/2.0 2000 OK', 0],
    ['SIP/2.0 20 OK', 0],
    ['SIP/2.0 2x0 OK', 0],
    ['SIP/2.0', 0],
    ['SIP/2.0 4294967496 OK', 0], // 200 in 32 bits
  ] as const) {
    test(`${line}: status ${status}`, () => assert.equal(indexed(line).status, status))
  }

  for (const method of ['ACK', 'BYE', 'REGISTER', 'OPTIONS', 'invite', 'INVITES', 'X', "!odd'~"]) {
    test(`method ${method} is as it is written`, () => {
      assert.equal(indexed(`${method} sip:a SIP/2.0\r\nCSeq: 7 ${method}`).method, method)
      assert.equal(indexed(`${method} sip:a SIP/2.0\r\nCSeq: 7 ${method}`).cseqMethod(), method)
    })
  }

  test('a known method is not made anew', () => {
    // The same string object cannot be seen from outside; that nothing is decoded can.
    const message = new SipMessage()
    const bytes = Buffer.from('SUBSCRIBE sip:a SIP/2.0\r\n\r\n')
    bytes.toString = () => assert.fail('decoded')
    message.read(bytes, 0, bytes.length, bytes.length)
    assert.equal(message.method, 'SUBSCRIBE')
  })

  test('spaces too many are in the Request-URI', () => {
    assert.equal(uriOf(indexed('INVITE  sip:a SIP/2.0')), ' sip:a')
    assert.equal(uriOf(indexed('INVITE sip:a; lr SIP/2.0')), 'sip:a; lr')
    assert.equal(uriOf(indexed('INVITE sip:a SIP/2.0 ')), 'sip:a SIP/2.0')
  })

  for (const line of ['INVITE sip:a SIP/7.0', 'INVITE sip:a SIP/2.00', 'INVITE sip:a', 'INVITE', 'SIP/2.1 200 OK']) {
    test(`${line}: not SIP/2.0`, () => assert.equal(indexed(line).hasSipVersion2, false))
  }
})

describe('headers', () => {
  test('are found by long and compact name in any case, with blanks before the colon', () => {
    const message = indexed(
      'OPTIONS sip:a SIP/2.0\r\nvIa: 1\r\nV \t: 2\r\nf:3\r\nT: 4\r\nI: 5\r\nm: 6\r\nk: 7\r\nc: 8\r\nl: 9\r\nX-TRUSTED: 10\r\nx: 11',
    )
    assert.deepEqual(values(message, field.via), ['1', '2'])
    assert.deepEqual(values(message, field.from), ['3'])
    assert.deepEqual(values(message, field.to), ['4'])
    assert.deepEqual(values(message, field.callId), ['5'])
    assert.deepEqual(values(message, field.contact), ['6'])
    assert.deepEqual(values(message, field.supported), ['7'])
    assert.deepEqual(values(message, field.contentType), ['8'])
    assert.deepEqual(values(message, field.contentLength), ['9'])
    assert.deepEqual(values(message, field.extra), ['10'])
  })

  for (const [name, known] of Object.entries({
    CSeq: field.cseq,
    'Max-Forwards': field.maxForwards,
    Route: field.route,
    'Record-Route': field.recordRoute,
    Path: field.path,
    Require: field.require,
    'Proxy-Require': field.proxyRequire,
    Expires: field.expires,
    'Alert-Info': field.alertInfo,
    'Flow-Timer': field.flowTimer,
  })) {
    test(`${name} is found, and nothing like it`, () => {
      const message = indexed(
        `OPTIONS sip:a SIP/2.0\r\nX${name}: 1\r\n${name}x: 2\r\n${name}: 3\r\n${name.slice(1)}: 4`,
      )
      assert.deepEqual(values(message, known), ['3'])
    })
  }

  test('a name has its own letters, not those that differ from them in one bit', () => {
    const message = indexed(
      'OPTIONS sip:a SIP/2.0\r\nX\x0dTrusted: 1\r\nX\x7fTrusted: 2',
      '',
      new SipMessage('X_Trusted'),
    )
    assert.deepEqual(values(message, field.extra), [])
  })

  test('without a name for the extra header none is found', () => {
    assert.equal(indexed('OPTIONS sip:a SIP/2.0\r\nX-Trusted: 1', '', new SipMessage()).first(field.extra), -1)
  })

  test('a value has no white space around it, and keeps its folds', () => {
    const message = indexed('OPTIONS sip:a SIP/2.0\r\nTo:\r\n \t<sip:b>\r\n ;tag=1 \t\r\nFrom: \r\nRoute:')
    assert.deepEqual(values(message, field.to), ['<sip:b>\r\n ;tag=1'])
    assert.deepEqual(lines(message, field.to), ['To:\r\n \t<sip:b>\r\n ;tag=1 \t\r\n'])
    assert.deepEqual(values(message, field.from), [''])
    assert.deepEqual(values(message, field.route), [''])
  })

  test('a folded line is no header', () => {
    const message = indexed('OPTIONS sip:a SIP/2.0\r\nSubject: x\r\n Via: y\r\nTo: z')
    assert.deepEqual(values(message, field.via), [])
    assert.deepEqual(values(message, field.to), ['z'])
  })

  test('neither the body nor the bytes around the message are looked at', () => {
    const message = indexed('OPTIONS sip:a SIP/2.0\r\nVia: x', 'To: body\r\n')
    assert.equal(message.first(field.to), -1)
    assert.equal(text(message, message.headersEnd, message.bodyStart), '\r\n')
    assert.equal(text(message, message.bodyStart, message.end), 'To: body\r\n')
  })

  test('a line without colon is passed over', () => {
    assert.deepEqual(values(indexed('OPTIONS sip:a SIP/2.0\r\nTo\r\nTo: x'), field.to), ['x'])
  })

  test('more lines than the table holds at first', () => {
    const vias = Array.from({ length: 500 }, (_, i) => `host${i}`)
    const message = indexed(
      `OPTIONS sip:a SIP/2.0\r\n${vias.map((via) => `Via: ${via}\r\nRoute: r${via}`).join('\r\n')}`,
    )
    assert.deepEqual(values(message, field.via), vias)
    assert.deepEqual(
      values(message, field.route),
      vias.map((via) => `r${via}`),
    )
  })

  test('reading the next message forgets the last', () => {
    const message = indexed('OPTIONS sip:a SIP/2.0\r\nTo: a\r\nVia: 1\r\nVia: 2\r\nCall-ID: x\r\nCSeq: 1 OPTIONS')
    indexed('SIP/2.0 200 OK\r\nVia: 3', '', message)
    assert.deepEqual(values(message, field.via), ['3'])
    assert.equal(message.first(field.to), -1)
    assert.equal(message.callIdEnd, 0)
    assert.equal(message.cseqMethod(), '')
    assert.equal(message.uriEnd, 0)
  })
})

describe('values a proxy goes by', () => {
  test('Call-ID', () => {
    const message = indexed('OPTIONS sip:a SIP/2.0\r\ni:\r\n a@b \r\nCall-ID: second')
    assert.equal(text(message, message.callIdStart, message.callIdEnd), 'a@b')
    const without = indexed('OPTIONS sip:a SIP/2.0\r\nTo: x')
    assert.deepEqual([without.callIdStart, without.callIdEnd], [0, 0])
  })

  test('CSeq, folded as in RFC 4475 §3.1.1.1', () => {
    const message = indexed('INVITE sip:a SIP/2.0\r\ncseq: 0009\r\n  INVITE')
    assert.equal(text(message, message.cseqNumberStart, message.cseqNumberEnd), '0009')
    assert.equal(message.cseqMethod(), 'INVITE')
    const without = indexed('INVITE sip:a SIP/2.0\r\nTo: x')
    assert.deepEqual([without.cseqNumberStart, without.cseqNumberEnd, without.cseqMethod()], [0, 0, ''])
  })

  for (const [value, tag] of [
    ['<sip:a@b>;tag=x', 'x'],
    ['<sip:a@b>\r\n ;\r\n TAG = x\r\n ;y=z', 'x'],
    ['sip:a@b;tag=x;y', 'x'],
    ['"A ;tag=no, \\";tag=no" <sip:a@b;tag=no>;x="tag=no";tag=yes', 'yes'],
    ['<sip:a@b;tag=no>', undefined],
    ['<sip:a@b>;tags=no;tag', undefined],
    ['<sip:a@b>;tag=', ''],
  ] as const) {
    test(`tag of ${JSON.stringify(value)}: ${tag}`, () => {
      const message = indexed(`INVITE sip:a SIP/2.0\r\nFrom: ${value}\r\nTo: ${value}`)
      const { fromTagStart, fromTagEnd } = message
      assert.equal(message.toHasTag(), tag !== undefined)
      if (tag === undefined) assert.deepEqual([fromTagStart, fromTagEnd], [-1, -1])
      else assert.equal(text(message, fromTagStart, fromTagEnd), tag)
    })
  }

  test('no From, no To: no tags', () => {
    const message = indexed('INVITE sip:a SIP/2.0')
    assert.equal(message.toHasTag(), false)
    assert.equal(message.fromTagStart, -1)
  })
})
