import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertFailure } from '../support/failure.js'
import { GatedUpstream } from '../support/gated-upstream.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { patienceMs, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until, within } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)

async function gatedScene(tls_async: 0 | 1) {
  const upstream = await GatedUpstream.start(scope)
  const scene = await startScene(
    scope,
    {
      proto_tls: { tls_async },
      relay: { upstream: [upstream.uri] },
      tls_mgm: { client_domain: [upstream.domain(dir)] },
    },
    dir,
  )
  return { scene, upstream }
}

const { scene, upstream } = await gatedScene(1)

function requests(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => sipRequest({ cseq: i + 1 })))
}

function lost(): Promise<number> {
  return scene.gateway.status().then(({ messages }) => messages.lost['postponed-overflow'] ?? 0)
}

/** A client whose upstream connection waits at the gate. */
async function waitingClient(where = scene, gate = upstream) {
  gate.close()
  const before = gate.waiting
  const raw = await tcpConnect(scope, where.port)
  const client = await where.client({ socket: raw })
  await until('a connection at the gate', () => gate.waiting > before, patienceMs)
  return { client, raw, peer: addressOf(raw) }
}

test('32 messages wait while the upstream is being connected to, and arrive in order', async () => {
  const { client, peer } = await waitingClient()
  const all = requests(32)
  client.send(all)
  await scene.live(peer, ({ msgs_in }) => msgs_in === 32)
  const index = upstream.received.length
  upstream.open()
  await until('all at the upstream', () => upstream.bytes(index).length >= all.length, patienceMs)
  assert.equal(upstream.bytes(index).toString(), all.toString())
  assert.equal(await lost(), 0)
  await client.close()
})

test('the 33rd breaks the connection, and all 33 count as lost', async () => {
  const { client, peer } = await waitingClient()
  client.send(requests(32))
  await scene.live(peer, ({ msgs_in }) => msgs_in === 32)
  const before = await scene.gateway.status()
  client.send(requests(1))
  await within('the end', client.closed, patienceMs)
  const { event } = await assertFailure(scene, 'ERROR', 'postponed-overflow', { peer })
  assert.match(String(event.Message), /32/)
  const after = await scene.gateway.status()
  assert.equal(await lost(), 33)
  assert.equal(after.messages.relayed, before.messages.relayed, 'what is lost was not relayed')
})

test('a client that sends and closes at once is heard all the same', async () => {
  const { client, peer } = await waitingClient()
  const all = requests(5)
  client.socket.end(all)
  await scene.live(peer, ({ msgs_in }) => msgs_in === 5)
  const index = upstream.received.length
  upstream.open()
  await until('all at the upstream', () => upstream.bytes(index).length >= all.length, patienceMs)
  assert.equal(upstream.bytes(index).toString(), all.toString())
  const closed = await scene.event('CLOSED', { peer })
  assert.deepEqual([closed.Status, closed.closed_by], ['SUCCESS', 'peer'])
})

test('a client that sends and resets at once is heard all the same', async () => {
  const { client, raw, peer } = await waitingClient()
  const all = requests(5)
  client.send(all)
  await scene.live(peer, ({ msgs_in }) => msgs_in === 5)
  raw.resetAndDestroy()
  await scene.event('CLOSED', { peer })
  const index = upstream.received.length
  upstream.open()
  await until('all at the upstream', () => upstream.bytes(index).length >= all.length, patienceMs)
  assert.equal(upstream.bytes(index).toString(), all.toString())
})

test('a client that leaves without a word does not keep its upstream connection', async () => {
  const { client, peer } = await waitingClient()
  client.socket.end()
  const { conn_id } = await scene.event('CLOSED', { peer })
  const { relayed_to } = await scene.event('CLOSED', { conn_id })
  const other = await scene.event('CLOSED', { conn_id: relayed_to })
  assert.equal(other.cause, 'relay-closed')
  await scene.status('nothing open', ({ connections }) => connections.open + connections.inHandshake === 0)
})

test('without tls_async a client is not read before its upstream is there', async () => {
  const { scene: sync, upstream: gate } = await gatedScene(0)
  const { client, peer } = await waitingClient(sync, gate)
  const all = requests(100)
  client.send(all)
  // another client's whole life is time enough to have read this one
  const other = await sync.client()
  await sync.live(other.address)
  assert.equal((await sync.live(peer)).bytes_in, 0)
  gate.open()
  // both clients have a connection there, in no order; the other one sends nothing
  const arrived = () => Buffer.concat(gate.received.flat())
  await until('all at the upstream', () => arrived().length >= all.length, patienceMs)
  assert.equal(arrived().toString(), all.toString())
  assert.deepEqual((await sync.gateway.status()).messages.lost, {})
  await client.close()
  await other.close()
})
