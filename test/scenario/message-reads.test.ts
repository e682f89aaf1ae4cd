import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertFailure } from '../support/failure.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { Piecewise } from '../support/piecewise.js'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until, within } from '../support/wait.js'

const scene = await startScene({ after })

/** A request of exactly this many bytes. */
function requestOf(bytes: number): Buffer {
  const bare = sipRequest({ body: 'x' }).length - 1
  // the digits of Content-Length grow with the body
  let body = bytes - bare
  while (sipRequest({ body: 'x'.repeat(body) }).length > bytes) body--
  const request = sipRequest({ body: 'x'.repeat(body) })
  assert.equal(request.length, bytes)
  return request
}

/** Sends parts so that each is a read of its own: the next leaves when the gateway has the one before. */
async function sendInReads(parts: readonly Buffer[]) {
  const client = await scene.client()
  const peer = client.address
  let sent = 0
  for (const part of parts) {
    client.send(part)
    sent += part.length
    if (part !== parts.at(-1)) await scene.live(peer, (connection) => connection.bytes_in === sent)
  }
  return { client, peer }
}

function cut(bytes: Buffer, ...at: number[]): Buffer[] {
  return [...at, bytes.length].map((end, i) => bytes.subarray(at[i - 1] ?? 0, end))
}

async function arrives(request: Buffer): Promise<void> {
  await until('the request at the upstream', () => scene.server.requests.some((one) => one.equals(request)))
}

test('a message that is complete with the fourth read passes', async () => {
  const request = sipRequest({ body: 'four reads' })
  const { client } = await sendInReads(cut(request, 10, 100, request.length - 5))
  await arrives(request)
  await client.next()
  await client.close()
})

test('a message that is incomplete after the fourth read ends the connection, with the fourth read', async () => {
  const request = sipRequest({ body: 'five reads' })
  const { client, peer } = await sendInReads(cut(request, 10, 100, 150, 200).slice(0, 4))
  const { event, closed } = await assertFailure(scene, 'ERROR', 'too-many-chunks', { peer })
  assert.match(String(event.Message), /4 reads/)
  assert.equal(closed.bytes_in, 200)
  await within('the end', client.closed)
})

test('reads are counted for each message anew', async () => {
  const [first, second] = [sipRequest({ body: 'first' }), sipRequest({ body: 'second' })]
  const both = Buffer.concat([first, second])
  const end = first.length
  // 4 reads for the first, the last of which brings the beginning of the second; 3 more for that
  const { client } = await sendInReads(cut(both, 50, 100, 150, end + 20, end + 60, end + 100))
  await arrives(first)
  await arrives(second)
  await client.close()
})

test('the largest message allowed passes in one write', async () => {
  const client = await scene.client()
  const request = requestOf(65_535)
  client.send(request)
  await arrives(request)
  const traced = await until('it at the collector', () =>
    scene.collector.records.find((record) => record.type === 1 && record.payload.length > 60_000),
  )
  // what does not fit a HEP packet is cut, and what is left is what was sent
  assert.ok(traced.bytes.length <= 65_507)
  await client.close()
})

test('one byte more is too large', async () => {
  const client = await scene.client()
  const peer = client.address
  client.send(requestOf(65_536))
  await assertFailure(scene, 'ERROR', 'message-too-large', { peer })
})

test('a message in many TLS records that arrive together is one read', async (t) => {
  const raw = await tcpConnect(t, scene.port)
  const held: Buffer[] = []
  let holding = false
  const carrier = new Piecewise(raw, (bytes) => {
    if (!holding) return [bytes]
    held.push(bytes)
    return []
  })
  const client = await scene.client({ socket: carrier })
  await scene.event('ACCEPTED', { peer: addressOf(raw) })
  holding = true
  const request = sipRequest({ body: 'y'.repeat(200) })
  for (let at = 0; at < request.length; at += 20) {
    await new Promise((written) => client.socket.write(request.subarray(at, at + 20), written))
  }
  assert.ok(held.length >= request.length / 20, `${held.length} records`)
  holding = false
  raw.write(Buffer.concat(held))
  await arrives(request)
})
