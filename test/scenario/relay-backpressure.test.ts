import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { after, test } from 'node:test'
import { ByteServer } from '../support/byte-server.js'
import { assertFailure } from '../support/failure.js'
import { residentBytes } from '../support/memory.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

/** Far more than the sockets of both legs hold between them (some 10 MB on loopback). */
const floodBytes = 160 << 20
/** What the gateway may need for a flood it must not take in. */
const allowedGrowth = 64 << 20
const large = Buffer.concat([
  Buffer.from(sipRequest().toString('latin1').replace('Content-Length: 0', 'Content-Length: 60000'), 'latin1'),
  Buffer.alloc(60_000, 'x'),
])

const upstream = await ByteServer.start({ after }, { allowHalfOpen: true })
// neither leg is broken for being slow here; reads do not count, since full buffers cut messages anywhere
const proto_tls = { tls_max_msg_chunks: 1000 }
const limits = { message_timeout: 600_000 }
const scene = await startScene({ after }, { proto_tls, limits, relay: { upstream: [upstream.uri] } })

async function pair(where: Scene = scene, server = upstream) {
  const index = server.sockets.length
  const { socket: client, address: peer } = await where.client({ allowHalfOpen: true })
  await where.relayed(peer)
  return { client, server: await server.connection(index), peer }
}

/** Writes until nothing more is taken, or until `floodBytes`. Returns a stop, and a digest of what was written. */
function flood(to: Writable) {
  const hash = createHash('sha256')
  let written = 0
  let stopped = false
  const more = (): void => {
    while (!stopped && written < floodBytes) {
      hash.update(large)
      written += large.length
      if (!to.write(large)) {
        to.once('drain', more)
        return
      }
    }
  }
  more()
  return {
    written: () => written,
    stop: () => {
      stopped = true
      return hash.digest('hex')
    },
  }
}

/** Nothing has moved for so many looks, or the connection is gone: whoever can hold anything is full. */
async function standstill(peer: string, written: () => number): Promise<void> {
  let before = ''
  let same = 0
  await until(
    'a standstill',
    async () => {
      const live = (await scene.connections()).find((connection) => connection.peer === peer)
      const now = [live?.bytes_in, live?.bytes_out, written()].join()
      same = now === before ? same + 1 : 0
      before = now
      return same >= 20
    },
    patienceMs,
  )
}

async function digestOf(from: Readable, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  let taken = 0
  from.on('data', (chunk: Buffer) => {
    taken += chunk.length
    hash.update(chunk)
  })
  from.resume()
  await until(`${bytes} bytes`, () => taken >= bytes, patienceMs * 2)
  return hash.digest('hex')
}

for (const slow of ['upstream', 'client'] as const) {
  test(`when the ${slow} stops reading, the other side is not read either; afterwards it gets every byte`, async () => {
    const { client, server, peer } = await pair()
    const [writer, reader] = slow === 'upstream' ? [client, server] : [server, client]
    reader.removeAllListeners('data')
    reader.pause()
    const before = residentBytes(scene.gateway.process.pid)
    const flooding = flood(writer)
    await standstill(peer, flooding.written)
    assert.ok(flooding.written() < floodBytes, `${flooding.written()} bytes were taken`)
    const grown = residentBytes(scene.gateway.process.pid) - before
    assert.ok(grown < allowedGrowth, `grew by ${grown >> 20} MB`)

    const sent = flooding.stop()
    assert.equal(await digestOf(reader, flooding.written()), sent)
    client.destroy()
    server.destroy()
    const { cause } = await scene.event('CLOSED', { peer })
    assert.ok(cause === 'peer-closed' || cause === 'relay-closed', String(cause))
  })
}

test('the other side is held back after one side has closed, too', async () => {
  const { client, server, peer } = await pair()
  client.removeAllListeners('data')
  client.pause()
  client.end()
  await until('the end at the upstream', () => server.readableEnded, patienceMs)
  const before = residentBytes(scene.gateway.process.pid)
  const flooding = flood(server)
  await standstill(peer, flooding.written)
  assert.ok(flooding.written() < floodBytes, `${flooding.written()} bytes were taken`)
  const grown = residentBytes(scene.gateway.process.pid) - before
  assert.ok(grown < allowedGrowth, `grew by ${grown >> 20} MB`)
  flooding.stop()
  client.destroy()
  server.destroy()
})

test('a peer that reads nothing for tls_send_timeout is given up, and the other leg ends in order', async (t) => {
  const server = await ByteServer.start(t)
  const strict = await startScene(t, {
    proto_tls: { ...proto_tls, tls_send_timeout: 500 },
    limits,
    relay: { upstream: [server.uri] },
  })
  const { client, server: socket, peer } = await pair(strict, server)
  client.removeAllListeners('data')
  client.pause()
  const flooding = flood(socket)
  const { event } = await assertFailure(strict, 'ERROR', 'send-timeout', { peer })
  assert.match(String(event.Message), /500 ms/)
  flooding.stop()
  socket.destroy()
  assert.equal((await strict.event('CLOSED', { conn_id: event.relayed_to })).cause, 'relay-closed')
})
