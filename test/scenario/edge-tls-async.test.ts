/**
 * tls_async: whether the server that caused a connect waits for it. On: what it sends next is read and relayed
 * meanwhile. Off: nothing more is read from it until its message has been written.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { startEdgeCast } from '../support/edge-cast.js'
import { GatedUpstream } from '../support/gated-upstream.js'
import { headerOf, type RequestFields, sipRequest, splitMessages, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const gated = await GatedUpstream.start(scope)
const toGated = `sip:bob@127.0.0.1:${gated.port};transport=tls`
const open = await SipTrunk.tcp(scope)
const toOpen = `sip:bob@${open.address};transport=tcp`

function start(tls_async: 0 | 1) {
  return startEdgeCast(scope, {
    proto_tls: { tls_async },
    tls_mgm: { client_domain: [gated.domain(dir)] },
  })
}

function message(uri: string, fields: RequestFields = {}): Buffer {
  return sipRequest({ method: 'MESSAGE', transport: 'TCP', uri, ...fields })
}

/** What came to the gated trunk, over all connections. */
function atGated(): (string | undefined)[] {
  return gated.received.flatMap((chunks) =>
    splitMessages(Buffer.concat(chunks)).messages.map((one) => headerOf(one, 'Call-ID')),
  )
}

function atOpen(): (string | undefined)[] {
  return open.arrivals.map(({ message }) => headerOf(message, 'Call-ID'))
}

/** A server whose message waits for the handshake of the gated trunk. */
async function waitingServer(connect: () => Promise<SipStream>): Promise<{ server: SipStream; callId: string }> {
  gated.close()
  const waiting = gated.waiting
  const server = await connect()
  const first = message(toGated)
  server.send(first)
  await until('the handshake to wait', () => gated.waiting === waiting + 1)
  return { server, callId: headerOf(first, 'Call-ID')! }
}

describe('tls_async 1', async () => {
  const cast = await start(1)

  test('the next message of the same server is relayed while the first waits for the handshake', async () => {
    const { server, callId } = await waitingServer(cast.coreServer)
    await reached(open, server, { uri: toOpen })
    assert.ok(!atGated().includes(callId))
    gated.open()
    await until('the first message', () => atGated().includes(callId))
  })
})

describe('tls_async 0', async () => {
  const cast = await start(0)

  test('the next message of the same server is not read before the first has left; other servers are', async () => {
    const { server, callId } = await waitingServer(cast.coreServer)
    const next = message(toOpen)
    const nextId = headerOf(next, 'Call-ID')!
    server.send(next)
    const other = await cast.coreServer()
    // Each is sent after the answer to the one before: the gateway has had all the time it needs to read `next`.
    for (let i = 0; i < 20; i++) await reached(open, other, { uri: toOpen })
    assert.ok(!atOpen().includes(nextId))
    assert.equal((await cast.scene.live(server.address)).msgs_in, 1)
    gated.open()
    await until('the first message', () => atGated().includes(callId))
    await until('the next message', () => atOpen().includes(nextId))
    assert.equal(headerOf((await open.next()).message, 'Call-ID'), nextId)
  })
})
