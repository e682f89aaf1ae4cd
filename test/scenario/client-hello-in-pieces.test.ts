import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertFailure } from '../support/failure.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { type Cut, inPieces, Piecewise } from '../support/piecewise.js'
import { startScene } from '../support/scene.js'
import { headerOf } from '../support/sip.js'
import { until } from '../support/wait.js'

const scene = await startScene({ after })

/** 12 kB of ALPN names: a hello that takes nine packets on Ethernet. */
const manyNames = Array.from({ length: 60 }, (_, i) => `${i}`.padStart(200, 'x'))

const ways: [string, Cut, string[]?][] = [
  ['byte by byte', inPieces(1)],
  ['in pieces of seven bytes', inPieces(7)],
  ['in packets of 1400 bytes, larger than one of them', inPieces(1400), manyNames],
  ['split over many TLS records', inRecords(100)],
  ['split over TLS records of one byte, byte by byte', inRecords(1)],
]

for (const [how, cut, ALPNProtocols = ['sip']] of ways) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`a ClientHello that comes ${how} does not disturb the handshake (${version})`, async (t) => {
      const raw = await tcpConnect(t, scene.port)
      const client = await scene.client({
        socket: new Piecewise(raw, cut),
        ALPNProtocols,
        minVersion: version,
        maxVersion: version,
      })
      const { request, answer } = await client.request()
      assert.equal(headerOf(answer, 'CSeq'), headerOf(request, 'CSeq'))
      const event = await scene.event('ACCEPTED', { peer: addressOf(raw) })
      assert.equal(event.Status, 'SUCCESS')
      assert.equal(event.tls_version, version)
      assert.equal(event.tls_sni, 'sip.example.com')
      const whole = await helloFingerprint(ALPNProtocols, version)
      assert.equal(event.ja4, whole, 'the fingerprint does not depend on the pieces')
    })
  }
}

test('a ClientHello without end is refused at 16 kB', async (t) => {
  const raw = await tcpConnect(t, scene.port)
  const peer = addressOf(raw)
  // handshake type 1, a length of 1 MB, in records of 1 kB
  const hello = Buffer.alloc(1024)
  hello.writeUInt32BE(0x01100000)
  const record = (content: Buffer) => Buffer.concat([Buffer.from([0x16, 0x03, 0x01, content.length >> 8, 0]), content])
  raw.write(record(hello))
  for (let i = 0; i < 64; i++) raw.write(record(Buffer.alloc(1024)))
  await until('the end', () => raw.resume().closed)
  await assertFailure(scene, 'ACCEPTED', 'tls-protocol-error', { peer })
})

async function helloFingerprint(ALPNProtocols: string[], version: 'TLSv1.2' | 'TLSv1.3'): Promise<unknown> {
  const client = await scene.client({ ALPNProtocols, minVersion: version, maxVersion: version })
  const { ja4 } = await scene.event('ACCEPTED', { peer: client.address })
  await client.close()
  return ja4
}

/** The first record, which holds the ClientHello, as records of `size` bytes (RFC 8446 §5.1 allows it). */
function inRecords(size: number): Cut {
  let first = true
  return function* (bytes) {
    if (!first) {
      yield bytes
      return
    }
    first = false
    const end = 5 + bytes.readUInt16BE(3)
    for (let at = 5; at < end; at += size) {
      const fragment = bytes.subarray(at, Math.min(at + size, end))
      yield Buffer.concat([Buffer.from([0x16, 0x03, 0x01, fragment.length >> 8, fragment.length & 0xff]), fragment])
    }
    if (end < bytes.length) yield bytes.subarray(end)
  }
}
