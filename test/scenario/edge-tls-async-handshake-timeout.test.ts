/**
 * tls_async_handshake_timeout: how long a message waits for the handshake once TCP is connected. A handshake that fails
 * within this time costs nothing but that time, the next place is tried; one that fails later is answered 503, or
 * 408 when it timed out. The times are a factor of ten apart.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { tcpServer } from '../support/listening.js'
import { startLine, token } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = { after }
const dir = tempDir(scope)
const trunk = await SipTrunk.tls(scope, sceneCa.issue({ dns: ['trunk.example.com'] }))
const dns = await DnsServer.start(scope)

/** It takes the ClientHello, and drops the connection so many ms later. */
function dropping(ms: number): Promise<number> {
  return tcpServer(scope, (socket) => socket.once('data', () => setTimeout(() => socket.resetAndDestroy(), ms)))
}

const soon = await dropping(0)
const late = await dropping(600)
/** it never answers */
const silent = await tcpServer(scope, () => {})

function start(proto_tls: object): Promise<EdgeCast> {
  return startEdgeCast(scope, {
    proto_tls: { tls_handshake_timeout: 1500, ...proto_tls },
    relay: { dns_server: [`127.0.0.1:${dns.address.port}`] },
    tls_mgm: { client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })] },
  })
}

/** A domain of two servers: the first is at `port`, the second is the trunk. */
function domain(port: number): string {
  const name = `${token()}.example.com`
  const target = `target-${name}`
  const srv = { type: 'SRV', name: `_sips._tcp.${name}`, weight: 0, target } as const
  dns.records = [
    ...dns.records,
    { ...srv, priority: 1, port },
    { ...srv, priority: 2, port: trunk.port },
    { type: 'A', name: target, address: '127.0.0.1' },
  ]
  return `sip:bob@${name};transport=tls`
}

const long = await start({ tls_async_handshake_timeout: 20_000 })
const short = await start({ tls_async_handshake_timeout: 50 })
const shortConnect = await start({ tls_async_local_connect_timeout: 100, tls_async_handshake_timeout: 20_000 })
const waiting = await start({ tls_async: 0, tls_async_handshake_timeout: 50 })

describe('the message goes to the next server', { concurrency: true }, () => {
  for (const [what, cast, port, cause] of [
    ['the handshake is dropped at once', long, soon, 'reset-in-handshake'],
    ['dropped after 600 ms, the window is longer', long, late, 'reset-in-handshake'],
    ['not complete until tls_handshake_timeout, the window is longer', long, silent, 'handshake-timeout'],
    [
      'dropped after 600 ms, the window for the connect is shorter: that is another',
      shortConnect,
      late,
      'reset-in-handshake',
    ],
    ['dropped after 600 ms, the window is shorter, but tls_async is 0', waiting, late, 'reset-in-handshake'],
  ] as const) {
    test(what, async () => {
      await reached(trunk, await cast.coreServer(), { uri: domain(port) })
      await cast.scene.event('CONNECTED', { peer: `127.0.0.1:${port}`, cause })
    })
  }
})

describe('the window is shorter: the message is answered, and the next goes to the next server', {
  concurrency: true,
}, () => {
  for (const [what, port, status] of [
    ['dropped after 600 ms: 503', late, '503 Service Unavailable'],
    ['not complete until tls_handshake_timeout: 408', silent, '408 Request Timeout'],
  ] as const) {
    test(what, async () => {
      const server = await short.coreServer()
      const uri = domain(port)
      const { answer } = await server.request({ method: 'MESSAGE', uri, transport: 'TCP' })
      assert.equal(startLine(answer), `SIP/2.0 ${status}`)
      await reached(trunk, server, { uri })
    })
  }
})

test('each of these is counted', async () => {
  const { messages, edge } = await short.scene.gateway.status()
  assert.deepEqual(messages.lost, { 'reset-in-handshake': 1, 'handshake-timeout': 1 })
  assert.deepEqual(edge!.answered, { 408: 1, 503: 1 })
})
