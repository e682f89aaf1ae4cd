/** Servers behind the gateway that misbehave: only the client they were for is let go, and every message has its place in the books. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { tcpServer } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { sipAnswer, sipRequest, splitMessages } from '../support/sip.js'

let behave: (socket: Socket) => void = answer
const port = await tcpServer({ after }, (socket) => behave(socket))
const scene = await startScene({ after }, { relay: { upstream: [`sip:127.0.0.1:${port};transport=tcp`] } })
const healthy = await scene.client()
await healthy.request()

function answer(socket: Socket): void {
  socket.on('data', (bytes: Buffer) => {
    for (const request of splitMessages(bytes).messages) socket.write(sipAnswer(request))
  })
}

const behaviours: [string, (socket: Socket) => void][] = [
  ['sends garbage', (socket) => socket.write(randomBytes(5000))],
  ['closes at once', (socket) => socket.end()],
  ['resets at once', (socket) => socket.resetAndDestroy()],
  ['resets at the first message', (socket) => socket.once('data', () => socket.resetAndDestroy())],
  ['sends half a message and closes', (socket) => socket.end(sipRequest({ body: 'x'.repeat(100) }).subarray(0, -50))],
  ['sends a message without length', (socket) => socket.write('SIP/2.0 200 OK\r\nCall-ID: a\r\n\r\n')],
  ['speaks TLS', (socket) => socket.write(Buffer.concat([Buffer.from('160303007a0200', 'hex'), randomBytes(120)]))],
]

for (const [what, badly] of behaviours) {
  test(`an upstream that ${what} ends its own client and no other`, async () => {
    behave = badly
    const client = await scene.client()
    client.send(sipRequest())
    await client.closed
    const closed = await scene.event('CLOSED', { peer: client.address })
    // A failure is told again in each call it hurts.
    const ends = scene.events({ Event: 'CLOSED', conn_id: closed.conn_id }).filter(({ call_id }) => !call_id)
    assert.equal(ends.length, 1)
    behave = answer
    assert.match((await healthy.request()).answer.toString(), /^SIP\/2\.0 200/)
  })
}

test('of all connections only the healthy one and its upstream are left', async () => {
  const { connections } = await scene.status('no other connection', ({ connections }) => connections.open === 2)
  assert.equal(connections.inHandshake, 0)
})
