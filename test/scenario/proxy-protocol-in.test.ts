import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { serverDomain } from '../support/domains.js'
import { assertFailure, assertNetwork } from '../support/failure.js'
import { networkOf } from '../support/hep-network.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { inPieces, Piecewise } from '../support/piecewise.js'
import { freePort } from '../support/ports.js'
import { patienceMs, startScene } from '../support/scene.js'
import { headerOf, sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const [tlsPort, tcpPort] = [await freePort(), await freePort()]
// 127.0.0.1 is the balancer; whoever comes from another loopback address is not
const scene = await startScene(
  scope,
  {
    socket: [
      { socket: `tls:127.0.0.1:${tlsPort}`, proxy_protocol: ['127.0.0.1/32'] },
      { socket: `tcp:127.0.0.1:${tcpPort}`, proxy_protocol: ['127.0.0.1'], side: 'edge' },
    ],
    tls_mgm: {
      server_domain: [
        serverDomain(dir, 'elsewhere.example.com', { match_ip_address: ['192.0.2.1:443'] }),
        serverDomain(dir, 'sip.example.com', { match_ip_address: [`127.0.0.1:${tlsPort}`] }),
      ],
    },
    limits: { max_connections_per_address: 2 },
  },
  dir,
)

const v2Signature = '0d0a0d0a000d0a515549540a'
const headers: [string, string | Buffer, peer: string | undefined][] = [
  ['version 1 over IPv4', 'PROXY TCP4 203.0.113.9 192.0.2.1 50412 443\r\n', '203.0.113.9:50412'],
  ['version 1 over IPv6', 'PROXY TCP6 2001:db8::9 2001:db8::1 50413 443\r\n', '[2001:db8::9]:50413'],
  ['version 1 that knows nobody', 'PROXY UNKNOWN\r\n', undefined],
  ['version 2 over IPv4', hex(`${v2Signature} 21 11 000c cb00710a c0000201 c4ec 01bb`), '203.0.113.10:50412'],
  [
    'version 2 over IPv6',
    hex(`${v2Signature} 21 21 0024 20010db8000000000000000000000009 20010db8000000000000000000000001 c4ed 01bb`),
    '[2001:db8::9]:50413',
  ],
  [
    'version 2 with TLVs',
    hex(`${v2Signature} 21 11 0011 cb00710b c0000201 c4ec 01bb 04 0002 0000`),
    '203.0.113.11:50412',
  ],
  ['version 2 where the balancer speaks for itself', hex(`${v2Signature} 20 00 0000`), undefined],
]

for (const [what, header, named] of headers) {
  for (const way of ['in one packet with the ClientHello', 'byte by byte'] as const) {
    test(`a PROXY header, ${what}, ${way}, names the client in events and SIP`, async (t) => {
      const raw = await tcpConnect(t, tlsPort)
      const balancer = addressOf(raw)
      const client = await scene.client({ socket: behind(raw, header, way === 'byte by byte' ? 1 : undefined) })
      const callId = `${what} ${way}`.replaceAll(' ', '-')
      await client.request({ callId })

      const peer = named ?? balancer
      const session = await scene.event('TLS_SESSION', { call_id: callId })
      const event = await scene.event('ACCEPTED', { conn_id: session.conn_id })
      assert.equal(event.peer, peer)
      assert.equal(event.proxied_by, named === undefined ? undefined : balancer)
      assert.equal(event.tls_domain, 'sip.example.com', 'the domain is that of our own socket')
      assertNetwork(scene.recordOf(event))
      const sip = await until('the request at the collector', () =>
        scene.collector.records.find((r) => r.type === 1 && r.correlation === callId),
      )
      assert.equal(networkOf(sip).source, peer)
      assert.equal(networkOf(sip).family, peer.startsWith('[') ? 10 : 2)
      await client.close()
      await scene.event('CLOSED', { conn_id: session.conn_id, peer })
    })
  }
}

test('a tcp: socket takes the header too', async (t) => {
  const raw = await tcpConnect(t, tcpPort)
  raw.write(
    Buffer.concat([Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 50499 5060\r\n'), sipRequest({ callId: 'clear' })]),
  )
  const event = await scene.event('ACCEPTED', { Protocol: 'TCP', peer: '203.0.113.9:50499' })
  assert.equal(event.proxied_by, addressOf(raw))
  await until('the request', () => scene.server.requests.some((request) => headerOf(request, 'Call-ID') === 'clear'))
})

const broken: [string, string | Buffer][] = [
  ['garbage', 'EHLO sip.example.com\r\n'],
  ['an address that is none', 'PROXY TCP4 203.0.113.999 192.0.2.1 50412 443\r\n'],
  ['a line without end', `PROXY TCP4 ${'1'.repeat(200)}`],
  ['an unknown version', hex(`${v2Signature} 31 11 000c cb00710a c0000201 c4ec 01bb`)],
]

for (const [what, bytes] of broken) {
  test(`a balancer that sends ${what} is refused`, async (t) => {
    const raw = await tcpConnect(t, tlsPort)
    const peer = addressOf(raw)
    raw.write(bytes)
    await until('the end', () => raw.resume().closed, patienceMs)
    await assertFailure(scene, 'ACCEPTED', 'bad-proxy-header', { peer })
  })
}

for (const [what, header] of headers) {
  test(`nobody else may name a client: ${what}`, async () => {
    const raw = await tcpConnect(scope, tlsPort, '127.0.0.1', '127.0.0.2')
    const peer = addressOf(raw)
    assert.match(peer, /^127\.0\.0\.2:/)
    raw.write(header)
    await until('the end', () => raw.resume().closed, patienceMs)
    await assertFailure(scene, 'ACCEPTED', 'not-tls', { peer })
  })
}

test('who is no balancer needs no header', async (t) => {
  const raw = await tcpConnect(t, tlsPort, '127.0.0.1', '127.0.0.2')
  const client = await scene.client({ socket: raw })
  await client.request()
  const event = await scene.event('ACCEPTED', { peer: addressOf(raw) })
  assert.equal(event.proxied_by, undefined)
})

test('the limit per address counts the client behind the balancer, not the balancer', async (t) => {
  const from = async (ip: string) => scene.client({ socket: behind(await tcpConnect(t, tlsPort), named(ip)) })
  const named = (ip: string) => `PROXY TCP4 ${ip} 192.0.2.1 50000 443\r\n`
  await Promise.all(['198.51.100.1', '198.51.100.1', '198.51.100.2', '198.51.100.2'].map(from))
  const raw = await tcpConnect(t, tlsPort)
  raw.write(named('198.51.100.1'))
  await until('the end', () => raw.resume().closed, patienceMs)
  const refused = await scene.event('ACCEPTED', { Status: 'FAILURE', peer: '198.51.100.1:50000' })
  assert.equal(refused.cause, 'limit-reached')
  assert.match(String(refused.Message), /198\.51\.100\.1/)
})

/** Sends the header in front of what TLS says first. */
function behind(raw: Socket, header: string | Buffer, size = 65_536): Piecewise {
  let first = true
  return new Piecewise(raw, (bytes) => {
    const all = first ? Buffer.concat([Buffer.from(header), bytes]) : bytes
    first = false
    return inPieces(size)(all)
  })
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}
