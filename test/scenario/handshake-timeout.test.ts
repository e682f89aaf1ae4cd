import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, suite, test } from 'node:test'
import { connect } from 'node:tls'
import { assertFailure } from '../support/failure.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { Piecewise } from '../support/piecewise.js'
import { freePort } from '../support/ports.js'
import { patienceMs, startScene } from '../support/scene.js'
import { until } from '../support/wait.js'

const timeoutMs = 1000
const [port, behindBalancer] = [await freePort(), await freePort()]
const scene = await startScene(
  { after },
  {
    socket: [`tls:127.0.0.1:${port}`, { socket: `tls:127.0.0.1:${behindBalancer}`, proxy_protocol: ['127.0.0.1'] }],
    proto_tls: { tls_handshake_timeout: timeoutMs },
  },
)

/** What a client does before it falls silent, and what it is told it did not finish. */
const silences: [string, number, (socket: Socket) => unknown, RegExp][] = [
  ['before the ClientHello', port, () => {}, /no whole ClientHello/],
  ['in the ClientHello', port, (socket) => socket.write(Buffer.from('160301020001', 'hex')), /no whole ClientHello/],
  ['after the ClientHello', port, sendHelloOnly, /handshake was not complete/],
  ['before the PROXY header', behindBalancer, () => {}, /no whole PROXY protocol header/],
  ['in the PROXY header', behindBalancer, (socket) => socket.write('PROXY TCP4 192.0.2.1 '), /PROXY protocol header/],
  [
    'after the PROXY header',
    behindBalancer,
    (socket) => socket.write('PROXY TCP4 127.0.0.9 127.0.0.1 4000 5061\r\n'),
    /no whole ClientHello/,
  ],
  ['never, but sends a byte now and then', port, dribble, /no whole ClientHello/],
]

suite('the handshake timeout covers a client that falls silent', { concurrency: true }, () => {
  for (const [when, at, act, message] of silences) {
    test(when, async (t) => {
      const socket = await tcpConnect(t, at)
      const from = addressOf(socket)
      act(socket)
      await until('the gateway to close', () => socket.resume().closed, patienceMs)
      const peer = when === 'after the PROXY header' ? '127.0.0.9:4000' : from
      const { event, closed } = await assertFailure(scene, 'ACCEPTED', 'handshake-timeout', { peer })
      assert.match(String(event.Message), message)
      assert.match(String(event.Message), new RegExp(`${timeoutMs} ms`))
      assert.equal(closed.closed_by, 'timeout')
      assert.ok(Number(closed.duration_ms) >= timeoutMs - 10, `closed after ${closed.duration_ms} ms`)
    })
  }
})

test('a connection whose handshake was in time is not ended by its timeout', async () => {
  const client = await scene.client({ port })
  const late = await tcpConnect({ after }, port)
  await until('the deadline of a later one', () => late.resume().closed, patienceMs)
  await client.request()
  await client.close()
})

/** The second flight of the client never leaves. */
function sendHelloOnly(raw: Socket): void {
  let flights = 0
  const socket = connect({
    socket: new Piecewise(raw, (bytes) => (flights++ === 0 ? [bytes] : [])),
    rejectUnauthorized: false,
  })
  socket.on('error', () => {})
}

function dribble(socket: Socket): void {
  const hello = Buffer.from('1603010200010001fc0303', 'hex')
  let at = 0
  const timer = setInterval(() => socket.write(hello.subarray(at, ++at)), timeoutMs / 10)
  socket.on('close', () => clearInterval(timer))
}
