import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { type CauseOf, causeGroups } from '../support/cause-groups.js'
import { assertFailure } from '../support/failure.js'
import { addressOf, stalledPort, tcpConnect } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { type Scene, startScene } from '../support/scene.js'
import { sipAnswer, sipRequest } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { within } from '../support/wait.js'

const scope = { after }

const scene = await startScene(scope, { proto_tls: { tls_send_timeout: 1000 }, limits: { message_timeout: 3000 } })
/** upstreams do not answer, silence is soon too long */
const deaf = await startScene(scope, {
  relay: { upstream: [`sip:127.0.0.1:${await stalledPort(scope)};transport=tcp`], connect_timeout: 60_000 },
  limits: { tcp_connection_lifetime: 2 },
})
/** no upstream at all */
const cut = await startScene(scope, { relay: { upstream: [`sip:127.0.0.1:${await freePort()};transport=tcp`] } })

/** What is done to a connection, or what its client does wrong. */
const wrongs: Record<CauseOf<'established'>, (client: SipClient, raw: Socket) => unknown> = {
  'bad-sip': (client) => client.send('NOT SIP AT ALL\r\n\r\n'),
  'message-too-large': (client) =>
    client.send('OPTIONS sip:a@b SIP/2.0\r\nCall-ID: big\r\nContent-Length: 70000\r\n\r\n'),
  'message-timeout': (client) => client.send(sipRequest().subarray(0, 100)),
  'too-many-chunks': async (client) => {
    const request = sipRequest()
    for (let read = 1; read <= 4; read++) {
      client.send(request.subarray((read - 1) * 20, read * 20))
      // each a read of its own: the gateway has it before the next is sent
      if (read < 4) await scene.live(client.address, (connection) => connection.bytes_in === read * 20)
    }
  },
  'send-timeout': async (client) => {
    scene.server.answer = largeAnswer
    client.socket.pause()
    await scene.relayed(client.address)
    const from = client.address
    for (let i = 0; i < 400; i++) client.send(sipRequest()) // 24 MB of answers: more than all buffers between us
    await scene.event('CLOSED', { peer: from })
    scene.server.answer = sipAnswer
    client.socket.resume()
  },
  'peer-reset': (_client, raw) => raw.resetAndDestroy(),
  'peer-closed': (client) => client.close(),
  'relay-closed': async (client) => {
    await client.request()
    for (const socket of scene.server.connections) socket.end()
  },
  killed: async (client) => {
    const { conn_id } = await scene.live(client.address)
    const answer = await fetch(`${scene.gateway.apiUrl}/api/v1/connections/${conn_id}`, { method: 'DELETE' })
    assert.equal(answer.status, 204)
  },
  'postponed-overflow': (client) => client.send(Buffer.concat(Array.from({ length: 33 }, () => sipRequest()))),
  idle: () => {},
  'upstream-failed': (client) => client.send(sipRequest()),
  shutdown: () => scene.gateway.stop(),
}

function sceneFor(cause: CauseOf<'established'>): Scene {
  if (cause === 'postponed-overflow' || cause === 'idle') return deaf
  return cause === 'upstream-failed' ? cut : scene
}

/** ends of their own accord or ours: no failure, but the cause is named all the same */
const orderly = new Map<CauseOf<'established'>, string>([
  ['peer-closed', 'peer'],
  ['relay-closed', 'local'],
  ['killed', 'local'],
  ['idle', 'timeout'],
  ['shutdown', 'local'],
])

for (const cause of causeGroups.established) {
  test(`the end of an established connection is reported with the cause: ${cause}`, async () => {
    const where = sceneFor(cause)
    const raw = await tcpConnect(scope, where.port)
    const about = { peer: addressOf(raw) }
    const client = await where.client({ socket: raw })
    await where.event('ACCEPTED', about)
    await wrongs[cause](client, raw)
    const closedBy = orderly.get(cause)
    if (closedBy === undefined) {
      await assertFailure(where, 'ERROR', cause, about)
    } else {
      const closed = await where.event('CLOSED', about)
      assert.equal(closed.Status, 'SUCCESS')
      assert.equal(closed.cause, cause)
      assert.equal(closed.closed_by, closedBy)
      assert.match(String(closed.Message), /^\S+( \S+){2}/)
    }
    await within('the client to be let go', client.closed, 20_000)
  })
}

/** 200 OK with 60 kB behind it */
function largeAnswer(request: Buffer): Buffer {
  const answer = sipAnswer(request).toString('latin1').replace('Content-Length: 0', 'Content-Length: 60000')
  return Buffer.from(answer + 'x'.repeat(60_000), 'latin1')
}
