/**
 * A server that restarts ends its half of the connection first. What we would send there it could not answer, so the
 * next request takes another connection, which is opened for it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEdgeCast } from '../support/edge-cast.js'
import { type RequestFields, sipRequest, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { SipTrunk } from '../support/sip-trunk.js'
import { until } from '../support/wait.js'

/** A request may be under way while the end is. */
const mayBeUnderWay = 50

/**
 * Sends request after request until one takes another connection than the first. For each that came to the one that
 * had ended its half, somebody waits for an answer in vain.
 */
async function requestsUntilAnother(
  connections: readonly SipStream[],
  from: SipStream,
  fields: RequestFields,
): Promise<number> {
  const arrived = (connection: SipStream | undefined): number => connection?.received.length ?? 0
  const total = (): number => connections.reduce((sum, connection) => sum + arrived(connection), 0)
  for (let sent = 0; ; sent++) {
    const before = total()
    from.send(sipRequest({ method: 'MESSAGE', ...fields }))
    await until('the request at the server', () => total() > before)
    if (arrived(connections[1]) > 0 || sent > mayBeUnderWay) return sent
  }
}

test('an upstream gets the next request over a connection that it can answer on', async (t) => {
  const { core, upstream, phone } = await startEdgeCast(t)
  const caller = await phone()
  core.socket.end()
  const inVain = await requestsUntilAnother(upstream.connections, caller, { uri: 'sip:bob@example.com' })
  assert.ok(inVain <= mayBeUnderWay, 'it was used for requests long after its end')
  const another = await upstream.connection(1)
  another.answer(await another.next())
  assert.equal(startLine(await caller.next()), 'SIP/2.0 200 OK')
})

test('a trunk as well', async (t) => {
  const { core } = await startEdgeCast(t)
  const trunk = await SipTrunk.tcp(t)
  trunk.answer = undefined
  const fields = { transport: 'TCP', uri: `sip:+4930@127.0.0.1:${trunk.port};transport=tcp` }
  core.send(sipRequest({ method: 'MESSAGE', ...fields }))
  const { over } = await trunk.next()
  over.socket.end()
  const inVain = await requestsUntilAnother(trunk.connections, core, fields)
  assert.ok(inVain <= mayBeUnderWay, 'it was used for requests long after its end')
})
