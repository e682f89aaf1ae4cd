import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { connect } from 'node:tls'
import { HelloReader, maxHelloBytes } from '../../../src/tls/client-hello.js'
import {
  alpn,
  clientHello,
  extension,
  type HelloSpec,
  handshake,
  record,
  records,
  serverName,
  signatureAlgorithms,
  supportedVersions,
  u8,
  u16,
  vector8,
  vector16,
} from '../../support/client-hello.js'

const read = (bytes: Buffer) => new HelloReader().push(bytes)
const readHello = (spec: HelloSpec) => read(record(clientHello(spec)))

function facts(result: ReturnType<typeof read>) {
  assert.ok(typeof result === 'object' && 'ja4' in result, `no hello: ${JSON.stringify(result)}`)
  return result
}

function refusal(result: ReturnType<typeof read>) {
  assert.ok(typeof result === 'object' && 'cause' in result, `no failure: ${JSON.stringify(result)}`)
  return result
}

/** What Node's own client sends first. */
function helloOfNode(options: { servername?: string; ALPNProtocols?: string[] }): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        resolve(chunk)
        done()
      },
    })
    connect({ socket: wire, ...options }).on('error', () => {})
  })
}

const ordinary: HelloSpec = {
  ciphers: [0x1301, 0x1302],
  extensions: [
    serverName('sip.example.com'),
    alpn('sip/2', 'h2'),
    supportedVersions(0x0304, 0x0303),
    signatureAlgorithms(0x0403, 0x0804),
  ],
}

describe('a ClientHello', () => {
  it('of a real client is read', async () => {
    const bytes = await helloOfNode({ servername: 'phone.example.net', ALPNProtocols: ['sip/2'] })
    const hello = facts(read(bytes))
    assert.equal(hello.sni, 'phone.example.net')
    assert.deepEqual(hello.alpn, ['sip/2'])
    assert.deepEqual(hello.versions, ['TLSv1.3', 'TLSv1.2'])
    assert.match(hello.ja4, /^t13d\d{4}s2_[0-9a-f]{12}_[0-9a-f]{12}$/)
  })

  it('says the same one byte at a time, and every byte is given back', () => {
    const bytes = records(clientHello(ordinary), 100)
    const reader = new HelloReader()
    for (let at = 0; at < bytes.length - 1; at++)
      assert.equal(reader.push(bytes.subarray(at, at + 1)), 'more', `byte ${at}`)
    assert.deepEqual(reader.push(bytes.subarray(-1)), read(bytes))
    assert.deepEqual(reader.taken(), bytes)
  })

  it('says the same however it is cut in two', () => {
    const bytes = records(clientHello(ordinary), 40)
    const whole = facts(read(bytes))
    for (let cut = 1; cut < bytes.length; cut++) {
      const reader = new HelloReader()
      assert.equal(reader.push(bytes.subarray(0, cut)), 'more')
      assert.deepEqual(reader.push(bytes.subarray(cut)), whole, `cut at ${cut}`)
      assert.deepEqual(reader.taken(), bytes)
    }
  })

  it('may come in records of one byte each', () => {
    assert.equal(facts(read(records(clientHello(ordinary), 1))).sni, 'sip.example.com')
  })

  it('larger than a packet is read, as post-quantum key shares make it', () => {
    const keyShare = extension(51, vector16(u16(0x11ec), vector16(Buffer.alloc(1216))))
    const ticket = extension(35, Buffer.alloc(200))
    const bytes = record(clientHello({ extensions: [...ordinary.extensions!, keyShare, ticket] }))
    assert.ok(bytes.length > 1460)
    const reader = new HelloReader()
    assert.equal(reader.push(bytes.subarray(0, 1380)), 'more')
    assert.equal(facts(reader.push(bytes.subarray(1380))).sni, 'sip.example.com')
  })

  it('leaves what follows it in the bytes that are given back', () => {
    const bytes = Buffer.concat([record(clientHello(ordinary)), Buffer.from('early data')])
    const reader = new HelloReader()
    facts(reader.push(bytes))
    assert.equal(reader.push(Buffer.from(' and more')), reader.push(Buffer.alloc(0)))
    assert.deepEqual(reader.taken(), Buffer.concat([bytes, Buffer.from(' and more')]))
  })

  it('may be as large as the reader allows, to the byte', () => {
    const sized = (bytes: number) => {
      const rest = record(clientHello({ extensions: [...ordinary.extensions!, extension(21)] })).length
      return record(clientHello({ extensions: [...ordinary.extensions!, extension(21, Buffer.alloc(bytes - rest))] }))
    }
    assert.equal(sized(maxHelloBytes).length, maxHelloBytes)
    assert.equal(facts(read(sized(maxHelloBytes))).sni, 'sip.example.com')
    assert.equal(refusal(read(sized(maxHelloBytes + 1))).cause, 'tls-protocol-error')
  })

  it('may name a server with 255 characters, any that can be seen', () => {
    const name = '!~'.padEnd(255, 'a')
    assert.equal(facts(readHello({ extensions: [serverName(name)] })).sni, name)
  })

  it('without extensions offers its legacy version and names nothing', () => {
    const hello = facts(readHello({ legacyVersion: 0x0301, extensions: undefined }))
    assert.deepEqual({ ...hello, ja4: '' }, { sni: undefined, alpn: [], versions: ['TLSv1'], ja4: '' })
  })

  it('lists its versions highest first, without GREASE, unknown ones as numbers', () => {
    const hello = facts(readHello({ extensions: [supportedVersions(0x2a2a, 0x0302, 0x0304, 0x7f1c, 0x0303)] }))
    assert.deepEqual(hello.versions, ['0x7f1c', 'TLSv1.3', 'TLSv1.2', 'TLSv1.1'])
  })

  it('shows ALPN names that are no text in hex', () => {
    assert.deepEqual(facts(readHello({ extensions: [alpn(Buffer.from([0x0a, 0x0a]), 'h2')] })).alpn, ['0x0a0a', 'h2'])
  })
})

describe('a stream that is not TLS', () => {
  const clearText = {
    'SIP in clear text': ['REGISTER sip:example.com SIP/2.0\r\n', 'not-tls'],
    'an OPTIONS request of SIP': ['OPTIONS sip:example.com SIP/2.0\r\n', 'not-tls'],
    'a keep-alive': ['\r\n\r\n', 'not-tls'],
    'a hello of SSL 2': [Buffer.from('802e0100020015', 'hex'), 'not-tls'],
    'TLS record type, no TLS version': [Buffer.from('1602', 'hex'), 'not-tls'],
    'the byte below the record types of TLS': [Buffer.from([0x13]), 'not-tls'],
    'the byte above the record types of TLS': [Buffer.from([0x19]), 'not-tls'],
    'an HTTP request': ['GET / HTTP/1.1\r\n', 'http-on-sip-port'],
    'an OPTIONS request of HTTP': ['OPTIONS * HTTP/1.1\r\n', 'http-on-sip-port'],
    'HTTP/2': ['PRI * HTTP/2.0\r\n', 'http-on-sip-port'],
  } as const
  for (const [what, [bytes, cause]] of Object.entries(clearText)) {
    it(`is told by its first bytes: ${what}`, () => {
      const stream = Buffer.from(bytes as string)
      assert.equal(refusal(read(stream)).cause, cause)
      const reader = new HelloReader()
      const results = [...stream].map((byte) => reader.push(Buffer.from([byte])))
      assert.equal(refusal(results.at(-1)!).cause, cause, 'byte by byte')
    })
  }

  it('is waited for only as long as it may still be HTTP', () => {
    assert.equal(read(Buffer.from('PU')), 'more')
    assert.equal(refusal(read(Buffer.from('PUBLISH'))).cause, 'not-tls')
    assert.equal(read(Buffer.from('OPTIONS ')), 'more')
  })
})

describe('a stream that breaks TLS', () => {
  const at = (offset: number, value: number) => {
    const bytes = record(clientHello(ordinary))
    bytes[offset] = value
    return bytes
  }
  const raw = (...fields: Buffer[]) => record(handshake(1, u16(0x0303), Buffer.alloc(32), ...fields))
  const sessionId = vector8()
  const compression = vector8(u8(0))
  const withExtensions = (...extensions: Buffer[]) => record(clientHello({ extensions }))
  const broken: Record<string, Buffer> = {
    'an alert first': record(Buffer.from([1, 0]), 0x15),
    'a change of cipher first': record(Buffer.from([1]), 0x14),
    'a heartbeat first': record(Buffer.from([1]), 0x18),
    'another handshake message first': record(handshake(2, Buffer.alloc(40))),
    'an empty record': Buffer.from('1603010000', 'hex'),
    'another record type in the middle': Buffer.concat([
      record(clientHello(ordinary).subarray(0, 50)),
      record(clientHello(ordinary).subarray(50), 0x17),
    ]),
    'a session id past the end': at(43, 0xff),
    'cipher suites past the end': raw(sessionId, u16(400), u16(0x1301)),
    'half a cipher suite': raw(sessionId, vector16(u8(1)), compression),
    'no compression methods': raw(sessionId, vector16(u16(0x1301))),
    'extensions past the end': raw(sessionId, vector16(u16(0x1301)), compression, u16(5), u8(0)),
    'bytes after the extensions': raw(sessionId, vector16(u16(0x1301)), compression, vector16(), u8(0)),
    'half an extension': withExtensions(Buffer.from([0, 0, 0])),
    'an extension past the end': withExtensions(u16(0), u16(9)),
    'an extension twice': withExtensions(extension(23), extension(23)),
    'an empty server name': withExtensions(serverName('')),
    'a server name list past the end': withExtensions(extension(0, u16(20), u8(0))),
    'two server names': withExtensions(extension(0, vector16(u8(0), vector16(u8(0x61)), u8(0), vector16(u8(0x62))))),
    'a server name of another type': withExtensions(extension(0, vector16(u8(1), vector16(Buffer.from('a'))))),
    'a server name with a line end': withExtensions(serverName('a\r\nb')),
    'a server name with a space': withExtensions(serverName('a b')),
    'a server name with a DEL': withExtensions(serverName('a\x7fb')),
    'bytes after the server name': withExtensions(extension(0, vector16(u8(0), vector16(u8(0x61))), u8(0))),
    'an entry of the server name past the end': withExtensions(extension(0, vector16(u8(0), u16(2), u8(0x61)))),
    'a server name with a NUL': withExtensions(serverName('a\0b')),
    'a server name of 256 bytes': withExtensions(serverName('a'.repeat(256))),
    'an ALPN name past the end': withExtensions(extension(16, vector16(u8(5), u8(0x61)))),
    'bytes after the ALPN names': withExtensions(extension(16, vector16(), u8(0))),
    'an ALPN list past the end': withExtensions(extension(16, u16(9), vector8(u8(0x61)))),
    'versions past the end': withExtensions(extension(43, u8(4), u16(0x0304))),
    'bytes after the versions': withExtensions(extension(43, vector8(u16(0x0304)), u8(0))),
    'half a version': withExtensions(extension(43, vector8(u8(3)))),
    'half a signature algorithm': withExtensions(extension(13, vector16(u8(4)))),
  }
  for (const [what, bytes] of Object.entries(broken)) {
    it(`is refused: ${what}`, () => {
      const { cause, message } = refusal(read(bytes))
      assert.equal(cause, 'tls-protocol-error')
      assert.match(message, /^the peer broke the TLS protocol: \S/)
    })
  }

  it('is refused as soon as its length says that it is too large', () => {
    assert.equal(refusal(read(Buffer.from('1603014000', 'hex'))).message.includes(String(maxHelloBytes)), true)
    assert.equal(refusal(read(Buffer.from('160301000401004000', 'hex'))).cause, 'tls-protocol-error')
  })

  it('never makes the reader wait for more than it allows', () => {
    const endless = records(Buffer.concat([Buffer.from([1, 0, 0x3f, 0xf0]), Buffer.alloc(20_000)]), 10)
    const reader = new HelloReader()
    let taken = 0
    while (reader.push(endless.subarray(taken, taken + 1)) === 'more') taken++
    assert.ok(taken <= maxHelloBytes, `${taken} bytes`)
  })
})
