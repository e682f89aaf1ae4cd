import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertFailure, assertNetwork } from '../support/failure.js'
import { networkOf } from '../support/hep-network.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { headerOf, sipRequest, startLine } from '../support/sip.js'
import { until } from '../support/wait.js'

const port = await freePort()
const scene = await startScene({ after }, { socket: [`tcp:127.0.0.1:${port}`] })

test('SIP over clear TCP is relayed and traced as what it is', async (t) => {
  const socket = await tcpConnect(t, port)
  const peer = addressOf(socket)
  const answers: Buffer[] = []
  socket.on('data', (chunk) => answers.push(chunk))
  const request = sipRequest({ callId: 'clear', transport: 'TCP' })
  socket.write(request)
  await until('the answer', () => answers.length > 0)
  assert.equal(startLine(Buffer.concat(answers)), 'SIP/2.0 200 OK')
  assert.deepEqual(scene.server.requests, [request])

  const accepted = await scene.event('ACCEPTED', { peer })
  assert.equal(accepted.Protocol, 'TCP')
  assert.equal(accepted.side, 'core')
  assertNetwork(scene.recordOf(accepted))
  const sip = await until('both messages', () => {
    const found = scene.collector.records.filter((record) => record.type === 1)
    return found.length === 2 ? found : undefined
  })
  assert.deepEqual(
    sip
      .map((record) => networkOf(record))
      .map(({ protocol, source, destination }) => ({ protocol, source, destination })),
    [
      { protocol: 6, source: peer, destination: `127.0.0.1:${port}` },
      { protocol: 6, source: `127.0.0.1:${port}`, destination: peer },
    ],
  )
  assert.deepEqual(scene.events({ Event: 'TLS_SESSION' }), [], 'there is no TLS to tell the call of')

  socket.end()
  const closed = await scene.event('CLOSED', { peer })
  assert.deepEqual([closed.Status, closed.closed_by, closed.msgs_in, closed.msgs_out], ['SUCCESS', 'peer', 1, 1])
})

test('TLS on a clear port is bad SIP, and disturbs nobody else', async (t) => {
  const [stray, good] = [await tcpConnect(t, port), await tcpConnect(t, port)]
  stray.write(Buffer.from('1603010200010001fc0303', 'hex'))
  const answers: Buffer[] = []
  good.on('data', (chunk) => answers.push(chunk))
  await assertFailure(scene, 'ERROR', 'bad-sip', { peer: addressOf(stray) })
  good.write(sipRequest({ callId: 'still-here' }))
  await until('the answer', () => answers.length > 0)
  assert.equal(headerOf(Buffer.concat(answers), 'Call-ID'), 'still-here')
})
