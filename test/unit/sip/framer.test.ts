import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipFramer } from '../../../src/sip/framer.js'
import { anyReads, type Frame, type Framing, faultAfter, framingAtEverySplit, framingOf, Recorder } from './frames.js'

const firstLine = 'OPTIONS sip:bob@example.com SIP/2.0\r\n'

/** A request with these header lines. */
function request(headers: string, body = ''): string {
  return `${firstLine}${headers}\r\n${body}`
}

/** The whole of `request` with that Call-ID. */
function options(callId: string, body = ''): string {
  return request(`Call-ID: ${callId}\r\nContent-Length: ${body.length}\r\n`, body)
}

/** What a framer should say of `options(callId, body)`. */
function optionsFrame(callId: string, body = ''): Frame {
  return { text: options(callId, body), body, callId, isRequest: true }
}

function assertFrames(framing: Framing, frames: readonly Frame[]): void {
  assert.deepEqual(framing, { frames, fault: undefined, incomplete: false })
}

/** The stream holds one message with that body and Call-ID, however it is split. */
function assertOneMessage(stream: string, body: string, callId = ''): void {
  const { frames, fault, incomplete } = framingAtEverySplit(stream)
  assert.deepEqual(
    { frames, fault, incomplete },
    { frames: [{ text: stream, body, callId, isRequest: true }], fault: undefined, incomplete: false },
  )
}

/** The stream is broken off with that cause, however it is split. */
function assertFault(stream: string, cause: string, message: RegExp): void {
  const { frames, fault, incomplete } = framingAtEverySplit(stream)
  assert.deepEqual([frames, fault?.cause, incomplete], [[], cause, false])
  assert.match(fault?.message ?? '', message)
}

describe('messages', () => {
  test('one message comes out with its body, its Call-ID and its kind', () => {
    assertOneMessage(options('a@b', 'v=0\r\n\r\nOPTIONS'), 'v=0\r\n\r\nOPTIONS', 'a@b')
  })

  test('a reply is not a request', () => {
    const reply = 'SIP/2.0 200 OK\r\nCall-ID: r\r\nContent-Length: 0\r\n\r\n'
    assertFrames(framingAtEverySplit(reply), [{ text: reply, body: '', callId: 'r', isRequest: false }])
  })

  test('several messages come out in order, none with the Call-ID of another', () => {
    const anonymous = request('Content-Length: 2\r\n', 'xx')
    const stream = options('first', 'body') + anonymous + options('third')
    assertFrames(framingAtEverySplit(stream), [
      optionsFrame('first', 'body'),
      { text: anonymous, body: 'xx', callId: '', isRequest: true },
      optionsFrame('third'),
    ])
  })

  test('messages that lie whole in a read are handed on in that very buffer', () => {
    const recorder = new Recorder()
    const read = Buffer.from(options('one') + options('two', 'body'))
    recorder.framer.push(read)
    assert.deepEqual(
      recorder.given.map(({ buf, start, end }) => [buf === read, start, end]),
      [
        [true, 0, options('one').length],
        [true, options('one').length, read.length],
      ],
    )
  })

  test('what follows a message that was completed is handed on where it lies', () => {
    const recorder = new Recorder()
    const message = options('one', 'body')
    recorder.framer.push(Buffer.from(message.slice(0, -2)))
    const read = Buffer.from(message.slice(-2) + options('two'))
    recorder.framer.push(read)
    assert.deepEqual(
      recorder.given.map(({ buf }) => buf === read),
      [false, true],
    )
  })

  test('only a message of which bytes are missing counts as incomplete', () => {
    const recorder = new Recorder()
    const seen: boolean[] = []
    for (const piece of ['\r', '\n', 'O', options('a', 'x').slice(1, -1), 'x', '\r\n\r', '\n']) {
      recorder.framer.push(Buffer.from(piece))
      seen.push(recorder.framer.incomplete)
    }
    assert.deepEqual(seen, [false, false, true, true, false, false, false])
    assert.deepEqual(recorder.frames, ['crlf', optionsFrame('a', 'x'), 'ping'])
  })

  test('an empty read changes nothing', () => {
    const recorder = new Recorder({ maxReads: 2 })
    const message = options('a')
    for (const piece of [message.slice(0, 9), '', '', message.slice(9)]) {
      assert.equal(recorder.framer.push(Buffer.from(piece)), undefined)
    }
    assert.deepEqual(recorder.frames, [optionsFrame('a')])
  })

  test('after a fault nothing more is framed and the fault stays', () => {
    const recorder = new Recorder()
    const fault = recorder.framer.push(Buffer.from(`${options('a')}\n${options('b')}`))
    assert.equal(fault?.cause, 'bad-sip')
    assert.equal(recorder.framer.push(Buffer.from(options('c'))), fault)
    assert.deepEqual(recorder.frames, [optionsFrame('a')])
  })
})

describe('Content-Length', () => {
  for (const header of [
    'Content-Length: 3',
    'content-length:3',
    'CONTENT-LENGTH \t : \t 3 \t',
    'l: 3',
    'L:3',
    'l : 3',
    'Content-Length: 0000000000000000000000003',
    'Content-Length:\r\n 3',
    'Content-Length: \t\r\n\t \r\n  3\r\n ',
    'Content-Length: 3\r\n \t',
    'l: 3\r\nContent-Length: 03',
  ]) {
    test(`${JSON.stringify(header)} is a length of 3`, () => assertOneMessage(request(`${header}\r\n`, 'abc'), 'abc'))
  }

  for (const header of [
    'Content-Length: -999',
    'Content-Length: +3',
    'Content-Length: 3a',
    'Content-Length: 0x3',
    'Content-Length: 3.0',
    'Content-Length: 3, 3',
    'Content-Length: 3 3',
    'Content-Length: 3\r\n 3',
    'Content-Length: three',
  ]) {
    test(`${JSON.stringify(header)} is bad-sip`, () =>
      assertFault(request(`${header}\r\n`, 'abc'), 'bad-sip', /^Content-Length is not a number$/))
  }

  for (const header of ['Content-Length:', 'l: \t', 'Content-Length:\r\n ', 'l: 3\r\nl:', 'l:\r\nl: 3']) {
    test(`${JSON.stringify(header)} is bad-sip`, () =>
      assertFault(request(`${header}\r\n`, 'abc'), 'bad-sip', /^Content-Length is empty$/))
  }

  test('a message without it is bad-sip: its end cannot be found (RFC 3261 §18.3)', () => {
    assertFault(request('Call-ID: a\r\n'), 'bad-sip', /no Content-Length/)
    assertFault(`${firstLine}\r\n`, 'bad-sip', /no Content-Length/)
  })

  test('two that differ are bad-sip (RFC 4475 §3.3.9), whatever they are called', () => {
    assertFault(request('Content-Length: 13\r\nTo: x\r\nContent-Length: 5\r\n', 'body'), 'bad-sip', /differ/)
    assertFault(request('l: 0\r\nContent-Length: 1\r\n'), 'bad-sip', /differ/)
  })

  test('names that only begin or end like it are other headers', () => {
    const others = 'Content-Length-Limit: 9\r\nContent-Type: 9\r\nX-Content-Length: 9\r\nll: 9\r\nl9: 9\r\nl\r\n'
    assertOneMessage(request(`${others}Content-Length: 3\r\n`, 'abc'), 'abc')
  })

  test('a line that continues another header is not one', () => {
    assertOneMessage(request('Subject: a\r\n Content-Length: 9\r\n\tl: 9\r\nl: 3\r\n', 'abc'), 'abc')
  })
})

describe('Call-ID', () => {
  for (const header of ['Call-ID: a@b', 'call-id \t:a@b \t', 'I: a@b', 'i:\r\n a@b', 'Call-ID:\r\n\t\r\n a@b ']) {
    test(`${JSON.stringify(header)} is a@b`, () => assertOneMessage(request(`${header}\r\nl: 0\r\n`), '', 'a@b'))
  }

  test('the first of several counts', () => {
    assertOneMessage(request('Call-ID: first\r\ni: second\r\nl: 0\r\n'), '', 'first')
  })

  test('none, or an empty one, is none', () => {
    const recorder = new Recorder()
    for (const headers of ['l: 0\r\n', 'Call-ID:\r\nl: 0\r\n', 'Call-IDs: a\r\nIn-Reply-To: b\r\nl: 0\r\n']) {
      recorder.framer.push(Buffer.from(options('before') + request(headers)))
      assert.deepEqual([recorder.framer.callIdStart, recorder.framer.callIdEnd], [0, 0], headers)
    }
  })

  test('its offsets are those of the buffer the message lies in', () => {
    const offsets: number[][] = []
    const framer = new SipFramer(anyReads, {
      onMessage(_buf, start) {
        offsets.push([framer.callIdStart - start, framer.callIdEnd - start])
      },
      onPing() {},
      onCrlf() {},
    })
    framer.push(Buffer.from(options('one') + options('two') + options('three').slice(0, 60)))
    framer.push(Buffer.from(options('three').slice(60)))
    const at = options('one').indexOf('one')
    assert.deepEqual(offsets, [
      [at, at + 3],
      [at, at + 3],
      [at, at + 5],
    ])
  })
})

describe('size', () => {
  const limits = { maxMessageBytes: 200 }
  /** A message of so many bytes, half of them body. */
  function sized(bytes: number): string {
    const body = 'b'.repeat(100)
    const bare = request(`X: \r\nl: ${body.length}\r\n`, body)
    return request(`X: ${'x'.repeat(bytes - bare.length)}\r\nl: ${body.length}\r\n`, body)
  }

  test('a message of exactly the limit passes, one byte more is message-too-large', () => {
    assert.equal(framingAtEverySplit(sized(200), limits).frames.length, 1)
    const { frames, fault } = framingAtEverySplit(sized(201), limits)
    assert.deepEqual([frames, fault?.cause], [[], 'message-too-large'])
  })

  test('a Content-Length over the limit is refused with its line, before any body or memory for it', () => {
    const head = `${firstLine}Content-Length: 9999999999999999999999999999999999\r\n`
    assert.deepEqual(faultAfter(`${head}To: x\r\n\r\n`), {
      bytes: head.length,
      fault: { cause: 'message-too-large', message: 'a SIP message is larger than 65535 bytes' },
    })
  })

  test('a header that never ends is refused at the first byte over the limit', () => {
    for (const endless of [
      `${firstLine}X: ${'x'.repeat(500)}`,
      `${firstLine}${'a: b\r\n'.repeat(99)}`,
      'M'.repeat(500),
    ]) {
      const answer = faultAfter(endless, limits)
      assert.deepEqual([answer?.bytes, answer?.fault.cause], [201, 'message-too-large'])
    }
  })

  test('a limit on one message does not limit what comes in one read', () => {
    const many = options('a').repeat(50)
    assert.equal(framingOf([Buffer.from(many)], limits).frames.length, 50)
  })
})

describe('line ends', () => {
  for (const [where, stream] of [
    ['the first line', 'OPTIONS sip:a SIP/2.0\nl: 0\r\n\r\n'],
    ['a header', `${firstLine}To: x\nl: 0\r\n\r\n`],
    ['the empty line', `${firstLine}l: 0\r\n\n`],
    ['the line of Content-Length', `${firstLine}l: 0\n\r\n`],
    ['a gap', '\n'],
    ['half a ping', '\r\n\n'],
  ] as const) {
    test(`LF without CR in ${where} is bad-sip`, () => assertFault(stream, 'bad-sip', /LF|0x0a/))
  }

  for (const [where, stream] of [
    ['the first line', 'OPTIONS sip:a SIP/2.0\rl: 0\r\n\r\n'],
    ['a header, where it would hide another', `${firstLine}To: x\rContent-Length: 9\r\nl: 0\r\n\r\n`],
    ['the empty line', `${firstLine}l: 0\r\n\rx`],
    ['a gap', '\rO'],
    ['half a ping', '\r\n\r\r'],
  ] as const) {
    test(`CR without LF in ${where} is bad-sip`, () => assertFault(stream, 'bad-sip', /CR|not SIP/))
  }

  test('control characters inside a header are the business of whoever reads it', () => {
    assertOneMessage(request('To: "\\\0\\\x07\\\x7f\t\x0b"\r\nl: 0\r\n'), '')
  })
})

describe('what is not SIP is refused at the byte that proves it', () => {
  /** The bytes up to `|` may be SIP, the one behind it is not. */
  for (const marked of [
    '|\x16\x03\x01\x02\x00', // a TLS record
    '|\x80\x2e\x01\x03\x01', // SSLv2
    '|\0',
    '| OPTIONS',
    'HEP3|\x01\x8c',
    'CONNECT host:443 HTTP/1.1|\r\n',
    'PRI * HTTP/2.0|\r\n\r\nSM\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2|\r\n',
    '220|\r\n',
    'EHLO mail.example.com|\r\n',
    'OPTIONS|\r\n',
    'OPTIONS |\r\n',
    'OPTIONS sip:a@b|\r\n',
    'OPTIONS SIP/2.0|\r\n',
    'OPTIONS sip:a SIP/2.0 and more|\r\n',
    'OPTIONS sip:a XSIP/2.0|\r\n',
    'OPTIONS sip:a@b |\x01',
    'OPTIONS sip:|\x7f SIP/2.0',
    'OPT|(IONS sip:a SIP/2.0',
    'OPT|\xc3\xa9',
    'SIP|"',
    'SIPS|/2.0 200 OK\r\n',
    'RTS|/2.0 200 OK\r\n',
    'SIP/2.0|\r\n',
    'SIP/2.0 |\r\n',
    'SIP/2.0 OK|\r\n',
    'SIP/x 200 OK|\r\n',
    `${firstLine.slice(0, -2)}\r|x`,
  ]) {
    test(JSON.stringify(marked), () => {
      const answer = faultAfter(marked.replace('|', ''))
      assert.deepEqual([answer?.fault.cause, answer?.bytes], ['bad-sip', marked.indexOf('|') + 1])
    })
  }

  for (const marked of ['GET |/ HTTP/1.1\r\n', 'GET  |/index.html', 'POST |/login']) {
    test(`${JSON.stringify(marked)}, which is named for what it is`, () => {
      const answer = faultAfter(marked.replace('|', ''))
      assert.deepEqual([answer?.fault.cause, answer?.bytes], ['http-on-sip-port', marked.indexOf('|') + 1])
    })
  }

  test('the sentence holds nothing of what the peer sent but one byte in hex', () => {
    const answer = faultAfter('password(secret)')
    assert.equal(answer?.fault.message, 'the first line is not SIP: byte 0x28 at position 8')
  })

  test('a folded first line is refused', () => {
    assertFault(`${firstLine} x\r\nl: 0\r\n\r\n`, 'bad-sip', /folded/)
  })

  for (const line of [
    'OPTIONS sip:t.watson@example.org SIP/7.0',
    'OPTIONS sip:a sip/2.0',
    'OPTIONS  sip:a  SIP/2.0',
    'OPTIONS sip:a SIP/2.0 \t',
    'OPTIONS sip:John Smith@example.com SIP/2.0',
    'OPTIONS sip:a SIP/1.0 SIP/2.0',
    'OPTIONS <sip:a> SIP/2.0',
    'OPTIONS * SIP/2.0',
    'OPTIONS urn:service:sos SIP/2.0',
    'OPTIONS sip:\xc3\xa9@example.com SIP/2.0',
    "!interesting-Method0123456789_*+`.%indeed'~ sip:a SIP/2.0",
    'SIPPING sip:a SIP/2.0',
    'SIP sip:a SIP/2.0',
  ]) {
    test(`but ${JSON.stringify(line)} is a request for the server to judge`, () => {
      const { frames } = framingAtEverySplit(`${line}\r\nl: 0\r\n\r\n`)
      assert.equal(frames.length === 1 && typeof frames[0] === 'object' && frames[0].isRequest, true)
    })
  }

  for (const line of ['SIP/2.0 100 ', 'SIP/2.0 200 \xd0\xbd\xd0\xbe', 'sip/2.0 486 Busy', 'SIP/2.0 4294967301 big']) {
    test(`but ${JSON.stringify(line)} is a reply`, () => {
      const { frames } = framingAtEverySplit(`${line}\r\nl: 0\r\n\r\n`)
      assert.equal(frames.length === 1 && typeof frames[0] === 'object' && !frames[0].isRequest, true)
    })
  }
})

describe('pings', () => {
  test('CRLFCRLF is a ping, also split over reads', () => {
    assertFrames(framingAtEverySplit('\r\n\r\n'), ['ping'])
  })

  test('every CRLFCRLF is one', () => {
    assertFrames(framingAtEverySplit('\r\n\r\n\r\n\r\n'), ['ping', 'ping'])
  })

  test('messages before and after pings are framed', () => {
    const stream = `${options('a')}\r\n\r\n${options('b', '\r\n\r\n')}\r\n\r\n`
    assertFrames(framingAtEverySplit(stream), [optionsFrame('a'), 'ping', optionsFrame('b', '\r\n\r\n'), 'ping'])
  })

  test('with tls_crlf_pingpong off they are swallowed and break nothing', () => {
    const stream = `\r\n\r\n${options('a')}\r\n\r\n`
    assertFrames(framingAtEverySplit(stream, { crlfPingpong: false, maxReads: 1e9 }), [optionsFrame('a')])
  })

  test('with tls_crlf_drop on they are still answered', () => {
    assertFrames(framingAtEverySplit('\r\n\r\n', { crlfDrop: true }), ['ping'])
  })
})

describe('pongs', () => {
  /** What comes while one is awaited, in these pieces, and whether it is still awaited. */
  function answered(pieces: readonly string[]): { frames: readonly Frame[]; awaits: boolean } {
    const { framer, frames } = new Recorder()
    framer.awaitsPong = true
    for (const piece of pieces) assert.equal(framer.push(Buffer.from(piece)), undefined)
    return { frames, awaits: framer.awaitsPong }
  }

  /** However the stream is split, this is what it says. */
  function assertAnswered(stream: string, frames: readonly Frame[], awaits: boolean): void {
    const expected = { frames, awaits }
    assert.deepEqual(answered([...stream]), expected, 'byte by byte')
    for (let at = 0; at < stream.length; at++) {
      assert.deepEqual(answered([stream.slice(0, at), stream.slice(at)]), expected, `split at ${at}`)
    }
  }

  test('the first CRLF is the pong, at once and alone', () => {
    assertAnswered('\r\n', [], false)
  })

  test('it is no single CRLF before the message behind it', () => {
    assertAnswered(`\r\n${options('a')}`, [optionsFrame('a')], false)
  })

  test('a message is none, and it may come behind one', () => {
    assertAnswered(options('a'), [optionsFrame('a')], true)
    assertAnswered(`${options('a')}\r\n`, [optionsFrame('a')], false)
    assertAnswered(`${options('a', '\r\n')}\r\n${options('b')}`, [optionsFrame('a', '\r\n'), optionsFrame('b')], false)
  })

  test('a ping behind it is a ping, and half a one may be the other half of the next', () => {
    assertAnswered('\r\n\r\n\r\n', ['ping'], false)
    assertAnswered(`\r\n\r\n\r\n${options('a')}`, ['ping', optionsFrame('a')], false)
    assertAnswered('\r\n\r\n', [], false)
    assertAnswered('\r\n\r\n\r\n\r\n\r\n', ['ping', 'ping'], false)
  })

  test('one after the other never look like a ping', () => {
    const { framer, frames } = new Recorder()
    for (const byte of '\r\n'.repeat(6)) {
      if (byte === '\r') framer.awaitsPong = true
      framer.push(Buffer.from(byte))
    }
    assert.deepEqual(frames, [])
  })

  test('while half a ping is held, the ping is still answered', () => {
    for (const held of ['\r', '\r\n', '\r\n\r']) {
      const { framer, frames } = new Recorder()
      framer.push(Buffer.from(held))
      framer.awaitsPong = true
      for (const byte of '\r\n\r\n\r\n'.slice(held.length)) framer.push(Buffer.from(byte))
      assert.deepEqual([frames, framer.awaitsPong], [['ping'], false], JSON.stringify(held))
    }
  })

  test('with pings unanswered and single CRLFs dropped a pong is a pong', () => {
    const { framer, frames } = new Recorder({ crlfPingpong: false, crlfDrop: true })
    framer.awaitsPong = true
    framer.push(Buffer.from('\r\n'))
    assert.deepEqual([frames, framer.awaitsPong], [[], false])
  })

  test('bytes that are no CRLF are refused as ever', () => {
    for (const bytes of ['\n', '\rx']) {
      const { framer } = new Recorder()
      framer.awaitsPong = true
      assert.equal(framer.push(Buffer.from(bytes))?.cause, 'bad-sip')
    }
  })
})

describe('a single CRLF', () => {
  test('is passed on before the message that follows it', () => {
    assertFrames(framingAtEverySplit(`\r\n${options('a')}`), ['crlf', optionsFrame('a')])
  })

  test('behind a ping is passed on too', () => {
    assertFrames(framingAtEverySplit(`\r\n\r\n\r\n${options('a')}`), ['ping', 'crlf', optionsFrame('a')])
  })

  test('is swallowed with tls_crlf_drop', () => {
    assertFrames(framingAtEverySplit(`\r\n${options('a')}`, { crlfDrop: true }), [optionsFrame('a')])
  })

  test('is ignored in edge mode (RFC 3261 §7.5)', () => {
    assertFrames(framingAtEverySplit(`\r\n${options('a')}`, { passCrlf: false }), [optionsFrame('a')])
  })

  test('at the end of a read is held: it may be half a ping', () => {
    assertFrames(framingAtEverySplit(`${options('a')}\r\n`), [optionsFrame('a')])
    assertFrames(framingOf([Buffer.from(`${options('a')}\r\n`), Buffer.from('\r\n')]), [optionsFrame('a'), 'ping'])
  })

  test('counts as no read of the message behind it', () => {
    const reads = ['\r\n', options('a'), '\r', '\n', options('b')].map((text) => Buffer.from(text))
    assertFrames(framingOf(reads, { maxReads: 1 }), ['crlf', optionsFrame('a'), 'crlf', optionsFrame('b')])
  })
})

describe('tls_max_msg_chunks', () => {
  const message = options('a', 'body')
  const piece = (from: number, to?: number) => Buffer.from(message.slice(from, to))

  test('a message may be complete with the last read allowed', () => {
    const recorder = new Recorder({ maxReads: 4 })
    for (const read of [piece(0, 10), piece(10, 20), piece(20, 30), piece(30)]) {
      assert.equal(recorder.framer.push(read), undefined)
    }
    assert.deepEqual(recorder.frames, [optionsFrame('a', 'body')])
  })

  test('one that is still incomplete after it is too-many-chunks', () => {
    const recorder = new Recorder({ maxReads: 4 })
    const answers = [piece(0, 10), piece(10, 20), piece(20, 30), piece(30, -1)].map((read) =>
      recorder.framer.push(read),
    )
    assert.deepEqual(
      answers.map((fault) => fault?.cause),
      [undefined, undefined, undefined, 'too-many-chunks'],
    )
    assert.equal(answers[3]?.message, 'a SIP message is still incomplete after 4 reads')
    assert.equal(recorder.framer.incomplete, false)
  })

  test('each message has its own count, from the read its first byte came in', () => {
    const recorder = new Recorder({ maxReads: 2 })
    for (let i = 0; i < 20; i++) {
      assert.equal(recorder.framer.push(Buffer.concat([i > 0 ? piece(10) : Buffer.alloc(0), piece(0, 10)])), undefined)
    }
    assert.equal(recorder.frames.length, 19)
  })

  test('further bytes of the same read do not count', () => {
    const recorder = new Recorder({ maxReads: 2 })
    const answers = [
      recorder.framer.push(piece(0, 10), true),
      recorder.framer.push(piece(10, 20), false),
      recorder.framer.push(piece(20, 30), false),
      recorder.framer.push(piece(30), true),
    ]
    assert.deepEqual(answers, [undefined, undefined, undefined, undefined])
    assert.deepEqual(recorder.frames, [optionsFrame('a', 'body')])
  })

  test('after a full TLS record more of the same read may follow, even of the last one', () => {
    const large = Buffer.from(options('a', 'x'.repeat(40_000)))
    const record = 16_384
    const recorder = new Recorder({ maxReads: 1 })
    assert.equal(recorder.framer.push(large.subarray(0, record), true), undefined)
    assert.equal(recorder.framer.push(large.subarray(record, 2 * record), false), undefined)
    assert.equal(recorder.framer.push(large.subarray(2 * record), false), undefined)
    assert.equal(recorder.frames.length, 1)

    const late = new Recorder({ maxReads: 1 })
    assert.equal(late.framer.push(large.subarray(0, record), true), undefined)
    assert.equal(late.framer.push(large.subarray(record), true)?.cause, 'too-many-chunks')
    assert.deepEqual(late.frames, [])
  })

  test('what else the last read holds does not save an incomplete message behind it', () => {
    const recorder = new Recorder({ maxReads: 1 })
    assert.equal(recorder.framer.push(Buffer.concat([piece(0), piece(0, 10)]))?.cause, 'too-many-chunks')
    assert.deepEqual(recorder.frames, [optionsFrame('a', 'body')])
  })
})
