/** An upstream that takes nothing: what could not be delivered when its time was up is counted as lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteServer } from '../support/byte-server.js'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'

test('messages that never left are counted, under the cause', async (t) => {
  const upstream = await ByteServer.start(t)
  upstream.reads = false
  const scene = await startScene(t, {
    proto_tls: { tls_send_timeout: 300 },
    relay: { upstream: [upstream.uri] },
  })
  const client = await scene.client()
  client.send(sipRequest())
  await upstream.connection()
  const big = sipRequest({ body: 'x'.repeat(60_000) })
  // More than the buffers of two sockets hold.
  for (let i = 0; i < 400; i++) client.send(big)
  await scene.event('ERROR', { cause: 'send-timeout', direction: 'out' })
  const { messages } = await scene.status('messages were lost', ({ messages }) => messages.lost['send-timeout'])
  assert.ok(messages.relayed + Number(messages.lost['send-timeout']) <= 401)
  assert.ok(messages.relayed < 401)
})
