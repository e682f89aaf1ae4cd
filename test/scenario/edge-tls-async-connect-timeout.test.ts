/**
 * tls_async_local_connect_timeout: how long a message waits for the TCP connect. A connect that fails within this time
 * costs nothing but that time, the next place is tried; one that fails later is answered 503, or 408 when it timed out.
 * The times are a factor of ten apart.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { stalledPort, stalledServer } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { startLine, token } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'

const scope = { after }
const trunk = await SipTrunk.tcp(scope)
const dns = await DnsServer.start(scope)
/** connects there never end */
const stalled = await stalledPort(scope)

function start(proto_tls: object, connect_timeout = 600): Promise<EdgeCast> {
  return startEdgeCast(scope, {
    proto_tls,
    relay: { dns_server: [`127.0.0.1:${dns.address.port}`], connect_timeout },
  })
}

/** A domain of two servers: the first is at `port`, the second is the trunk. */
function domain(port: number): string {
  const name = `${token()}.example.com`
  const target = `target-${name}`
  const srv = { type: 'SRV', name: `_sip._tcp.${name}`, weight: 0, target } as const
  dns.records = [
    { ...srv, priority: 1, port },
    { ...srv, priority: 2, port: trunk.port },
    { type: 'A', name: target, address: '127.0.0.1' },
  ]
  return `sip:bob@${name};transport=tcp`
}

describe('the window is longer than the connect takes to fail', async () => {
  const cast = await start({ tls_async_local_connect_timeout: 20_000 })
  const server = await cast.coreServer()

  test('refused at once: the message goes to the next server', async () => {
    await reached(trunk, server, { uri: domain(await freePort()) })
  })

  test('no answer until relay.connect_timeout: the message goes to the next server as well', async () => {
    await reached(trunk, server, { uri: domain(stalled) })
    await cast.scene.event('CONNECTED', { peer: `127.0.0.1:${stalled}`, cause: 'connect-timeout' })
  })
})

describe('the window is shorter', async () => {
  const cast = await start({ tls_async_local_connect_timeout: 60 })
  const server = await cast.coreServer()

  test('no answer until relay.connect_timeout: 408, and only the next message goes to the next server', async () => {
    const uri = domain(stalled)
    const { accepted } = trunk
    const { answer } = await server.request({ method: 'MESSAGE', uri, transport: 'TCP' })
    assert.equal(startLine(answer), 'SIP/2.0 408 Request Timeout')
    assert.equal(trunk.accepted, accepted)
    await reached(trunk, server, { uri })
    const { messages, edge } = await cast.scene.gateway.status()
    assert.deepEqual(messages.lost, { 'connect-timeout': 1 })
    assert.deepEqual(edge!.answered, { 408: 1 })
  })
})

describe('the window is shorter, and the connect is refused after a second', async () => {
  const cast = await start({ tls_async_local_connect_timeout: 60 }, 30_000)
  const server = await cast.coreServer()
  const dying = await stalledServer(scope)

  test('503', async () => {
    const asked = server.request({ method: 'MESSAGE', uri: domain(dying.port), transport: 'TCP' })
    const peer = `127.0.0.1:${dying.port}`
    await cast.scene.event('CONNECT_START', { peer })
    dying.die()
    assert.equal(startLine((await asked).answer), 'SIP/2.0 503 Service Unavailable')
    await cast.scene.event('CONNECTED', { peer, cause: 'connect-refused' })
  })
})

describe('tls_async 0: a message waits as long as it takes', async () => {
  const cast = await start({ tls_async_local_connect_timeout: 60, tls_async: 0 })
  const server = await cast.coreServer()

  test('no answer until relay.connect_timeout: the message goes to the next server', async () => {
    await reached(trunk, server, { uri: domain(stalled) })
  })
})
