import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { ByteServer } from '../support/byte-server.js'
import { tcpConnect } from '../support/listening.js'
import { patienceMs, startScene } from '../support/scene.js'
import { headerOf, sipRequest, splitMessages } from '../support/sip.js'
import { until, within } from '../support/wait.js'

const upstream = await ByteServer.start({ after }, { allowHalfOpen: true })
const scene = await startScene({ after }, { relay: { upstream: [upstream.uri] } })

/** A client and its connection at the upstream. */
async function pair(over: { socket?: Socket; allowHalfOpen?: boolean } = { allowHalfOpen: true }) {
  const index = upstream.sockets.length
  const client = await scene.client(over)
  const peer = client.address
  const server = await upstream.connection(index)
  const arrived = (count: number) =>
    until(
      `${count} messages at the upstream`,
      () => splitMessages(upstream.received(index)).messages.length === count,
      patienceMs,
    )
  return { client, server, arrived, peer }
}

test('a client that has nothing more to send still gets what the server says', async () => {
  const { client, server, arrived, peer } = await pair()
  client.socket.end(sipRequest())
  await arrived(1)
  await until('the end at the upstream', () => server.readableEnded)
  const answers = Array.from({ length: 3 }, (_, i) => sipRequest({ cseq: i + 1 }))
  for (const answer of answers) {
    server.write(answer)
    assert.deepEqual(await client.next(patienceMs), answer)
  }
  server.end()
  await within('the end', client.closed, patienceMs)
  const closed = await scene.event('CLOSED', { peer })
  assert.deepEqual([closed.Status, closed.cause, closed.closed_by], ['SUCCESS', 'peer-closed', 'peer'])
  assert.deepEqual([closed.msgs_in, closed.msgs_out], [1, 3])
})

test('a server that has nothing more to say still gets what the client sends', async () => {
  const { client, server, arrived, peer } = await pair()
  const last = sipRequest()
  server.end(last)
  assert.deepEqual(await client.next(patienceMs), last)
  await until('the end at the client', () => client.socket.readableEnded, patienceMs)
  client.send(sipRequest())
  await arrived(1)
  client.send(sipRequest())
  await arrived(2)
  client.socket.end()
  const closed = await scene.event('CLOSED', { peer })
  assert.deepEqual([closed.Status, closed.cause, closed.closed_by], ['SUCCESS', 'relay-closed', 'local'])
  assert.equal((await scene.gateway.status()).messages.lost['relay-closed'], undefined)
})

for (const how of ['resets', 'closes'] as const) {
  test(`when the upstream ${how} in mid-stream, the client is let go in order and knows where it was cut`, async () => {
    const { client, server, peer } = await pair()
    const whole = sipRequest()
    server.write(Buffer.concat([whole, whole.subarray(0, 40)]))
    assert.deepEqual(await client.next(patienceMs), whole)
    if (how === 'resets') server.resetAndDestroy()
    else server.destroy()
    await until('the end at the client', () => client.socket.readableEnded, patienceMs)
    client.socket.end()
    await within('the end', client.closed, patienceMs)
    assert.equal(client.received.length, 1, 'no broken message was passed on')

    const closed = await scene.event('CLOSED', { peer })
    assert.deepEqual([closed.Status, closed.cause, closed.closed_by], ['SUCCESS', 'relay-closed', 'local'])
    const other = await scene.event('CLOSED', { conn_id: closed.relayed_to })
    assert.equal(other.cause, how === 'resets' ? 'peer-reset' : 'peer-closed')
    assert.equal(other.relayed_to, closed.conn_id)
  })
}

test('what a client sends after its upstream is gone counts as lost', async () => {
  const { client, server, peer } = await pair()
  await scene.live(peer)
  const before = (await scene.gateway.status()).messages
  server.resetAndDestroy()
  await until('the end at the client', () => client.socket.readableEnded, patienceMs)
  const late = Array.from({ length: 50 }, () => sipRequest())
  client.send(Buffer.concat(late))
  const closed = scene.event('CLOSED', { peer })
  client.socket.end()
  assert.equal((await closed).msgs_in, 50)
  const { relayed, lost } = (await scene.gateway.status()).messages
  assert.equal(relayed, before.relayed)
  assert.equal(lost['relay-closed'], (before.lost['relay-closed'] ?? 0) + 50)
})

test('what a server sends after its client is gone counts as lost, and its connection ends in order', async () => {
  const raw = await tcpConnect({ after }, scene.port)
  const { server, peer } = await pair({ socket: raw })
  await scene.event('ACCEPTED', { peer })
  const { relayed_to } = await scene.live(peer)
  const before = (await scene.gateway.status()).messages
  raw.resetAndDestroy()
  await until('the end at the upstream', () => server.readableEnded, patienceMs)
  server.write(sipRequest())
  server.end()
  const other = await scene.event('CLOSED', { conn_id: relayed_to })
  assert.deepEqual([other.Status, other.cause, other.msgs_in], ['SUCCESS', 'relay-closed', 1])
  const { relayed, lost } = (await scene.gateway.status()).messages
  assert.equal(relayed, before.relayed)
  assert.equal(lost['relay-closed'], (before.lost['relay-closed'] ?? 0) + 1)
})

test('every message of a client that closes right behind it arrives', async () => {
  for (let round = 0; round < 20; round++) {
    const { client, arrived } = await pair()
    client.socket.end(
      Buffer.concat([sipRequest({ callId: `last-${round}-a` }), sipRequest({ callId: `last-${round}-b` })]),
    )
    await arrived(2)
  }
  const last = splitMessages(upstream.received(upstream.sockets.length - 1)).messages
  assert.deepEqual(
    last.map((message) => headerOf(message, 'Call-ID')),
    ['last-19-a', 'last-19-b'],
  )
})
