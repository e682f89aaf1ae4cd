/** A client that asks and asks and never reads our answers: it is not read either, and does not fill our memory. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startEdgeCast } from '../support/edge-cast.js'
import { changed, sipRequest, startLine } from '../support/sip.js'
import { until } from '../support/wait.js'

const cast = await startEdgeCast({ after })

/** Answered by us with as many bytes as it has. */
const long = changed(
  sipRequest({ method: 'INVITE', via: `SIP/2.0/TLS ${'a'.repeat(60_000)};branch=z9hG4bKx` }),
  'Max-Forwards: 70',
  'Max-Forwards: 0',
)
const pieces = 1000 // 60 MB

test('of 60 MB that want an answer it gets rid of a part only, until it reads', async () => {
  const client = await cast.phone()
  client.socket.pause()
  for (let i = 0; i < pieces; i++) client.send(long)
  let last = -1
  let still = 0
  const { bytes_in } = await until('the client not to be read any more', async () => {
    const live = await cast.scene.live(client.address)
    still = live.bytes_in === last ? still + 1 : 0
    last = live.bytes_in
    return still >= 10 ? live : undefined
  })
  // What the system holds on the way back, and what we do: a few MB each.
  assert.ok(bytes_in < 30_000_000, `${bytes_in} bytes were read`)

  const other = await cast.phone()
  const { answer } = await other.request(sipRequest({ uri: `sip:sip.example.com:${cast.edgePort}` }))
  assert.equal(startLine(answer), 'SIP/2.0 200 OK')
  // It reads, and so it is read.
  client.socket.resume()
  await until('more to be read', async () => (await cast.scene.live(client.address)).bytes_in > bytes_in + 1_000_000)
  client.socket.destroy()
})
