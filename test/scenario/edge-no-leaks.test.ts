/** Phones and calls that come and go leave nothing behind: no connection, no leg, no place in the pool. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { silentLogs } from '../../src/base/log.js'
import { loadConfig } from '../../src/config/load.js'
import { startGateway } from '../../src/gateway/gateway.js'
import { writeText } from '../support/certificates.js'
import { serverDomain } from '../support/domains.js'
import { usedHeap } from '../support/heap.js'
import { freePort } from '../support/ports.js'
import { patienceMs } from '../support/scene.js'
import { headerOf, sipAnswer, sipRequest } from '../support/sip.js'
import { SipClient } from '../support/sip-client.js'
import { SipServer } from '../support/sip-server.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const server = await SipServer.start(scope)
const [port, corePort, hepPort] = [await freePort(), await freePort(), await freePort()]
// In this process, where heap and handles can be seen; its own collector takes the traces and keeps few.
const file = writeText(
  dir,
  'gateway.yaml',
  JSON.stringify({
    socket: [`tls:127.0.0.1:${port}`, `tcp:127.0.0.1:${corePort}`],
    state_dir: join(dir, 'state'),
    proto_tls: {
      tls_handshake_timeout: patienceMs,
      tls_send_timeout: patienceMs,
      trace_on: 1,
      trace_destination: 'own',
    },
    proto_hep: { hep_id: `[own]127.0.0.1:${hepPort};transport=tcp` },
    collector: { listen: `tcp:127.0.0.1:${hepPort}`, max_packets: 10 },
    tls_mgm: { server_domain: [serverDomain(dir, 'sip.example.com')] },
    relay: { mode: 'edge', upstream: server.uri, options_interval: 0 },
    limits: { drain_timeout: 500, max_connections_per_address: 0 },
    // full before the first look, so that what they hold stays the same
    live: { message_bytes: 65_536, closed_connections: 50 },
    api: { listen: 'off' },
  }),
)
const gateway = await startGateway(loadConfig(file), { logs: silentLogs, configPath: file, version: 'test' })
after(() => gateway.stop('the test is over'))

const away = await freePort()

/** Every phone that registers is called at once; and so is somebody where nobody is. */
server.answer = (message) => {
  const answer = sipAnswer(message)
  const path = headerOf(message, 'Path')
  if (path === undefined) return answer
  const call = { method: 'INVITE', transport: 'TCP', uri: 'sip:bob@example.com' }
  const toNobody = sipRequest({ ...call, uri: `sip:bob@127.0.0.1:${away};transport=tcp` })
  return Buffer.concat([answer, sipRequest({ ...call, headers: [`Route: ${path}`] }), toNobody])
}

/** A phone that registers, is called, calls, and goes, politely or not. */
async function oneLife(isPolite: boolean): Promise<void> {
  const tcp = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(tcp, 'connect')
  const phone = await SipClient.connect({ port, socket: tcp })
  await phone.request({ method: 'REGISTER', uri: 'sip:example.com' })
  const call = await phone.next(patienceMs)
  phone.answer(call)
  await phone.request({ method: 'INVITE', uri: 'sip:bob@example.com' })
  if (isPolite) phone.socket.end()
  else tcp.resetAndDestroy()
}

async function lives(count: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    // The polite ones are answered for two more seconds, which is over when the others are.
    while (next < count) await oneLife(next++ < count / 2)
  }
  await Promise.all(Array.from({ length: 60 }, worker))
  await until(
    'only the connection to the upstream',
    async () => {
      const { connections, destinations } = await gateway.view.status()
      return (
        connections.open === 1 &&
        connections.inHandshake === 0 &&
        destinations.every(({ queuedPackets }) => queuedPackets === 0)
      )
    },
    patienceMs,
  )
  server.requests.length = 0
}

/** What keeps a process alive, by kind. */
function handles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind !== 'Immediate')
    .sort()
}

test('2,000 phones that registered, were called and called leave nothing behind', async () => {
  await lives(200) // caches fill, code is compiled
  const before = handles()
  const windows: number[] = []
  for (let i = 0; i < 2; i++) {
    const heap = await usedHeap()
    await lives(900)
    windows.push((await usedHeap()) - heap)
  }
  // A leg that stays with its facts has 2 kB and more, in each window. The cache of flow tokens grows by 0.5 MB.
  const grown = Math.min(...windows)
  assert.ok(grown < 1_100_000, `the heap grew by ${windows.join(' and then by ')} bytes`)
  assert.deepEqual(handles(), before)
})

test('every message is accounted for', async () => {
  const { connections, messages, edge, upstreams } = await gateway.view.status()
  assert.equal(connections.acceptedTotal, 2000)
  // REGISTER, the call to the phone and its own call, each with its answer
  assert.equal(messages.relayed, 2000 * 6 + 2000, 'and an answer of ours for each call to nobody')
  assert.deepEqual(messages.lost, { 'connect-refused': 2000 })
  assert.deepEqual(edge?.answered, { 503: 2000 })
  assert.deepEqual([edge?.responsesDropped, edge?.requestsDropped], [{}, {}])
  assert.equal(upstreams[0]?.connections, 1)
})
