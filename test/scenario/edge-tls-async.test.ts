/**
 * tls_async: whether the server that caused a connect waits for it. On: what it sends next is read and relayed
 * meanwhile. Off: nothing more is read from it until its message has been written.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { clientDomain } from '../support/domains.js'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { GatedUpstream } from '../support/gated-upstream.js'
import { headerOf, type RequestFields, sipRequest, splitMessages, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const open = await SipTrunk.tcp(scope)
const toOpen = `sip:bob@${open.address};transport=tcp`

function start(tls_async: 0 | 1): Promise<EdgeCast> {
  return startEdgeCast(scope, {
    proto_tls: { tls_async },
    tls_mgm: { client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })] },
  })
}

function message(uri: string, fields: RequestFields = {}): Buffer {
  return sipRequest({ method: 'MESSAGE', transport: 'TCP', uri, ...fields })
}

/** A server whose message waits for the handshake of a trunk; what comes `behind` it is in the same packet. */
async function waitingServer(cast: EdgeCast, ...behind: Buffer[]) {
  const gated = await GatedUpstream.start(scope)
  const server = await cast.coreServer()
  const first = message(`sip:bob@127.0.0.1:${gated.port};transport=tls`)
  server.send(Buffer.concat([first, ...behind]))
  await until('the handshake to wait', () => gated.waiting === 1)
  return {
    server,
    gated,
    /** what the trunk got, once it got something */
    arrived: () => until('the message at the trunk', () => splitMessages(gated.bytes()).messages[0]),
  }
}

const messages = 400

/**
 * A server sends 24 MB to a trunk that does not read, which is more than all buffers between us hold. After `settled`
 * the trunk reads on.
 */
async function sendToDeaf(cast: EdgeCast, settled: (peer: string, server: SipStream) => Promise<unknown>) {
  const deaf = await SipTrunk.tcp(scope)
  deaf.answer = undefined
  const server = await cast.coreServer()
  const uri = `sip:bob@${deaf.address};transport=tcp`
  server.send(message(uri))
  const over = await deaf.connection()
  over.socket.pause()
  for (let i = 0; i < messages; i++) server.send(message(uri, { body: 'x'.repeat(60_000) }))
  await settled(deaf.address, server)
  over.socket.resume()
  return { deaf, server }
}

describe('tls_async 1', async () => {
  const cast = await start(1)

  test('the next message of the same server is relayed while the first waits for the handshake', async () => {
    const { server, gated, arrived } = await waitingServer(cast)
    await reached(open, server, { uri: toOpen })
    assert.equal(gated.waiting, 1)
    gated.open()
    await arrived()
  })

  test('a server that floods a trunk which does not read is not held up: that connection is given up', async () => {
    const { server } = await sendToDeaf(cast, (peer) => cast.scene.event('ERROR', { peer, cause: 'send-timeout' }))
    await reached(open, server, { uri: toOpen })
  })
})

describe('tls_async 0', async () => {
  const cast = await start(0)

  /**
   * Another server has its messages relayed, each sent after the answer to the one before: whatever the gateway had to
   * read before, it has read then.
   */
  async function timeForOthers(): Promise<void> {
    const other = await cast.coreServer()
    for (let i = 0; i < 20; i++) await reached(open, other, { uri: toOpen })
  }

  test('the next message of the same server is not read before the first has left; other servers are', async () => {
    const { server, gated, arrived } = await waitingServer(cast)
    const next = server.request(message(toOpen))
    await timeForOthers()
    assert.equal((await cast.scene.live(server.address)).msgs_in, 1)
    gated.open()
    await arrived()
    await next
  })

  for (const [what, settle, answers] of [
    ['before it has left', (gated) => gated.open(), ['200 OK', '200 OK']],
    [
      'before it was answered that it cannot leave',
      (gated) => gated.drop(),
      ['503 Service Unavailable', '200 OK', '200 OK'],
    ],
  ] as const satisfies readonly [string, (gated: GatedUpstream) => void, readonly string[]][]) {
    test(`nor are messages relayed that came in one read with it ${what}`, async () => {
      const behind = [message(toOpen), message(toOpen)]
      const { server, gated } = await waitingServer(cast, ...behind)
      await timeForOthers()
      const ids = behind.map((one) => headerOf(one, 'Call-ID'))
      const came = () =>
        open.arrivals.map(({ message }) => headerOf(message, 'Call-ID')).filter((id) => ids.includes(id))
      assert.deepEqual(came(), [])
      settle(gated)
      for (const answer of answers) assert.equal(startLine(await server.next()), `SIP/2.0 ${answer}`)
      assert.deepEqual(came(), ids)
    })
  }

  test('a server that floods a trunk which does not read is held up, and nothing is lost', async () => {
    const { deaf } = await sendToDeaf(cast, async (_peer, server) => {
      await until('the gateway to read no more', async () => {
        const { msgs_in } = await cast.scene.live(server.address)
        await timeForOthers()
        return msgs_in > 1 && msgs_in === (await cast.scene.live(server.address)).msgs_in
      })
      assert.ok((await cast.scene.live(server.address)).msgs_in < messages)
    })
    await until('all messages', () => deaf.arrivals.length === messages + 1)
    assert.equal(deaf.accepted, 1)
  })
})
