import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { Readable, Writable } from 'node:stream'
import { after, test } from 'node:test'
import { ByteServer } from '../support/byte-server.js'
import { assertFailure } from '../support/failure.js'
import { Flood, floodBytes, standstill } from '../support/flood.js'
import { residentBytes } from '../support/memory.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

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

/** Floods, and returns a stop that gives a digest of what was written. */
function flood(to: Writable) {
  const hash = createHash('sha256')
  const flooding = new Flood(to, () => {
    hash.update(large)
    return large
  })
  const stop = (): string => {
    flooding.stop()
    return hash.digest('hex')
  }
  return { flooding, stop }
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
    const { flooding, stop } = flood(writer)
    await standstill(scene, peer, flooding)
    assert.ok(flooding.bytes < floodBytes, `${flooding.bytes} bytes were taken`)
    const grown = residentBytes(scene.gateway.process.pid) - before
    assert.ok(grown < allowedGrowth, `grew by ${grown >> 20} MB`)

    const sent = stop()
    assert.equal(await digestOf(reader, flooding.bytes), sent)
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
  const { flooding, stop } = flood(server)
  await standstill(scene, peer, flooding)
  assert.ok(flooding.bytes < floodBytes, `${flooding.bytes} bytes were taken`)
  const grown = residentBytes(scene.gateway.process.pid) - before
  assert.ok(grown < allowedGrowth, `grew by ${grown >> 20} MB`)
  stop()
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
  const { stop } = flood(socket)
  const { event } = await assertFailure(strict, 'ERROR', 'send-timeout', { peer })
  assert.match(String(event.Message), /500 ms/)
  stop()
  socket.destroy()
  assert.equal((await strict.event('CLOSED', { conn_id: event.relayed_to })).cause, 'relay-closed')
})
