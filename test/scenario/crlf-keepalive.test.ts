import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { ByteServer } from '../support/byte-server.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

const scope = { after }
const messageTimeoutMs = 700

/** Defaults: pings are answered, single CRLFs passed on. */
const upstream = await ByteServer.start(scope)
const scene = await startScene(scope, {
  relay: { upstream: [upstream.uri] },
  limits: { message_timeout: messageTimeoutMs },
})
const quietUpstream = await ByteServer.start(scope)
const quiet = await startScene(scope, {
  proto_tls: { tls_crlf_pingpong: 0, tls_crlf_drop: 1 },
  relay: { upstream: [quietUpstream.uri] },
  limits: { message_timeout: messageTimeoutMs },
})

/** A client, and what of it the upstream gets. */
async function pair(where: Scene, server: ByteServer) {
  const index = server.sockets.length
  const client = await where.client()
  await server.connection(index)
  const sendAndWait = async (bytes: string) => {
    const { bytes_in: before } = await where.live(client.address)
    client.send(bytes)
    await where.live(client.address, (connection) => connection.bytes_in === before + bytes.length)
  }
  const arrives = (text: string) =>
    until(`${text.length} bytes at the upstream`, () => server.received(index).length >= text.length, patienceMs).then(
      () => assert.equal(server.received(index).toString(), text),
    )
  return { client, index, sendAndWait, arrives }
}

/** Lets a time pass for the gateway that is longer than the one for an incomplete message. */
async function messageTimePasses(where: Scene): Promise<void> {
  const other = await where.client()
  other.send(sipRequest().subarray(0, 50))
  assert.equal((await where.event('CLOSED', { peer: other.address })).cause, 'message-timeout')
}

test('CRLFCRLF is answered with one CRLF, whole or split over reads', async () => {
  const { client, sendAndWait } = await pair(scene, upstream)
  client.send('\r\n\r\n')
  await until('a pong', () => client.crlfs === 1)
  for (const byte of '\r\n\r') await sendAndWait(byte)
  assert.equal(client.crlfs, 1, 'three quarters of a ping are none')
  client.send('\n')
  await until('a second pong', () => client.crlfs === 2)
  await client.close()
})

test('each of many pings in one read has its answer', async () => {
  const { client } = await pair(scene, upstream)
  client.send('\r\n\r\n'.repeat(50))
  await until('fifty pongs', () => client.crlfs === 50)
  assert.ok((await scene.gateway.status()).messages.pings >= 50)
  await client.close()
})

test('pings between messages are answered and neither passed on nor traced', async () => {
  const { client, arrives } = await pair(scene, upstream)
  const [first, second] = [sipRequest({ callId: 'ping-1' }).toString(), sipRequest({ callId: 'ping-2' }).toString()]
  client.send(`${first}\r\n\r\n${second}\r\n\r\n`)
  await until('two pongs', () => client.crlfs === 2)
  await arrives(first + second)
  await client.close()
  const { msgs_in } = await scene.event('CLOSED', { peer: client.address })
  assert.equal(msgs_in, 2)
  const traced = scene.collector.records.filter((record) => record.type === 1 && record.correlation.startsWith('ping-'))
  assert.deepEqual(
    traced.map((record) => record.payload.toString()),
    [first, second],
  )
})

test('a server behind the gateway may ping too', async () => {
  const { client, index, arrives } = await pair(scene, upstream)
  const server = await upstream.connection(index)
  server.write('\r\n')
  server.write('\r\n')
  await arrives('\r\n')
  const request = sipRequest()
  server.write(request)
  assert.deepEqual(await client.next(), request)
  assert.equal(client.crlfs, 0)
  await client.close()
})

test('a single CRLF before a message is passed on', async () => {
  const { client, arrives } = await pair(scene, upstream)
  const [first, second] = [sipRequest().toString(), sipRequest().toString()]
  client.send(`\r\n${first}`)
  await arrives(`\r\n${first}`)
  client.send(`\r\n${second}`)
  await arrives(`\r\n${first}\r\n${second}`)
  assert.equal(client.crlfs, 0)
  await client.close()
})

for (const [how, where, server] of [
  ['passed on', scene, upstream],
  ['dropped', quiet, quietUpstream],
] as const) {
  test(`a single CRLF never starts the timer of a message (${how})`, async () => {
    const { client, sendAndWait, arrives } = await pair(where, server)
    await sendAndWait('\r\n')
    await messageTimePasses(where)
    const request = sipRequest().toString()
    client.send(request)
    await arrives(how === 'dropped' ? request : `\r\n${request}`)
    await client.close()
  })
}

test('without tls_crlf_pingpong pings are swallowed and break nothing', async () => {
  const { client, sendAndWait, arrives } = await pair(quiet, quietUpstream)
  const request = sipRequest().toString()
  for (const part of ['\r\n\r\n', '\r', '\n\r\n', request, '\r\n\r\n\r\n\r\n']) await sendAndWait(part)
  await messageTimePasses(quiet)
  const last = sipRequest().toString()
  client.send(last)
  await arrives(request + last)
  assert.equal(client.crlfs, 0)
  await client.close()
})

test('with tls_crlf_drop a single CRLF is swallowed', async () => {
  const { client, arrives } = await pair(quiet, quietUpstream)
  const [first, second] = [sipRequest().toString(), sipRequest().toString()]
  client.send(`\r\n${first}\r\n${second}`)
  await arrives(first + second)
  await client.close()
})
