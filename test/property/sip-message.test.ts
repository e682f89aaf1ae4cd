import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { checkRequest, checkResponse } from '../../src/sip/check.js'
import { SipFramer } from '../../src/sip/framer.js'
import { type Field, field, SipMessage } from '../../src/sip/message.js'
import { buildReply } from '../../src/sip/reply.js'
import { SipUri } from '../../src/sip/uri.js'
import { Via } from '../../src/sip/via.js'
import { assertLinear } from '../support/linear.js'
import { anyReads } from '../unit/sip/frames.js'

const extraName = 'X-Trusted'

/** Long and compact names, written down once more. */
const fieldOfName: Readonly<Record<string, Field>> = {
  via: field.via,
  v: field.via,
  from: field.from,
  f: field.from,
  to: field.to,
  t: field.to,
  'call-id': field.callId,
  i: field.callId,
  cseq: field.cseq,
  contact: field.contact,
  m: field.contact,
  'max-forwards': field.maxForwards,
  route: field.route,
  'record-route': field.recordRoute,
  path: field.path,
  require: field.require,
  'proxy-require': field.proxyRequire,
  supported: field.supported,
  k: field.supported,
  expires: field.expires,
  'alert-info': field.alertInfo,
  'content-length': field.contentLength,
  l: field.contentLength,
  'content-type': field.contentType,
  c: field.contentType,
  'flow-timer': field.flowTimer,
  'x-trusted': field.extra,
}

const anyByte = fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c))
const anyCase = (text: string): fc.Arbitrary<string> =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => Array.from(text, (c, i) => (upper[i] ? c.toUpperCase() : c)).join(''))
const name = fc.constantFrom(...Object.keys(fieldOfName)).chain(anyCase)
const white = fc.constantFrom('', ' ', '\t', '  ', '\r\n ', ' \r\n\t')

/** Bytes that look enough like SIP to come far. */
const fragment = fc.oneof(
  { weight: 4, arbitrary: name },
  {
    weight: 8,
    arbitrary: fc.constantFrom(
      '\r\n',
      '\r\n',
      ': ',
      ':',
      ' ',
      '\t',
      '\r\n ',
      ';',
      ',',
      '<',
      '>',
      '"',
      '\\',
      '=',
      '@',
      '/',
      '?',
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        'INVITE',
        'ACK',
        'sip:',
        'sips:',
        'SIP/2.0',
        ' SIP/2.0',
        '200',
        'a',
        '1',
        '70',
        '[::1]',
        'example.com',
        ':5061',
      ],
      ...['tag=x', 'branch=z9hG4bKa', 'rport', 'received=192.0.2.1', 'lr', 'ob', 'transport=tls', 'maddr=b'],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\r\n\r\n', '\0') },
  { weight: 1, arbitrary: anyByte },
)
const soup = fc.array(fragment, { maxLength: 40, size: 'max' }).map((parts) => parts.join(''))

/** The same by lines and patterns. */
function referenceHeaders(head: string): { field: Field; value: string; line: string }[] {
  const firstEnd = head.indexOf('\r\n')
  if (firstEnd < 0) return []
  const found: { field: Field; value: string; line: string }[] = []
  for (const line of head.slice(firstEnd + 2).split(/(?<=\r\n)(?![ \t])/)) {
    // The empty line ends the header; so does a CR where a name should be, which no framer lets pass.
    if (line.startsWith('\r')) break
    const parts = /^([^:\r]*?)[ \t]*:(.*)$/s.exec(line)
    const known = parts?.[1] === undefined ? undefined : fieldOfName[parts[1].toLowerCase()]
    if (known === undefined) continue
    found.push({ field: known, value: (parts?.[2] ?? '').replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''), line })
  }
  return found
}

function indexedHeaders(message: SipMessage): { field: Field; value: string; line: string }[] {
  const found: { field: Field; value: string; line: string; at: number }[] = []
  for (const known of Object.values(field)) {
    for (let line = message.first(known); line >= 0; line = message.next(line)) {
      const text = (from: number, to: number): string => message.buf.toString('latin1', from, to)
      found.push({
        field: known,
        value: text(message.valueStart(line), message.valueEnd(line)),
        line: text(message.lineStart(line), message.lineEnd(line)),
        at: message.lineStart(line),
      })
    }
  }
  return found.sort((one, other) => one.at - other.at).map(({ at: _, ...rest }) => rest)
}

describe('SipMessage', () => {
  const message = new SipMessage(extraName)

  test('finds in any bytes the headers that a slow reader finds, and throws at none', () => {
    fc.assert(
      fc.property(soup, soup, soup, (before, head, body) => {
        const buf = Buffer.from(before + head + body, 'latin1')
        const bodyStart = before.length + head.length
        message.read(buf, before.length, bodyStart, buf.length)
        assert.deepEqual(indexedHeaders(message), referenceHeaders(head))
        // Whatever is asked of it, it answers.
        const { callIdStart, callIdEnd, fromTagStart, fromTagEnd, cseqNumberStart, cseqNumberEnd } = message
        for (const [from, to] of [
          [callIdStart, callIdEnd],
          [fromTagStart, fromTagEnd],
          [cseqNumberStart, cseqNumberEnd],
          [message.uriStart, message.uriEnd],
          [message.headersStart, message.headersEnd],
        ] as const) {
          assert.ok(from <= to && to <= bodyStart, `[${from}, ${to})`)
        }
        message.toHasTag()
        message.cseqMethod()
      }),
      { numRuns: 8000 },
    )
  })

  test('what the framer lets pass is checked and answered without throwing', () => {
    fc.assert(
      fc.property(soup, soup, (first, head) => {
        const bytes = Buffer.from(`INVITE sip:${first} SIP/2.0\r\n${head}\r\nContent-Length: 0\r\n\r\n`, 'latin1')
        const onMessage = (buf: Buffer, start: number, bodyStart: number, end: number): void => {
          message.read(buf, start, bodyStart, end)
          checkResponse(message)
          const refusal = checkRequest(message)
          if (refusal === undefined) return
          const source = { ip: '192.0.2.1', port: 5060 }
          buildReply(buf, start, bodyStart, refusal.status, refusal.reason, {
            toTag: 'x',
            extra: refusal.extra,
            source,
          })
        }
        new SipFramer(anyReads, { onMessage, onPing() {}, onCrlf() {} }).push(bytes)
      }),
      { numRuns: 4000 },
    )
  })

  test('takes linear time, also for what is all folds, quotes or commas', () => {
    for (const unit of ['\r\n ', '"', '\\"', ',', ';x', '<', 'Via: x\r\n', 'a']) {
      assertLinear((size) => {
        const head = `INVITE sip:a SIP/2.0\r\nTo: ${unit.repeat(size / unit.length)}\r\nVia: SIP/2.0/TLS a;x=${unit.repeat(size / unit.length)}\r\n\r\n`
        const buf = Buffer.from(head)
        return () => {
          message.read(buf, 0, buf.length, buf.length)
          checkRequest(message)
        }
      }, 20_000)
    }
  })
})

/** What stands around a span, and would change its meaning if it were read. */
const surroundings = [
  ['x@[":<;,=, ', ';branch=z9;rport=1;lr>",@b:1]'],
  ...[',', ':', ':5', '=', '@b', '>', '"', '/', '/x b', 'x', '1', ' x', '?', ']', '.com'].map(
    (after) => ['"', after] as const,
  ),
] as const

/** What is read of a span wherever it lies; an error if what lies outside makes a difference. */
function wherever<T>(text: string, read: (buf: Buffer, from: number, to: number) => T): T {
  const alone = Buffer.from(text, 'latin1')
  const result = read(alone, 0, alone.length)
  for (const [before, after] of surroundings) {
    const amid = Buffer.from(before + text + after, 'latin1')
    assert.deepEqual(read(amid, before.length, before.length + alone.length), result, `between ${before} and ${after}`)
  }
  return result
}

/** Its numbers, but that offsets count from `from`. */
function relative(reader: object, from: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(reader)
      .filter(([key]) => key !== 'buf')
      .map(([key, value]) => [
        key,
        /(Start|End|^end)$/.test(key) && (value as number) >= 0 ? (value as number) - from : value,
      ]),
  )
}

const host = fc.constantFrom('example.com', 'EXAMPLE.com', '192.0.2.1', '[2001:db8::1]', 'a_b')
const port = fc.option(fc.integer({ min: 1, max: 65535 }), { nil: 0 })
const token = fc.stringMatching(/^[A-Za-z0-9.!%*_+`'~-]{1,12}$/)

/** Bytes that look enough like a Via to reach its end. */
const viaSoup = fc
  .array(
    fc.oneof(
      fc.constantFrom('a', '[::1', ';branch=a', ';rport', ';rport=5060', ';received=[::1]', ';x="', ';alias', ':5061'),
      fragment,
    ),
    {
      maxLength: 6,
    },
  )
  .map((parts) => `SIP/2.0/TLS ${parts.join('')}`)

describe('Via', () => {
  const via = new Via()

  test('reads nothing outside of its span, and answers for any bytes', () => {
    fc.assert(
      fc.property(fc.oneof(soup, viaSoup), (text) => {
        const result = wherever(text, (buf, from, to) => {
          const readable = via.read(buf, from, to)
          return readable && relative(via, from)
        })
        if (result !== false) {
          for (const [key, value] of Object.entries(result)) {
            if (/(Start|End|^end)$/.test(key)) assert.ok(Number(value) >= -1 && Number(value) <= text.length, key)
          }
        }
      }),
      { numRuns: 4000 },
    )
  })

  test('reads back what it was made of, with white space wherever the grammar lets it be', () => {
    const spaces = fc.array(white, { minLength: 12, maxLength: 12 })
    fc.assert(
      fc.property(token, host, port, token, fc.boolean(), spaces, (transport, sentBy, number, branch, rport, w) => {
        const portText = number === 0 ? '' : `${w[0]}:${w[1]}${number}`
        const params = `${w[2]};${w[3]}branch${w[4]}=${w[5]}${branch}${rport ? `${w[6]};${w[7]}rport` : ''}`
        const text = `${w[8]}SIP${w[9]}/${w[10]}2.0/${transport} ${w[11]}${sentBy}${portText}${params}`
        const buf = Buffer.from(text)
        assert.ok(via.read(buf, 0, buf.length), JSON.stringify(text))
        assert.equal(buf.toString('latin1', via.transportStart, via.transportEnd), transport)
        assert.equal(buf.toString('latin1', via.hostStart, via.hostEnd), sentBy)
        assert.equal(via.port, number)
        assert.equal(buf.toString('latin1', via.branchStart, via.branchEnd), branch)
        assert.equal(via.hasRport, rport)
        assert.equal(via.paramsEnd, buf.length)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('SipUri', () => {
  const uri = new SipUri()

  test('reads nothing outside of its span, and answers for any bytes', () => {
    const start = fc.constantFrom('', 'sip:', 'sip:a@b', 'sip:a@[::1', '<sip:a@b', '"x" <sips:')
    fc.assert(
      fc.property(start, soup, fc.boolean(), (beginning, rest, asAddress) => {
        const text = beginning + rest
        const result = wherever(text, (buf, from, to) => {
          const readable = asAddress ? uri.readAddress(buf, from, to) : uri.read(buf, from, to)
          const { valueEnd, ...rest } = relative(uri, from)
          return { valueEnd: asAddress && valueEnd, rest: readable && rest }
        })
        for (const [key, value] of Object.entries(result.rest || {})) {
          if (/(Start|End)$/.test(key)) assert.ok(Number(value) >= -1 && Number(value) <= text.length, key)
        }
      }),
      { numRuns: 4000 },
    )
  })

  test('reads back what it was made of', () => {
    const user = fc.option(fc.stringMatching(/^[A-Za-z0-9.!%*_+~;,?/&=$()-]{1,12}$/), { nil: '' })
    const transport = fc.constantFrom('', 'udp', 'tcp', 'tls', 'sctp', 'ws', 'wss', 'x')
    fc.assert(
      fc.property(user, host, port, transport, fc.boolean(), fc.boolean(), (who, where, number, how, lr, ob) => {
        const params = [how === '' ? '' : `transport=${how.toUpperCase()}`, lr ? 'lr' : '', ob ? 'ob' : ''].filter(
          (p) => p !== '',
        )
        const hostPort = `${where}${number === 0 ? '' : `:${number}`}`
        const text = `<sip:${who === '' ? '' : `${who}@`}${hostPort}${params.map((p) => `;${p}`).join('')}>`
        const buf = Buffer.from(text)
        assert.ok(uri.readAddress(buf, 0, buf.length), text)
        assert.equal(uri.userStart < 0 ? '' : buf.toString('latin1', uri.userStart, uri.userEnd), who)
        assert.equal(uri.hostPort(), `${where.toLowerCase()}:${number}`)
        assert.deepEqual([uri.transport, uri.lr, uri.ob], [how, lr, ob])
      }),
      { numRuns: 2000 },
    )
  })
})
