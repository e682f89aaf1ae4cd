/** The way out of a command: it waits for a slow collector, and gives up on one that does not move. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Outlet } from '../../../src/cli/outlet.js'
import { hepDestination, parseHepId } from '../../../src/config/hep-id.js'
import { defaultConfig } from '../../../src/config/load.js'
import type { TracedLeg } from '../../../src/trace/sinks.js'
import { freePort } from '../../support/ports.js'

const patienceMs = 300
const message = Buffer.from(`MESSAGE sip:a SIP/2.0\r\nCall-ID: abc\r\n\r\n${'x'.repeat(20_000)}`)
const callId = { start: message.indexOf('abc'), end: message.indexOf('abc') + 3 }

function leg(): TracedLeg {
  const [source, destination] = [
    { ip: '192.0.2.1', port: 5060 },
    { ip: '192.0.2.2', port: 5060 },
  ]
  return { source, destination, transport: 'tcp', connId: '1', heads: [] }
}

async function outletTo(t: TestContext, port: number): Promise<Outlet> {
  const { proto_hep } = defaultConfig()
  const hep_id = [hepDestination(parseHepId(`[replay]127.0.0.1:${port};transport=tcp`))]
  const outlet = new Outlet({ ...proto_hep, hep_id }, 'replay', patienceMs)
  t.after(() => outlet.close())
  return outlet
}

/** A collector that does not read before it is told to. */
async function slowCollector(t: TestContext): Promise<{ port: number; read: () => void }> {
  const sockets: Socket[] = []
  let reading = false
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    if (reading) socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const read = () => {
    reading = true
    for (const socket of sockets) socket.resume()
  }
  return { port: (server.address() as AddressInfo).port, read }
}

test('it waits while the collector does not read, and then loses nothing', async (t) => {
  const collector = await slowCollector(t)
  const outlet = await outletTo(t, collector.port)
  const one = leg()
  let sent = 0
  // fills the queue beyond its mark, well beyond what the kernel takes
  for (; sent < 2000; sent++) {
    outlet.sip(one, sent, message, 0, message.length, callId.start, callId.end)
  }
  const room = outlet.room()
  setImmediate(collector.read)
  assert.equal(await room, true)
  assert.equal(await outlet.drain(), true)
  assert.equal(outlet.sent, sent)
  assert.equal(outlet.lost, 0)
})

test('it gives up on a collector that takes nothing, and counts what is lost', async (t) => {
  const collector = await slowCollector(t)
  const outlet = await outletTo(t, collector.port)
  for (let i = 0; i < 2000; i++) outlet.sip(leg(), i, message, 0, message.length, callId.start, callId.end)
  assert.equal(await outlet.room(), false)
  await outlet.close()
  assert.equal(outlet.sent + outlet.lost, 2000)
  assert.ok(outlet.lost > 0)
})

test('it says what the network said when nothing listens', async (t) => {
  const outlet = await outletTo(t, await freePort())
  outlet.sip(leg(), 1, message, 0, message.length, callId.start, callId.end)
  assert.equal(await outlet.drain(), false)
  assert.match(outlet.complaint, /refused/i)
  await outlet.close()
  assert.deepEqual([outlet.sent, outlet.lost], [0, 1])
})
