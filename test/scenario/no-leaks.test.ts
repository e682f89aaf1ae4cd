import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { silentLogs } from '../../src/base/log.js'
import { loadConfig } from '../../src/config/load.js'
import { startGateway } from '../../src/gateway/gateway.js'
import { writeText } from '../support/certificates.js'
import { serverDomain } from '../support/domains.js'
import { usedHeap } from '../support/heap.js'
import { freePort } from '../support/ports.js'
import { patienceMs } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { SipServer } from '../support/sip-server.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const server = await SipServer.start(scope)
const [port, hepPort] = [await freePort(), await freePort()]
// In this process, where heap and handles can be seen; its own collector takes the traces and keeps few.
const file = writeText(
  dir,
  'gateway.yaml',
  JSON.stringify({
    socket: `tls:127.0.0.1:${port}`,
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
    relay: { mode: 'tunnel', upstream: server.uri },
    limits: { drain_timeout: 500 },
    // full before the first look, so that what they hold stays the same
    live: { message_bytes: 65_536, closed_connections: 50 },
    api: { listen: 'off' },
  }),
)
const gateway = await startGateway(loadConfig(file), { logs: silentLogs, configPath: file, version: 'test' })
after(() => gateway.stop('the test is over'))

/** One TLS connection with a request and its answer, open and closed. */
async function oneLife(i: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'sip.example.com', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.write(sipRequest({ callId: `life-${i}` }))
  await once(socket, 'data')
  // a third of them is rude
  if (i % 3 === 0) socket.destroy()
  else socket.end()
  await once(socket.resume(), 'close')
}

async function lives(count: number): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await oneLife(next++)
  }
  await Promise.all(Array.from({ length: 20 }, worker))
  await until(
    'all connections closed',
    async () => {
      const { connections, destinations } = await gateway.view.status()
      return (
        connections.open + connections.inHandshake === 0 &&
        destinations.every(({ queuedPackets }) => queuedPackets === 0)
      )
    },
    patienceMs,
  )
  await until('no connection at the server', () => server.connections.size === 0, patienceMs)
  server.requests.length = 0
}

/** What keeps a process alive, by kind; the audit list may still be on its way to the disk. */
function handles(): string[] {
  const passing = new Set(['Immediate', 'FSReqPromise', 'CloseReq'])
  return process
    .getActiveResourcesInfo()
    .filter((kind) => !passing.has(kind))
    .sort()
}

test('2,000 TLS connections leave nothing behind', async () => {
  await lives(2000) // caches fill, and code is compiled, which takes a megabyte and more
  const before = { heap: await usedHeap(), handles: handles() }
  await lives(2000)
  const grown = (await usedHeap()) - before.heap
  // a leaked connection has 20 kB and more, leaked facts a kilobyte
  assert.ok(grown < 1_000_000, `the heap grew by ${grown} bytes`)
  assert.deepEqual(handles(), before.handles)
  const { connections, messages } = await gateway.view.status()
  assert.deepEqual(connections.acceptedTotal, 4000)
  assert.equal(connections.closedTotal, 8000)
  assert.equal(messages.relayed, 8000)
})

test('reloads leave nothing behind', async () => {
  const reload = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) assert.deepEqual(await gateway.reload('test'), { ok: true, problems: [] })
  }
  /** What a hundred of them leave: in the heap, and in the process. */
  const window = async () => {
    const before = { heap: await usedHeap(), resident: process.memoryUsage.rss() }
    await reload(100)
    return { heap: (await usedHeap()) - before.heap, resident: process.memoryUsage.rss() - before.resident }
  }
  await window() // the heap takes from the system what a hundred of them need before it is collected
  const before = handles()
  const windows = [await window(), await window()]
  for (const { heap } of windows) assert.ok(heap < 500_000, `the heap grew by ${heap} bytes`)
  // TLS contexts live outside the heap: leaked ones have 100 kB and more each, and in each window. What the
  // allocator puts aside it does once.
  const resident = Math.min(...windows.map((grown) => grown.resident))
  assert.ok(resident < 10_000_000, `the process grew by ${resident} bytes`)
  assert.deepEqual(handles(), before)
})
