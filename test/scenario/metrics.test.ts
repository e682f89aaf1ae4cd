/** `GET /metrics` of a gateway at work: what clients, servers and the collector did is what it says, to the last one. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { serverDomain } from '../support/domains.js'
import { type Family, parseExposition, sampleOf } from '../support/exposition.js'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js'
import { tcpConnect } from '../support/listening.js'
import { lacks, peer } from '../support/peers.js'
import { runProcess } from '../support/process.js'
import { patienceMs, startScene } from '../support/scene.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const phones = 3
const methods = ['REGISTER', 'INVITE', 'BYE'] as const

async function scrape({ apiUrl }: GatewayProcess): Promise<Map<string, Family>> {
  const answer = await fetch(`${apiUrl}/metrics`)
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return parseExposition(await answer.text())
}

const scope = { after }
const dir = tempDir(scope)
const modern = { match_sip_domain: ['new.example.com'], tls_method: 'TLSv1_3' }
const scene = await startScene(
  scope,
  {
    tls_mgm: {
      server_domain: [
        serverDomain(dir, 'sip.example.com', { match_sip_domain: ['sip.example.com'] }),
        serverDomain(dir, 'new.example.com', modern),
      ],
    },
  },
  dir,
)

const failures: readonly (readonly [cause: string, domain: string, attempt: () => Promise<unknown>])[] = [
  ['sni-unmatched', '', () => handshake({ servername: 'nobody.example.com' })],
  ['no-shared-version', 'new.example.com', () => handshake({ servername: 'new.example.com', maxVersion: 'TLSv1.2' })],
  ['http-on-sip-port', '', () => clearText('GET / HTTP/1.1\r\n\r\n')],
  ['not-tls', '', () => clearText('REGISTER sip:sip.example.com SIP/2.0\r\n')],
]

function handshake(options: ConnectionOptions): Promise<void> {
  return ended(connect({ port: scene.port, host: '127.0.0.1', rejectUnauthorized: false, ...options }))
}

async function clearText(text: string): Promise<void> {
  const socket = await tcpConnect(scope, scene.port)
  socket.write(text)
  return ended(socket)
}

async function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {}).resume()
  await until('the gateway to close', () => socket.closed, patienceMs)
}

/** The sample once it has come to `value`. */
async function reaches(value: number, name: string, labels: Record<string, string> = {}) {
  let last: number | undefined
  return until(`${value} at ${name} ${JSON.stringify(labels)}`, async () => {
    const families = await scrape(scene.gateway)
    last = sampleOf(families, name, labels)
    return last === value ? families : undefined
  }).catch((error: unknown) => {
    throw new Error(`it is ${last}`, { cause: error })
  })
}

const tlsEdge = { direction: 'in', side: 'edge', transport: 'tls', domain: 'sip.example.com' }
const coreTcp = { direction: 'out', side: 'core', transport: 'tcp' }

test('connections, handshakes and messages are counted exactly', async () => {
  const clients = await Promise.all(Array.from({ length: phones }, () => scene.client()))
  let bytes = 0
  for (const client of clients) {
    for (const method of methods) {
      const { request } = await client.request({ method })
      bytes += request.length
    }
  }
  await clients[0]!.close()

  const families = await reaches(phones - 1, 'hepgate_connections_active', tlsEdge)
  const value = (name: string, labels: Record<string, string> = {}) => sampleOf(families, name, labels)
  assert.equal(value('hepgate_connections_opened_total', tlsEdge), phones)
  const closed = { ...tlsEdge, error_type: 'peer-closed', closed_by: 'peer' }
  assert.equal(value('hepgate_connections_closed_total', closed), 1)
  const { transport: _tls, ...handshook } = tlsEdge
  const done = { tls_protocol_version: '1.3', tls_cipher: 'TLS_AES_256_GCM_SHA384', tls_resumed: 'false' }
  assert.equal(value('hepgate_tls_handshakes_total', { ...handshook, result: 'success', ...done }), phones)
  const count = 'hepgate_tls_handshake_duration_seconds_count'
  assert.equal(value(count, { direction: 'in', side: 'edge', result: 'success' }), phones)
  assert.equal(value('hepgate_connects_total', { side: 'core', transport: 'tcp', result: 'success' }), phones)
  for (const method of methods) {
    const way = (network_io_direction: string, side: string, transport: string) =>
      value('hepgate_sip_messages_total', { network_io_direction, side, transport, sip_request_method: method })
    assert.deepEqual([way('receive', 'edge', 'tls'), way('transmit', 'core', 'tcp')], [phones, phones], method)
  }
  const answers = {
    network_io_direction: 'transmit',
    side: 'edge',
    transport: 'tls',
    sip_response_status_class: '2xx',
  }
  assert.equal(value('hepgate_sip_messages_total', answers), phones * methods.length)
  const io = families
    .get('hepgate_sip_io_bytes_total')!
    .samples.filter(({ labels }) => labels.network_io_direction === 'receive' && labels.side === 'edge')
  assert.equal(
    io.reduce((sum, sample) => sum + sample.value, 0),
    bytes,
  )
  const relayed = phones * methods.length
  // Of one read in seven, whichever way it came: each message here is a read of its own.
  const timed = (side: string, type: string): number =>
    value('hepgate_sip_relay_duration_seconds_count', { side, type }) ?? 0
  const [requests, responses] = [timed('core', 'request'), timed('edge', 'response')]
  assert.ok(requests > 0 && responses > 0, `${requests} requests, ${responses} responses`)
  assert.ok(Math.abs(requests + responses - (2 * relayed) / 7) <= 1, `${requests} and ${responses} of ${relayed} each`)
  assert.equal(value('hepgate_upstream_up', { upstream: scene.server.uri, role: 'upstream' }), 1)
  for (const client of clients.slice(1)) await client.close()
  await reaches(0, 'hepgate_connections_active', tlsEdge)
  await reaches(0, 'hepgate_connections_active', coreTcp)
})

for (const [cause, domain, attempt] of failures) {
  test(`a handshake that fails is one, with its cause and domain, and no connection: ${cause}`, async () => {
    await attempt()
    const labels = { direction: 'in', side: 'edge', result: 'failure', error_type: cause, ...(domain && { domain }) }
    const families = await reaches(1, 'hepgate_tls_handshakes_total', labels)
    assert.equal(sampleOf(families, 'hepgate_connections_active', tlsEdge), 0)
  })
}

test('of HEP packets as many are told of each type as the collector got', async () => {
  const { collector } = scene
  const labels = (type: string) => ({ destination: 'hep_dest', type })
  const got = (type: number) => collector.records.filter((record) => record.type === type).length
  await until('every packet at the collector', async () => {
    const families = await scrape(scene.gateway)
    const told = (type: string) => sampleOf(families, 'hepgate_hep_sent_packets_total', labels(type))
    return told('sip') === got(1) && told('log') === got(100)
  })
  assert.ok(got(1) > 0 && got(100) > 0)
})

test('promtool has no complaint', { skip: lacks('promtool') }, async () => {
  const input = await (await fetch(`${scene.gateway.apiUrl}/metrics`)).text()
  assert.deepEqual(await runProcess(peer('promtool'), ['check', 'metrics'], { input }), {
    code: 0,
    signal: null,
    stdout: '',
    stderr: '',
  })
})

test('without telemetry.metrics there is nothing to get', async (t) => {
  const gateway = await startGatewayProcess(t, { relay: { mode: 'tunnel' }, telemetry: { metrics: 0 } })
  const answer = await fetch(`${gateway.apiUrl}/metrics`)
  assert.equal(answer.status, 404)
  assert.match(((await answer.json()) as { detail: string }).detail, /telemetry\.metrics is off/)
})
