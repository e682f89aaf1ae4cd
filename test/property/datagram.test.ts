import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type DatagramContent, SipDatagram } from '../../src/sip/datagram.js'
import { assertLinear } from '../support/linear.js'
import { framingOf } from '../unit/sip/frames.js'

const maxMessageBytes = 65_535
const faults = ['bad-sip', 'http-on-sip-port', 'message-too-large']

const firstLine = fc.constantFrom(
  'OPTIONS sip:a SIP/2.0\r\n',
  'SIP/2.0 200 OK\r\n',
  'X  sip:a b  SIP/7.0 \r\n',
  'sip/2.0 9\r\n',
)
const value = fc.stringMatching(/^[!-~]([\t -~]{0,20}[!-~])?$/)
const otherHeader = fc.tuple(fc.stringMatching(/^[A-Z]{2,9}$/), value).map(([name, text]) => `${name}: ${text}\r\n`)
const callId = value.map((text) => `Call-ID : ${text}\r\n`)
const head = fc
  .tuple(firstLine, fc.array(fc.oneof(otherHeader, callId), { maxLength: 5 }))
  .map(([first, headers]) => first + headers.join(''))
const body = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)), maxLength: 60 })
const gap = fc.constantFrom('', '\r\n', '\r\n\r\n')

interface Read {
  readonly content: DatagramContent
  readonly text: string
  readonly body: string
  readonly callId: string
  readonly isRequest: boolean
}

function read(bytes: Buffer): Read {
  const datagram = new SipDatagram(maxMessageBytes)
  const content = datagram.read(bytes)
  const { start, bodyStart, end, callIdStart, callIdEnd, isRequest } = datagram
  assert.ok(0 <= start && start <= bodyStart && bodyStart <= end && end <= bytes.length)
  assert.ok(callIdEnd === 0 || (start < callIdStart && callIdStart < callIdEnd && callIdEnd < bodyStart))
  return {
    content,
    text: bytes.toString('latin1', start, end),
    body: bytes.toString('latin1', bodyStart, end),
    callId: bytes.toString('latin1', callIdStart, callIdEnd),
    isRequest,
  }
}

describe('any message', () => {
  test('is read as on a stream; what follows it is left out', () => {
    fc.assert(
      fc.property(gap, head, body, body, (before, lines, content, behind) => {
        const message = `${lines}Content-Length: ${content.length}\r\n\r\n${content}`
        const onStream = framingOf([Buffer.from(message, 'latin1')]).frames
        assert.equal(onStream.length, 1)
        const { content: kind, ...asDatagram } = read(Buffer.from(before + message + behind, 'latin1'))
        assert.equal(kind, 'message')
        assert.deepEqual(asDatagram, onStream[0])
      }),
      { numRuns: 500 },
    )
  })

  test('without Content-Length is read as with the one it should have', () => {
    fc.assert(
      fc.property(gap, head, body, (before, lines, content) => {
        const bare = read(Buffer.from(`${before}${lines}\r\n${content}`, 'latin1'))
        const sized = read(Buffer.from(`${lines}l: ${content.length}\r\n\r\n${content}`, 'latin1'))
        assert.equal(bare.text, `${lines}\r\n${content}`)
        assert.deepEqual({ ...bare, text: '' }, { ...sized, text: '' })
      }),
      { numRuns: 500 },
    )
  })

  test('cut off anywhere is never taken for a whole one', () => {
    fc.assert(
      fc.property(head, body, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (lines, content, at) => {
        const message = Buffer.from(`${lines}l: ${content.length}\r\n\r\n${content}`, 'latin1')
        assert.notEqual(read(message.subarray(0, Math.floor(at * message.length))).content, 'message')
      }),
      { numRuns: 500 },
    )
  })
})

test('any bytes give a message, a keep-alive or one of our faults, and are not written to', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.constantFrom('\r\n', '\0', '\n', ' ', 'OPTIONS sip:a SIP/2.0\r\n', 'SIP/2.0 200 OK\r\n', 'l: 3\r\n', 'i: a\r\n'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1')
      const { content } = read(bytes)
      assert.ok(typeof content === 'string' || faults.includes(content.cause))
      assert.equal(bytes.toString('latin1'), pieces.join(''))
    }),
    { numRuns: 2000 },
  )
})

describe('time', () => {
  const first = 'OPTIONS sip:a SIP/2.0\r\n'
  const datagrams: Readonly<Record<string, (bytes: number) => string>> = {
    'one long header': (bytes) => `${first}X: ${'x'.repeat(bytes)}`,
    'many headers and no Content-Length': (bytes) => `${first}${'a:\r\n'.repeat(bytes / 4)}\r\n`,
    'a folded Content-Length that never comes': (bytes) => `${first}l:${'\r\n '.repeat(bytes / 3)}\r\n\r\n`,
    CRLFs: (bytes) => '\r\n'.repeat(bytes / 2),
    'NULs and no more': (bytes) => `${'\0'.repeat(bytes)}x`,
  }
  for (const [what, build] of Object.entries(datagrams)) {
    test(`${what}: linear`, () => {
      assertLinear((bytes) => {
        const buf = Buffer.from(build(bytes), 'latin1')
        const datagram = new SipDatagram(Number.POSITIVE_INFINITY)
        return () => void datagram.read(buf)
      }, 100_000)
    })
  }
})
