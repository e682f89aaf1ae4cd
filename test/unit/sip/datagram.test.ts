import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { type DatagramContent, SipDatagram } from '../../../src/sip/datagram.js'
import { vectorsDir } from '../../support/paths.js'

const firstLine = 'OPTIONS sip:bob@example.com SIP/2.0\r\n'
const maxMessageBytes = 8000

interface Read {
  readonly content: DatagramContent
  readonly text: string
  readonly body: string
  readonly callId: string
  readonly isRequest: boolean
}

const datagram = new SipDatagram(maxMessageBytes)

function read(text: string | Buffer): Read {
  const buf = typeof text === 'string' ? Buffer.from(text, 'latin1') : text
  const content = datagram.read(buf)
  const { start, bodyStart, end, callIdStart, callIdEnd, isRequest } = datagram
  return {
    content,
    text: buf.toString('latin1', start, end),
    body: buf.toString('latin1', bodyStart, end),
    callId: buf.toString('latin1', callIdStart, callIdEnd),
    isRequest,
  }
}

function assertFault(text: string, cause: string, message: RegExp): void {
  const { content } = read(text)
  assert.ok(typeof content === 'object', String(content))
  assert.equal(content.cause, cause)
  assert.match(content.message, message)
}

describe('one message', () => {
  test('comes with its body, its Call-ID and its kind', () => {
    const request = `${firstLine}Call-ID: a@b\r\nContent-Length: 4\r\n\r\nbody`
    assert.deepEqual(read(request), { content: 'message', text: request, body: 'body', callId: 'a@b', isRequest: true })
    const reply = 'SIP/2.0 200 OK\r\ni: r\r\nl: 0\r\n\r\n'
    assert.deepEqual(read(reply), { content: 'message', text: reply, body: '', callId: 'r', isRequest: false })
  })

  test('has no Call-ID of the one before', () => {
    read(`${firstLine}Call-ID: before\r\nl: 0\r\n\r\n`)
    assert.equal(read(`${firstLine}l: 0\r\n\r\n`).callId, '')
    assert.deepEqual([datagram.callIdStart, datagram.callIdEnd], [0, 0])
  })

  test('begins behind CRLFs (RFC 3261 §7.5)', () => {
    const request = `${firstLine}i: a\r\nl: 1\r\n\r\nx`
    for (const gap of ['\r\n', '\r\n\r\n', '\r\n\r\n\r\n']) {
      assert.deepEqual(read(gap + request), {
        content: 'message',
        text: request,
        body: 'x',
        callId: 'a',
        isRequest: true,
      })
    }
  })

  test('ends where Content-Length says: what follows is left out (RFC 3261 §18.3)', () => {
    const request = `${firstLine}l: 2\r\n\r\nab`
    assert.equal(read(`${request}cd\r\n`).text, request)
    assert.equal(read(request + request).text, request)
  })

  test('without Content-Length ends with the datagram (RFC 3261 §18.3)', () => {
    const withBody = `${firstLine}i: a\r\nSubject: x\r\n l: 3\r\n\r\nv=0\r\n\r\nl: 7\r\n`
    assert.deepEqual(read(`\r\n${withBody}`), {
      content: 'message',
      text: withBody,
      body: 'v=0\r\n\r\nl: 7\r\n',
      callId: 'a',
      isRequest: true,
    })
    assert.deepEqual(read(`${firstLine}\r\n`), {
      content: 'message',
      text: `${firstLine}\r\n`,
      body: '',
      callId: '',
      isRequest: true,
    })
    assert.equal(read('SIP/2.0 200 OK\r\ni: r\r\n\r\nbody').body, 'body')
  })

  test('may be as large as the limit, and no larger', () => {
    const head = `${firstLine}\r\n`
    const whole = head + 'x'.repeat(maxMessageBytes - head.length)
    assert.equal(read(whole).content, 'message')
    assertFault(`${whole}x`, 'message-too-large', /larger than 8000 bytes/)
    const sized = `${firstLine}l: 7990\r\n\r\n`
    assertFault(sized + 'x'.repeat(7990), 'message-too-large', /larger than 8000 bytes/)
  })
})

describe('a Content-Length that says more than came', () => {
  for (const length of ['5', '9999', '99999999999999999999', '9'.repeat(400)]) {
    test(`${length.slice(0, 30)}: a request is truncated, a response is a fault (RFC 3261 §18.3)`, () => {
      const request = `${firstLine}i: a\r\nl: ${length}\r\n\r\nbody`
      const expected = { content: 'truncated', text: request, body: 'body', callId: 'a', isRequest: true } as const
      assert.deepEqual(read(request), expected)
      assertFault(`SIP/2.0 200 OK\r\nl: ${length}\r\n\r\nbody`, 'bad-sip', /longer by its Content-Length/)
    })
  }
})

describe('a Content-Length that cannot be read', () => {
  for (const [what, lines, message] of [
    ['no number', 'l: -999', /not a number/],
    ['none at all', 'l:', /is empty/],
    ['none at all, folded', 'l:\r\n ', /is empty/],
    ['two that differ', 'l: 1\r\nl: 2', /differ/],
  ] as const) {
    test(`${what}: a request is to be answered all the same, a response is a fault (RFC 4475 §3.1.2.3, §3.3.9)`, () => {
      const request = `${firstLine}i: a\r\n${lines}\r\nX: y\r\n\r\nbody`
      const expected = { content: 'truncated', text: request, body: 'body', callId: 'a', isRequest: true } as const
      assert.deepEqual(read(request), expected)
      assertFault(`SIP/2.0 200 OK\r\n${lines}\r\n\r\nbody`, 'bad-sip', message)
    })
  }

  test('in a head that does not end is a fault', () => {
    assertFault(`${firstLine}l: -999\r\nX: y\r\n`, 'bad-sip', /not a number/)
  })
})

describe('keep-alives', () => {
  for (const bytes of ['', '\r\n', '\r\n\r\n', '\r\n\r\n\r\n', '\0', '\0\0\0\0']) {
    test(`${JSON.stringify(bytes)} is one`, () => assert.equal(read(bytes).content, 'keepalive'))
  }
})

describe('what is not SIP', () => {
  for (const [what, bytes, message] of [
    ['half a CRLF', '\r', /not SIP: byte 0x0d/],
    ['a line end without CR', '\n\n', /not SIP: byte 0x0a/],
    ['other text', 'jaK', /ends within the head/],
    ['a STUN request', '\0\x01\0\0\x21\x12\xa4\x42', /not SIP: byte 0x00/],
    ['a head without its empty line', `${firstLine}l: 0\r\n`, /ends within the head/],
    ['a head cut in its empty line', `${firstLine}l: 0\r\n\r`, /ends within the head/],
    ['a CR alone in the head', `${firstLine}To: x\rl: 0\r\n\r\n`, /CR in the header/],
    ['the same, without Content-Length', `${firstLine}To: x\ry\r\n\r\n`, /CR in the header/],
  ] as const) {
    test(what, () => assertFault(bytes, 'bad-sip', message))
  }

  test('HTTP is told by its name', () => assertFault('GET / HTTP/1.1\r\n\r\n', 'http-on-sip-port', /HTTP/))
})

/** What is not one whole message that takes all of its datagram, and why. */
const torture: Readonly<Record<string, 'cut' | 'truncated' | RegExp>> = {
  'valid/dblreq': 'cut', // §3.1.1.8: what lies behind the first message is ignored
  'invalid/clerr': 'truncated', // §3.1.2.2
  'invalid/mcl01': 'truncated', // §3.3.9: two Content-Length that differ
  'invalid/ncl': 'truncated', // §3.1.2.3: Content-Length −999
  'invalid/test': /neither a SIP request nor a SIP reply/,
  'invalid/baddn': /within the head/, // the file lacks the empty line
}

describe('RFC 4475', () => {
  const directory = `${vectorsDir}/rfc4475`
  const names = ['valid', 'invalid'].flatMap((kind) =>
    readdirSync(`${directory}/${kind}`).map((file) => `${kind}/${file.replace(/\.dat$/, '')}`),
  )

  test('all of what is known to be odd is there', () => {
    assert.deepEqual(
      Object.keys(torture).filter((name) => !names.includes(name)),
      [],
    )
  })

  for (const name of names) {
    test(name, () => {
      const bytes = readFileSync(`${directory}/${name}.dat`)
      const { content, text } = read(bytes)
      const odd = torture[name]
      if (odd instanceof RegExp) {
        assert.ok(typeof content === 'object', String(content))
        assert.match(content.message, odd)
        return
      }
      assert.equal(content, odd === 'truncated' ? 'truncated' : 'message')
      const all = bytes.toString('latin1')
      assert.equal(text, odd === 'cut' ? all.slice(0, all.indexOf('\r\n\r\n') + 4) : all)
    })
  }
})
