import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { ByteServer } from '../support/byte-server.js'
import { assertNetwork } from '../support/failure.js'
import { networkOf } from '../support/hep-network.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { until } from '../support/wait.js'

const here = Object.values(networkInterfaces()).flat()
const skip = here.some((entry) => entry?.address === '::1') ? false : 'this machine has no ::1'

test('events and SIP over IPv6 have brackets and family 10; IPv4 on a dual-stack socket is IPv4', {
  skip,
}, async (t) => {
  const [single, dual] = [await freePort(), await freePort()]
  const upstream = await ByteServer.start(t, { host: '::1' })
  const scene = await startScene(t, {
    socket: [`tls:[::1]:${single}`, `tls:[::]:${dual}`],
    relay: { upstream: [upstream.uri] },
  })
  const ways: [host: string, port: number, peer: RegExp, local: string, family: number][] = [
    ['::1', single, /^\[::1\]:\d+$/, `[::1]:${single}`, 10],
    ['::1', dual, /^\[::1\]:\d+$/, `[::1]:${dual}`, 10],
    ['127.0.0.1', dual, /^127\.0\.0\.1:\d+$/, `127.0.0.1:${dual}`, 2],
  ]
  for (const [host, port, peer, local, family] of ways) {
    const client = await scene.client({ host, port })
    const callId = `over-${host}-${port}`
    client.send(sipRequest({ callId }))
    const event = await scene.event('ACCEPTED', { local })
    assert.match(String(event.peer), peer)
    assertNetwork(scene.recordOf(event))
    assert.equal(networkOf(scene.recordOf(event)).family, family)
    const sip = await until('the request at the collector', () =>
      scene.collector.records.find((record) => record.type === 1 && record.correlation === callId),
    )
    const { source, destination, family: familyOfSip } = networkOf(sip)
    assert.deepEqual([source, destination, familyOfSip], [event.peer, local, family])
    await client.close()
  }
  const { port: upstreamPort } = upstream
  const connected = await scene.event('CONNECTED', { peer: `[::1]:${upstreamPort}` })
  assertNetwork(scene.recordOf(connected))
  assert.equal(networkOf(scene.recordOf(connected)).family, 10)
})
