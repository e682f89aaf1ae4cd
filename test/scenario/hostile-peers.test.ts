import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { addressOf, tcpConnect } from '../support/listening.js'
import { residentBytes } from '../support/memory.js'
import { patienceMs, startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

const scene = await startScene({ after }, { limits: { message_timeout: 2000 } })

/** Does the same again and again until told to stop; each time a connection of its own. */
function again(start: () => Socket) {
  let over = false
  let times = 0
  const once = (): void => {
    if (over) return
    times++
    const socket = start()
    socket.on('error', () => {})
    socket.on('close', once)
    socket.resume()
  }
  once()
  return {
    times: () => times,
    stop: () => {
      over = true
    },
  }
}

const { port } = scene
const to = { host: '127.0.0.1', port }

const attacks: [string, () => Socket][] = [
  ['random bytes', () => connectTcp(to).end(randomBytes(5000))],
  ['random bytes behind the beginning of a hello', () => connectTcp(to).end(Buffer.concat([hello, randomBytes(600)]))],
  ['an HTTP scanner', () => connectTcp(to).end('GET /.env HTTP/1.1\r\n\r\n')],
  ['connects and resets', () => resetting()],
  ['random bytes over TLS', () => overTls((socket) => socket.end(randomBytes(3000)))],
  [
    'a message without end',
    () => overTls((socket) => socket.write(`OPTIONS sip:a SIP/2.0\r\n${'X: y\r\n'.repeat(12_000)}`)),
  ],
  [
    'an absurd length',
    () => overTls((socket) => socket.write('OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n')),
  ],
  ['broken records in a good handshake', () => brokenRecords()],
]

const hello = Buffer.from('16030102580100025403031122', 'hex')

function resetting(): Socket {
  const socket = connectTcp(to)
  return socket.on('connect', () => socket.resetAndDestroy())
}

function overTls(act: (socket: Socket) => unknown): Socket {
  const socket = connectTls({ ...to, rejectUnauthorized: false })
  return socket.on('secureConnect', () => act(socket))
}

function brokenRecords(): Socket {
  const raw = connectTcp(to)
  const socket = connectTls({ socket: raw, rejectUnauthorized: false })
  socket.on('error', () => {})
  socket.on('secureConnect', () => raw.write(Buffer.concat([Buffer.from('1703030100', 'hex'), randomBytes(256)])))
  return raw
}

test('a good connection does not notice what others do to the port', async () => {
  const client = await scene.client()
  const peer = client.address
  const running = attacks.map(([what, start]) => ({ what, attack: again(start) }))
  let rounds = 0
  const ofEach = (times: number): Promise<unknown> =>
    until(
      `${times} of each attack`,
      async () => {
        await client.request()
        rounds++
        return running.every(({ attack }) => attack.times() > times)
      },
      patienceMs * 2,
    ).catch((error) => {
      throw new Error(running.map(({ what, attack }) => `${what}: ${attack.times()}`).join(', '), { cause: error })
    })
  await ofEach(10)
  // by now the heap has the size this load needs, which differs by 100 MB between versions of Node
  const before = residentBytes(scene.gateway.process.pid)
  await ofEach(30)
  for (const { attack } of running) attack.stop()
  assert.ok(rounds > 0)
  await client.request()
  await client.close()
  const closed = await scene.event('CLOSED', { peer })
  assert.deepEqual([closed.Status, closed.msgs_in, closed.msgs_out], ['SUCCESS', rounds + 1, rounds + 1])

  const { connections } = await scene.status('all of them gone', (status) => status.connections.open === 0)
  for (const cause of ['not-tls', 'http-on-sip-port', 'bad-sip', 'message-too-large', 'tls-protocol-error']) {
    assert.ok((connections.failures[cause] ?? 0) >= 20, `${cause}: ${connections.failures[cause]}`)
  }
  const grown = residentBytes(scene.gateway.process.pid) - before
  assert.ok(grown < 50 << 20, `grew by ${grown >> 20} MB`)
})

test('peers that send a byte now and then hold up nobody', async (t) => {
  const calm = await startScene(t, { limits: { message_timeout: 2000 } })
  const client = await calm.client()
  const slow = await Promise.all(Array.from({ length: 50 }, () => tcpConnect(t, calm.port)))
  const slowTls = await Promise.all(Array.from({ length: 20 }, () => calm.client().then(({ socket }) => socket)))
  const text = 'OPTIONS sip:a SIP/2.0\r\n'
  let at = 0
  const timer = setInterval(() => {
    for (const socket of slow) socket.write(hello.subarray(at % hello.length, (at % hello.length) + 1))
    for (const socket of slowTls) socket.write(text.charAt(at % text.length))
    at++
  }, 50)
  t.after(() => clearInterval(timer))
  const peers = slowTls.map(addressOf)
  for (const peer of peers) {
    await client.request()
    const closed = await calm.event('CLOSED', { peer })
    assert.ok(closed.cause === 'too-many-chunks' || closed.cause === 'message-timeout', String(closed.cause))
  }
  await client.request()
  await client.close()
})
