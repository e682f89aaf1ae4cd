/** The time a message may take counts from its own first byte, and not while a peer keeps up a busy stream. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as later } from 'node:timers/promises'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

const messageTimeoutMs = 1500
const scene = await startScene({ after }, { limits: { message_timeout: messageTimeoutMs } })

test('a stream of which every read ends in the middle of a message goes on beyond the time limit', async () => {
  const client = await scene.client()
  const began = performance.now()
  let rest = Buffer.alloc(0)
  let messages = 0
  while (performance.now() - began < 2 * messageTimeoutMs) {
    const request = sipRequest()
    client.send(Buffer.concat([rest, request.subarray(0, 100)]))
    rest = Buffer.from(request.subarray(100))
    messages++
    await later(20) // the pace of the peer: each is a read of its own
  }
  client.send(rest)
  await until('every message at the server', () => scene.server.requests.length === messages)
  assert.deepEqual(scene.events({ peer: client.address, cause: 'message-timeout' }), [])
  await client.close()
})
