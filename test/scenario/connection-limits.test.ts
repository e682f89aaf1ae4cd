import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { parseExposition, sampleOf } from '../support/exposition.js'
import { assertFailure } from '../support/failure.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

test('connections beyond a limit are refused with its name, and room is given back', async (t) => {
  const limits = { max_connections: 4, max_connections_per_address: 3, max_handshakes: 2 }
  const scene = await startScene(t, { limits })
  const from = (ip: string) => tcpConnect(t, scene.port, '127.0.0.1', ip)

  // two handshakes in flight
  const slow = [await from('127.0.0.2'), await from('127.0.0.3')]
  await scene.status('two handshakes', ({ connections }) => connections.inHandshake === 2)
  await refused(scene, await from('127.0.0.4'), /max_handshakes \(2\)/)

  await give(slow, scene)
  const calm = await accepted(t, scene, '127.0.0.1')
  await accepted(t, scene, '127.0.0.1')
  await accepted(t, scene, '127.0.0.1')
  await refused(scene, await from('127.0.0.1'), /max_connections_per_address \(3\).* 127\.0\.0\.1/)
  await accepted(t, scene, '127.0.0.5')
  await refused(scene, await from('127.0.0.6'), /max_connections \(4\)/)

  calm.destroy()
  await scene.status('room again', ({ connections }) => connections.open < 8)
  await accepted(t, scene, '127.0.0.1')
  const { connections } = await scene.gateway.status()
  assert.equal(connections.failures['limit-reached'], 3)
  assert.equal(connections.acceptedTotal, 5)
  const metrics = parseExposition(await (await fetch(`${scene.gateway.apiUrl}/metrics`)).text())
  const limitReached = { side: 'edge', transport: 'tls', error_type: 'limit-reached' }
  assert.equal(sampleOf(metrics, 'hepgate_connections_refused_total', limitReached), 3)
  assert.equal(sampleOf(metrics, 'hepgate_connections_limit'), 4)
})

async function accepted(t: TestContext, scene: Scene, ip: string): Promise<Socket> {
  const raw = await tcpConnect(t, scene.port, '127.0.0.1', ip)
  const client = await scene.client({ socket: raw })
  await client.request()
  return raw
}

async function refused(scene: Scene, socket: Socket, message: RegExp): Promise<void> {
  const peer = addressOf(socket)
  await until('the end', () => socket.resume().closed, patienceMs)
  const { event } = await assertFailure(scene, 'ACCEPTED', 'limit-reached', { peer })
  assert.match(String(event.Message), message)
}

/** Ends them and waits until the gateway knows. */
async function give(sockets: Socket[], scene: Scene): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await scene.status('no handshake', ({ connections }) => connections.inHandshake === 0)
}
