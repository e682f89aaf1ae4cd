/** Servers over UDP that say nothing more are forgotten, and known again when they speak. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { headerOf, sipAnswer, sipRequest, startLine } from '../support/sip.js'
import { startUdpCast } from '../support/udp-cast.js'
import { until } from '../support/wait.js'

const cast = await startUdpCast({ after }, { limits: { tcp_connection_lifetime: 1 } })
const { scene, upstream, corePort } = cast

async function peers(): Promise<number> {
  const { listeners } = await scene.gateway.status()
  return listeners.find(({ socket }) => socket.startsWith('udp:'))!.connections
}

const options = () => sipRequest({ uri: `sip:127.0.0.1:${corePort}`, transport: 'UDP' })

test('a peer is there from its first message to the end of tcp_connection_lifetime, with its events', async () => {
  const servers = await Promise.all(Array.from({ length: 30 }, () => cast.coreServer()))
  for (const server of servers) server.send(options(), corePort)
  for (const server of servers) assert.equal(startLine(await server.next()), 'SIP/2.0 200 OK')
  await until('nobody', async () => (await peers()) === 0)
  for (const { address } of servers) {
    const [accepted, closed] = [
      await scene.event('ACCEPTED', { peer: address }),
      await scene.event('CLOSED', { peer: address }),
    ]
    assert.equal(closed.conn_id, accepted.conn_id)
    assert.deepEqual([closed.cause, closed.Status, closed.msgs_in, closed.msgs_out], ['idle', 'SUCCESS', 1, 1])
  }
  assert.deepEqual(
    (await scene.connections()).filter(({ direction }) => direction === 'in'),
    [],
  )
})

test('a server that was forgotten is served as before, and the upstream too', async () => {
  await until('nobody', async () => (await peers()) === 0)
  upstream.send(options(), corePort)
  assert.equal(startLine(await upstream.next()), 'SIP/2.0 200 OK')
  await until('nobody', async () => (await peers()) === 0)
  const phone = await cast.phone()
  phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' }))
  const arrived = await upstream.next()
  upstream.send(sipAnswer(arrived), corePort)
  assert.equal(headerOf(await phone.next(), 'Call-ID'), headerOf(arrived, 'Call-ID'))
})
