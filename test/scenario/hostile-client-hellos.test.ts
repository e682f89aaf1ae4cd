/** ClientHellos with a few bytes changed or cut off, from clients that then leave in any way: one end for each, and none stays. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { tcpConnect, tcpServer } from '../support/listening.js'
import { type EventFields, startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

const hellos = 300
const scene = await startScene({ after })

async function clientHello(): Promise<Buffer> {
  let hello: Buffer | undefined
  const port = await tcpServer({ after }, (socket) => void socket.once('data', (bytes: Buffer) => (hello = bytes)))
  const client = connect({ port, servername: 'sip.example.com', ALPNProtocols: ['sip'] })
  client.on('error', () => {})
  const whole = await until('a ClientHello', () => hello)
  client.destroy()
  return whole
}

function broken(hello: Buffer): Buffer {
  const copy = Buffer.from(hello)
  for (let changes = randomInt(4); changes >= 0; changes--) copy[randomInt(copy.length)] = randomInt(256)
  return randomInt(4) === 0 ? copy.subarray(0, randomInt(1, copy.length)) : copy
}

test('every one of them ends once, as a failure, and the next client is served', async (t) => {
  const hello = await clientHello()
  const sent: string[] = []
  for (let i = 0; i < hellos; i++) {
    const bytes = broken(hello)
    sent.push(bytes.toString('hex'))
    const socket = await tcpConnect(t, scene.port)
    socket.resume().write(bytes)
    if (i % 2 === 0) await Promise.race([once(socket, 'data'), once(socket, 'close'), new Promise(setImmediate)])
    if (i % 3 === 0) socket.resetAndDestroy()
    else socket.end()
  }
  // Not by address: who resets before he is accepted has none.
  const ended = (): EventFields[] => scene.events({ Event: 'CLOSED' })
  await until('the end of each', () => ended().length >= hellos, 30_000)
  const outcome = scene.events({ Event: 'ACCEPTED' })
  assert.equal(new Set(ended().map(({ conn_id }) => conn_id)).size, hellos)
  assert.equal(ended().length, hellos)
  assert.equal(outcome.length, hellos)
  // A change in the random or in a key share may leave it a good hello, but its client has left.
  assert.ok(
    outcome.every(({ Status }) => Status === 'FAILURE'),
    sent.join('\n'),
  )
  const client = await scene.client()
  assert.match((await client.request()).answer.toString(), /^SIP\/2\.0 200/)
  assert.equal((await scene.gateway.status()).connections.inHandshake, 0)
})
