import assert from 'node:assert/strict'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import type { Writable } from 'node:stream'
import { after, test } from 'node:test'
import { ByteServer } from '../support/byte-server.js'
import { patienceMs, startScene } from '../support/scene.js'
import { sipRequest, token } from '../support/sip.js'
import { until } from '../support/wait.js'

const upstream = await ByteServer.start({ after })
const scene = await startScene(
  { after },
  { proto_tls: { tls_max_msg_chunks: 1000 }, relay: { upstream: [upstream.uri] } },
)

/** Messages in spellings that a proxy would be tempted to tidy up. */
function oddMessages(): Buffer[] {
  const folded = `OPTIONS sip:b@example.com SIP/2.0\r\nVIA : SIP/2.0/TLS h\r\n ;branch=z9hG4bK${token()}\r\ni:  folded \r\nl  :\r\n\t0\r\n\r\n`
  const compact = `SIP/2.0 200 \r\nv: SIP/2.0/TLS h\r\nf: <sip:a@b>\r\nt: "\u00e9\u{1f4de}" <sip:b>;tag=1\r\ni: compact\r\nCSeq: 1 OPTIONS\r\nl: 4\r\n\r\n\0\xff\r\n`
  return [Buffer.from(folded, 'latin1'), Buffer.from(compact, 'latin1')]
}

function binaryMessage(size: number): Buffer {
  const body = randomBytes(size)
  const head = sipRequest().toString('latin1').replace('Content-Length: 0', `Content-Length: ${size}`)
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

/** Writes a stream in pieces that have nothing to do with its messages. */
async function writeInPieces(to: Writable, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + randomInt(1, 5000)
    if (!to.write(bytes.subarray(at, end))) await new Promise((drained) => to.once('drain', drained))
    at = end
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

test('messages pass byte for byte in both directions, whatever they hold and however they are cut', async () => {
  const client = await scene.client()
  const peer = client.address
  const received: Buffer[] = []
  client.socket.on('data', (chunk) => received.push(chunk))
  const server = await upstream.connection()
  await scene.relayed(peer)
  const up = Array.from({ length: 120 }, (_, i) => binaryMessage(i % 10 === 0 ? randomInt(20_000) : randomInt(800)))
  const down = Array.from({ length: 120 }, () => binaryMessage(randomInt(3000)))
  const [upBytes, downBytes] = [Buffer.concat([...up, ...oddMessages()]), Buffer.concat([...oddMessages(), ...down])]
  await Promise.all([writeInPieces(client.socket, upBytes), writeInPieces(server, downBytes)])

  await until('all at the upstream', () => upstream.received().length >= upBytes.length, patienceMs)
  assert.equal(digest(upstream.received()), digest(upBytes))
  const atClient = () => Buffer.concat(received)
  await until('all at the client', () => atClient().length >= downBytes.length, patienceMs)
  assert.equal(digest(atClient()), digest(downBytes))

  client.socket.end()
  const closed = await scene.event('CLOSED', { peer })
  assert.deepEqual(
    [closed.msgs_in, closed.msgs_out, closed.bytes_in, closed.bytes_out],
    [122, 122, upBytes.length, downBytes.length],
  )
  await scene.status('everything at the collector', ({ destinations }) => destinations[0]?.queuedPackets === 0)
  const traced = await until('every message at the collector', () => {
    const sip = scene.collector.sip()
    return sip.length >= 244 ? sip : undefined
  })
  assert.equal(traced.length, 244)
  const digests = new Set(traced.map(digest))
  for (const message of [...up, ...down, ...oddMessages().slice(1)]) assert.ok(digests.has(digest(message)))
})

test('many messages in one read leave in their order', async () => {
  const client = await scene.client()
  await upstream.connection(1)
  await scene.relayed(client.address)
  const all = Buffer.concat(Array.from({ length: 500 }, (_, i) => sipRequest({ cseq: i + 1, callId: 'one-read' })))
  client.send(all)
  await until('all at the upstream', () => upstream.received(1).length >= all.length, patienceMs)
  assert.equal(digest(upstream.received(1)), digest(all))
  await client.close()
})
