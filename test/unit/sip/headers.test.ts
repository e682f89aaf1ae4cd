import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { findHeader, headerNames, headersStart, headerValue } from '../../../src/sip/headers.js'
import { vectorsDir } from '../../support/paths.js'

const message = Buffer.from(
  'To: before\r\n' + // bytes of another message, in the same buffer
    'INVITE sip:to:x@example.com SIP/2.0\r\n' +
    'Via: one\r\n' +
    'TO :\r\n <sip:bob@example.com>\r\n \t;tag = 1 \t\r\n' +
    'v:two\r\n' +
    'Tonic: no\r\n' +
    'Subject: folded\r\n Via: not a header\r\n' +
    'f: "\u00e9" <sip:a@b>\r\n' +
    'Contact:\r\n' +
    'VIA: \tthree\t \r\n' +
    '\r\n' +
    'i: in the body\r\n',
)
const start = message.indexOf('INVITE')
const bodyStart = message.indexOf('i: in')

function value(name: keyof typeof headerNames): string | undefined {
  return headerValue(message, start, bodyStart, headerNames[name])
}

describe('headerValue', () => {
  test('finds a header by its long name, its compact name and in any case', () => {
    assert.equal(value('via'), 'one')
    assert.equal(value('from'), '"é" <sip:a@b>')
  })

  test('puts folds together with one space and trims', () => {
    assert.equal(value('to'), '<sip:bob@example.com> ;tag = 1')
  })

  test('an empty header is an empty string, a missing one is undefined', () => {
    assert.equal(value('contact'), '')
    assert.equal(value('cseq'), undefined)
  })

  test('looks neither into the first line, nor into the body, nor at other messages in the buffer', () => {
    assert.equal(value('callId'), undefined)
    assert.equal(headerValue(Buffer.from('To: x\r\n\r\n'), 0, 9, headerNames.to), undefined)
  })

  test('takes long runs of white space in linear time', () => {
    const hostile = Buffer.from(`OPTIONS sip:a SIP/2.0\r\nTo: a${' '.repeat(60_000)}b\r\n\r\n`)
    const started = performance.now()
    assert.equal(headerValue(hostile, 0, hostile.length, headerNames.to)?.length, 60_002)
    // Quadratic would be a thousand million steps.
    assert.ok(performance.now() - started < 300)
  })

  test('reads RFC 4475 §3.1.1.1 with its white space', () => {
    const bytes = readFileSync(`${vectorsDir}/rfc4475/valid/wsinv.dat`)
    const body = bytes.indexOf('\r\n\r\n') + 4
    assert.equal(headerValue(bytes, 0, body, headerNames.cseq), '0009 INVITE')
    assert.equal(headerValue(bytes, 0, body, headerNames.via), 'SIP  /   2.0 /UDP 192.0.2.2;branch=390skdjuw')
    assert.equal(
      headerValue(bytes, 0, body, headerNames.to),
      'sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n',
    )
  })
})

describe('findHeader', () => {
  test('goes through the headers of one name in their order', () => {
    const values: string[] = []
    let at = headersStart(message, start, bodyStart)
    for (;;) {
      const place = findHeader(message, at, bodyStart, headerNames.via)
      if (place === undefined) break
      values.push(message.toString('latin1', place.valueStart, place.valueEnd))
      at = place.next
    }
    assert.deepEqual(values, ['one', 'two', 'three'])
  })

  test('goes no further than it is told', () => {
    const buf = Buffer.from('To: x\r\n y\r\nVia: z\r\n')
    const place = findHeader(buf, 0, 7, headerNames.to)
    assert.deepEqual([place?.valueEnd, place?.next], [5, 7])
    assert.equal(findHeader(buf, 0, 11, headerNames.via), undefined)
  })

  test('says where the header begins and ends, folds included', () => {
    const place = findHeader(message, headersStart(message, start, bodyStart), bodyStart, headerNames.to)
    assert.equal(
      message.toString('latin1', place?.start, place?.next),
      'TO :\r\n <sip:bob@example.com>\r\n \t;tag = 1 \t\r\n',
    )
  })
})
