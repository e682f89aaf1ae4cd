import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DestinationStatus } from '../../src/base/status.js'
import { HepCollector } from '../support/hep-collector.js'
import { tcpServer } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

const requestsEach = 300
const clientCount = 8

test('collectors dead, mute, or gone in mid-stream cost no call anything, and every lost packet is counted', async (t) => {
  const good = await HepCollector.start(t)
  const mute = await tcpServer(t, (socket) => socket.pause())
  const resetting = await tcpServer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()))
  const at = (id: string, port: number, transport = 'tcp') => `[${id}]127.0.0.1:${port};transport=${transport}`
  const scene = await startScene(t, {
    proto_tls: { trace_destination: ['good', 'dead', 'mute', 'resetting', 'deadudp'] },
    proto_hep: {
      hep_id: [
        good.destination('good', 'tcp'),
        at('dead', await freePort()),
        at('mute', mute),
        at('resetting', resetting),
        at('deadudp', await freePort(), 'udp'),
      ],
      hep_queue_packets: 500,
    },
  })

  const clients = await Promise.all(Array.from({ length: clientCount }, () => scene.client()))
  // first one each: more than 32 must not wait for an upstream
  for (const client of clients) await client.request({ callId: `call-${client.address}` })
  for (const client of clients) {
    for (let i = 0; i < requestsEach; i++) client.send(sipRequest({ cseq: i + 1, callId: `call-${client.address}` }))
  }
  for (const client of clients) {
    for (let i = 0; i < requestsEach; i++) assert.match((await client.next()).toString(), new RegExp(`CSeq: ${i + 1} `))
  }
  await Promise.all(clients.map((client) => client.close()))
  await scene.status('all connections closed', ({ connections }) => connections.open === 0)

  const { messages, connections } = await scene.gateway.status()
  assert.deepEqual(messages.lost, {})
  assert.equal(messages.relayed, clientCount * (requestsEach + 1) * 2)
  assert.deepEqual(connections.failures, {})

  const offered =
    clientCount *
    ((requestsEach + 1) * 2 + 'ACCEPTED TLS_SESSION CLOSED CONNECT_START CONNECTED CLOSED'.split(' ').length)
  const counts = async () => (await scene.gateway.status()).destinations.map(accounted)
  await until('every packet counted', async () => (await counts()).every((count) => count >= offered))
  assert.deepEqual(await counts(), Array(5).fill(offered))
  const { destinations } = await scene.gateway.status()
  for (const { id, dropped, lastError } of destinations) {
    if (id === 'good') continue
    if (id === 'dead' || id === 'resetting') assert.match(String(lastError), /./, id)
    if (id === 'dead') assert.ok(Object.values(dropped).some((count) => count > 0))
  }
})

/** All packets a destination was given: on their way, waiting, or lost. */
function accounted({ sentPackets, queuedPackets, dropped }: DestinationStatus): number {
  return sentPackets + queuedPackets + Object.values(dropped).reduce((sum, count) => sum + count, 0)
}
