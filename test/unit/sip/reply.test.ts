import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { buildReply, requestMethod, toTagOf } from '../../../src/sip/reply.js'
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

describe('the topmost Via of a reply', () => {
  const source = { ip: '192.0.2.9', port: 40000 }

  function vias(...lines: string[]): string {
    const head = `OPTIONS sip:a SIP/2.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
    const text = buildReply(Buffer.from(head), 0, head.length, 200, 'OK', { toTag: 'T', source }).toString()
    return text.slice(text.indexOf('\r\n') + 2, text.indexOf('Content-Length'))
  }

  test('says where the request came from (RFC 3261 §18.2.1, RFC 3581 §4)', () => {
    assert.equal(
      vias('V: SIP/2.0/TLS phone:5061;rport;branch=a, SIP/2.0/UDP two;rport', 'Via: SIP/2.0/UDP three;rport'),
      'V: SIP/2.0/TLS phone:5061;rport=40000;branch=a;received=192.0.2.9, SIP/2.0/UDP two;rport\r\n' +
        'Via: SIP/2.0/UDP three;rport\r\n',
    )
  })

  test('stays as it is when it names that address, or cannot be read', () => {
    for (const via of ['Via: SIP/2.0/TLS 192.0.2.9;branch=a\r\n', 'Via: nonsense;rport\r\n']) {
      assert.equal(vias(via.trimEnd()), via)
    }
  })
})

describe('toTagOf', () => {
  const key = 'key'
  let input: string[] = []
  const hash = {
    reset: () => {
      input = [key]
    },
    update: (buf: Buffer, from: number, to: number) => {
      input.push(buf.toString('latin1', from, to))
    },
    digest: () => input.join('|'),
  }

  function tagOf(head: string): string {
    const buf = Buffer.from(`${before}${head}\r\n`)
    return toTagOf(buf, before.length, buf.length, hash)
  }

  const invite = 'INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a;branch=b\r\nVia: c\r\nCall-ID: d\r\nCSeq: 7 INVITE\r\n'

  test('is the same for a retransmission and for the CANCEL (RFC 3261 §8.2.7, §9.2)', () => {
    const tag = tagOf(invite)
    assert.equal(tag, 'key|d|SIP/2.0/TLS a;branch=b|7')
    assert.equal(tagOf(invite), tag)
    assert.equal(tagOf(invite.replaceAll('INVITE', 'CANCEL')), tag)
  })

  test('is the same for the ACK, which has the topmost Via alone (RFC 3261 §17.1.1.3)', () => {
    const joined = invite.replace('\r\nVia: c', ', SIP/2.0/TLS c;branch=d')
    const ack = invite.replace('\r\nVia: c', '').replaceAll('INVITE', 'ACK')
    assert.equal(tagOf(joined), tagOf(ack))
  })

  test('differs with the transaction', () => {
    for (const other of [invite.replace('branch=b', 'branch=x'), invite.replace('d', 'x'), invite.replace('7', '8')]) {
      assert.notEqual(tagOf(other), tagOf(invite))
    }
  })

  test('needs none of the headers', () => assert.equal(tagOf('INVITE sip:a SIP/2.0\r\n'), 'key'))
})

describe('requestMethod', () => {
  test('is the first word of a request, and empty for a reply', () => {
    const buf = Buffer.from('xxOPTIONS sip:a SIP/2.0\r\n')
    assert.equal(requestMethod(buf, 2), 'OPTIONS')
    assert.equal(requestMethod(Buffer.from('SIP/2.0 200 OK\r\n'), 0), '')
    assert.equal(requestMethod(Buffer.from('OPTIONS'), 0), 'OPTIONS')
  })
})
