/**
 * Whatever becomes of a connection, no request of the core is lost in silence: each is relayed, or answered, or, where
 * no answer is allowed, counted; and only one of these.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { DnsServer } from '../support/dns-server.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { startEdgeCast } from '../support/edge-cast.js'
import { GatedUpstream } from '../support/gated-upstream.js'
import { tcpServer } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { headerOf, sipRequest, splitMessages, startLine } from '../support/sip.js'
import { SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const trunk = await SipTrunk.tls(scope, sceneCa.issue({ dns: ['trunk.example.com'] }))
/** the handshake waits, and goes on in the end */
const opened = await GatedUpstream.start(scope)
/** it waits, and is reset in the end */
const dropped = await GatedUpstream.start(scope)
/** it waits for good: more come than may wait */
const overflowing = await GatedUpstream.start(scope)
const notTls = await tcpServer(scope, (socket) => socket.once('data', () => socket.end('SIP/2.0 400 Bad\r\n\r\n')))
const dns = await DnsServer.start(scope)
const cast = await startEdgeCast(scope, {
  relay: { dns_server: [`127.0.0.1:${dns.address.port}`] },
  proto_tls: { tls_handshake_timeout: 1500 },
  tls_mgm: { client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })] },
})
const { scene } = cast

/** the Path of a phone that is gone */
async function goneFlow(): Promise<string> {
  const phone = await cast.phone()
  phone.send(sipRequest({ method: 'REGISTER' }))
  const came = await cast.core.next()
  await phone.close()
  await scene.event('CLOSED', { peer: phone.address })
  return headerOf(came, 'Path')!
}

/** fewer than may wait for one connection */
const rounds = 30

test('as many outcomes as requests, whatever happens to their connections', async () => {
  const path = await goneFlow()
  const at = (port: number, transport = 'tls'): { uri: string } => ({
    uri: `sip:bob@127.0.0.1:${port};transport=${transport}`,
  })
  const destinations = [
    { uri: trunk.uri },
    at(opened.port),
    at(dropped.port),
    at(overflowing.port),
    at(overflowing.port),
    at(notTls),
    at(await freePort(), 'tcp'),
    at(trunk.port, 'udp'),
    at(cast.corePort, 'tcp'),
    { uri: 'sip:bob@nobody.invalid' },
    { uri: 'sip:bob@example.com', headers: [`Route: ${path}`] },
  ]
  const server = await cast.coreServer()
  const requests = new Map<string, { method: string }>()
  for (let round = 0; round < rounds; round++) {
    for (const destination of destinations) {
      const method = round % 4 === 3 ? 'ACK' : 'MESSAGE'
      const request = sipRequest({ method, transport: 'TCP', ...destination })
      requests.set(headerOf(request, 'Call-ID')!, { method })
      server.send(request)
    }
  }
  await until('the handshakes to wait', () => opened.waiting > 0 && dropped.waiting > 0)
  await scene.live(server.address, ({ msgs_in }) => msgs_in === requests.size)
  opened.open()
  dropped.drop()

  const wanted = [...requests.values()].filter(({ method }) => method !== 'ACK').length
  const atOpened = (): Buffer[] => splitMessages(opened.bytes()).messages
  // The gated one answers nothing: its requests are seen only there.
  const outcomes = (): number =>
    server.received.length + atOpened().filter((one) => startLine(one).startsWith('MESSAGE')).length
  await until('an outcome of each request', () => outcomes() >= wanted)

  const relayed = [...trunk.arrivals.map(({ message }) => message), ...atOpened()].map(
    (one) => headerOf(one, 'Call-ID')!,
  )
  const byTrunk = server.received.filter((one) => startLine(one) === 'SIP/2.0 200 OK')
  const byUs = server.received.filter((one) => !byTrunk.includes(one)).map((one) => headerOf(one, 'Call-ID')!)
  const { edge, messages } = await scene.gateway.status()
  const drops = Object.values(edge!.requestsDropped).reduce((sum, count) => sum + count, 0)

  const ended = [...relayed, ...byUs]
  assert.equal(new Set(ended).size, ended.length, 'one outcome each')
  assert.equal(ended.length + drops, requests.size)
  const silent = [...requests].filter(([callId]) => !ended.includes(callId))
  assert.deepEqual(new Set(silent.map(([, { method }]) => method)), new Set(['ACK']), 'the others are told')
  assert.equal(silent.length, drops)

  const answered = Object.values(edge!.answered).reduce((sum, count) => sum + count, 0)
  assert.equal(answered, byUs.length)
  for (const cause of [
    'postponed-overflow',
    'reset-in-handshake',
    'not-tls',
    'connect-refused',
    'dns-failed',
  ] as const) {
    assert.ok((messages.lost[cause] ?? 0) > 0, `${cause}: ${JSON.stringify(messages.lost)}`)
  }
})
