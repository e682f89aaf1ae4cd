/** A peer that closes, without a reset or an alert, in the middle of its handshake: noticed at once, and named as that. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { connect, type SecureVersion } from 'node:tls'
import { assertFailure } from '../support/failure.js'
import { addressOf, tcpConnect, tcpServer } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import type { Scope } from '../support/scope.js'
import { until } from '../support/wait.js'

// Its time limit for handshakes is longer than what a test waits for an event.
const scene = await startScene({ after }, { proto_tls: { tls_handshake_timeout: 120_000 } })

/** What a client of Node sends first. */
async function clientHello(scope: Scope, version: SecureVersion): Promise<Buffer> {
  let hello: Buffer | undefined
  const port = await tcpServer(scope, (socket) => void socket.once('data', (bytes: Buffer) => (hello = bytes)))
  const client = connect({ port, servername: 'sip.example.com', minVersion: version, maxVersion: version })
  client.on('error', () => {})
  const whole = await until('a ClientHello', () => hello)
  client.destroy()
  return whole
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const when of ['right behind its ClientHello', 'after our part'] as const) {
    test(`a ${version} client that closes ${when} went away in the handshake`, async (t) => {
      const socket = await tcpConnect(t, scene.port)
      const from = addressOf(socket)
      socket.write(await clientHello(t, version))
      if (when === 'after our part') await once(socket, 'data')
      socket.resume().end()
      await assertFailure(scene, 'ACCEPTED', 'reset-in-handshake', { peer: from })
      const { connections } = await scene.gateway.status()
      assert.equal(connections.inHandshake, 0)
    })
  }
}
