import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SipFramer } from '../../src/sip/framer.js'
import { assertLinear } from '../support/linear.js'
import { anyReads, bytewise, type Frame, framingAtEverySplit, framingOf } from '../unit/sip/frames.js'

const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/)
const blanks = fc.stringMatching(/^[ \t]{0,3}$/)
/** Anything a header value may hold on one line, control characters among it. */
const text = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)), maxLength: 30 })
const lineText = text.map((value) => value.replaceAll(/[\r\n]/g, ' '))

/** A header that is neither Content-Length nor Call-ID, folded or not. */
const otherHeader = fc
  .tuple(
    token.filter((name) => !/^(l|i|content-length|call-id)$/i.test(name)),
    blanks,
    fc.array(lineText, { minLength: 1, maxLength: 3 }),
  )
  .map(([name, blank, lines]) => `${name}${blank}:${lines.join('\r\n ')}\r\n`)

const anyCase = (name: string) =>
  fc
    .array(fc.boolean(), { minLength: name.length, maxLength: name.length })
    .map((upper) => Array.from(name, (c, i) => (upper[i] ? c.toUpperCase() : c)).join(''))

/** `name` and a value in every spelling RFC 3261 allows. */
function spelled(long: string, compact: string, value: string): fc.Arbitrary<string> {
  const name = fc.oneof(anyCase(long), anyCase(compact))
  const space = fc.constantFrom('', ' ', '\t ', '\r\n ', ' \r\n \r\n\t')
  return fc
    .tuple(name, blanks, space, blanks)
    .map(([n, before, after, end]) => `${n}${before}:${after}${value}${end}\r\n`)
}

const requestLine = fc
  .tuple(token, fc.stringMatching(/^[a-z]+:[!-~]{1,20}$/))
  .map(([method, uri]) => `${method} ${uri} SIP/2.0\r\n`)
const statusLine = fc
  .tuple(fc.integer({ min: 100, max: 699 }), fc.stringMatching(/^[ -~]{0,20}$/))
  .map(([status, reason]) => `SIP/2.0 ${status} ${reason}\r\n`)

/** A message, and what a framer is to say of it. */
const message: fc.Arbitrary<{ text: string; frame: Frame }> = fc
  .record({
    isRequest: fc.boolean(),
    others: fc.tuple(fc.array(otherHeader, { maxLength: 3 }), fc.array(otherHeader, { maxLength: 3 })),
    callId: fc.option(fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/), { nil: '' }),
    body: text,
  })
  .chain(({ isRequest, others, callId, body }) =>
    fc
      .tuple(
        isRequest ? requestLine : statusLine,
        callId === '' ? fc.constant('') : spelled('call-id', 'i', callId),
        spelled('content-length', 'l', String(body.length)),
        fc.boolean(),
      )
      .map(([line, callIdHeader, lengthHeader, lengthFirst]) => {
        const [first, second] = lengthFirst ? [lengthHeader, callIdHeader] : [callIdHeader, lengthHeader]
        const whole = `${line}${others[0].join('')}${first}${others[1].join('')}${second}\r\n${body}`
        return { text: whole, frame: { text: whole, body, callId, isRequest } }
      }),
  )

/** A stream of messages with pings and single CRLFs before them. */
const stream = fc
  .array(fc.tuple(fc.constantFrom('', 'ping', 'crlf', 'ping crlf', 'ping ping'), message), { maxLength: 5 })
  .map((parts) => ({
    bytes: Buffer.from(
      parts
        .map(
          ([gap, { text: t }]) => gap.replaceAll('ping', '\r\n\r\n').replaceAll('crlf', '\r\n').replaceAll(' ', '') + t,
        )
        .join(''),
      'latin1',
    ),
    frames: parts.flatMap(([gap, { frame }]): Frame[] => [...(gap.split(' ').filter(Boolean) as Frame[]), frame]),
  }))

/** `bytes` cut at these places, which are fractions of its length. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const offsets = [
    0,
    ...places.map((place) => Math.floor(place * (bytes.length + 1))).sort((a, b) => a - b),
    bytes.length,
  ]
  return offsets.slice(1).map((offset, i) => bytes.subarray(offsets[i], offset))
}

const places = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 20 })

describe('any stream of messages and pings', () => {
  test('gives the same frames, however it is split', () => {
    fc.assert(
      fc.property(stream, places, ({ bytes, frames }, at) => {
        const expected = { frames, fault: undefined, incomplete: false }
        assert.deepEqual(framingOf([bytes]), expected)
        assert.deepEqual(framingOf(cut(bytes, at)), expected)
        assert.deepEqual(framingOf(bytewise(bytes)), expected)
      }),
      { numRuns: 500 },
    )
  })

  test('cut off anywhere, gives the frames up to there and no fault', () => {
    fc.assert(
      fc.property(stream, fc.double({ min: 0, max: 1, noNaN: true }), ({ bytes, frames }, at) => {
        const got = framingOf([bytes.subarray(0, Math.floor(bytes.length * at))])
        assert.equal(got.fault, undefined)
        assert.deepEqual(got.frames, frames.slice(0, got.frames.length))
      }),
      { numRuns: 300 },
    )
  })

  test('with bytes changed, gives frames or a fault that are the same at every split', () => {
    const change = fc.tuple(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constantFrom(0, 9, 10, 13, 32, 47, 48, 58, 255),
    )
    fc.assert(
      fc.property(stream, fc.array(change, { minLength: 1, maxLength: 4 }), ({ bytes }, changes) => {
        for (const [at, byte] of changes) bytes[Math.floor(at * bytes.length)] = byte
        if (bytes.length > 0) framingAtEverySplit(bytes.subarray(0, 400), { maxMessageBytes: 150 })
      }),
      { numRuns: 100 },
    )
  })
})

describe('any bytes', () => {
  const faults = ['bad-sip', 'http-on-sip-port', 'message-too-large']

  /** Pieces that lead deep into the framer, between anything at all. */
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.constantFrom(
      '\r\n',
      '\r',
      '\n',
      ' ',
      '\t',
      ':',
      'OPTIONS sip:a SIP/2.0\r\n',
      'SIP/2.0 200 OK\r\n',
      'l: 3\r\n',
      'Content-Length:',
      'i: a\r\n',
      '\r\n\r\n',
      '99999999999999999999',
    ),
  )

  test('give frames or one of our faults, the same at every split', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const { fault } = framingAtEverySplit(pieces.join(''), { maxMessageBytes: 100 })
        assert.ok(fault === undefined || faults.includes(fault.cause))
      }),
      { numRuns: 400 },
    )
  })
})

describe('time', () => {
  const sink = { onMessage() {}, onPing() {}, onCrlf() {} }

  const first = 'OPTIONS sip:a SIP/2.0\r\n'
  /** `bytes` bytes of it must take about as long per byte as an eighth of them. */
  const streams: Readonly<Record<string, (bytes: number) => string>> = {
    'one long header': (bytes) => `${first}X: ${'x'.repeat(bytes)}`,
    'a first line that never ends': (bytes) => `M ${'S '.repeat(bytes / 2)}`,
    'many short headers': (bytes) => first + 'l:0\r\n'.repeat(bytes / 5),
    'a folded Content-Length that never comes': (bytes) => `${first}l:${'\r\n '.repeat(bytes / 3)}`,
    'a folded Call-ID that never comes': (bytes) => `${first}i:${'\r\n '.repeat(bytes / 3)}`,
    'a Content-Length of many digits': (bytes) => `${first}l: ${'0'.repeat(bytes)}`,
    'a long body': (bytes) => `${first}l: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`,
    'many messages': (bytes) => `${first}l: 0\r\n\r\n`.repeat(bytes / 30),
    pings: (bytes) => '\r\n\r\n'.repeat(bytes / 4),
  }

  const chunkings: Readonly<Record<string, number>> = { 'byte by byte': 1, 'in reads of 1460': 1460 }

  for (const [what, build] of Object.entries(streams)) {
    for (const [how, size] of Object.entries(chunkings)) {
      test(`${what}, ${how}, is linear`, () => {
        assertLinear((bytes) => {
          const all = Buffer.from(build(bytes), 'latin1')
          const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
            all.subarray(i * size, (i + 1) * size),
          )
          return () => {
            const framer = new SipFramer({ ...anyReads, maxMessageBytes: 1e9 }, sink)
            for (const chunk of chunks) assert.equal(framer.push(chunk), undefined)
          }
        }, 30_000)
      })
    }
  }
})
