/**
 * RFC 3261 §8.2.7: the ACK for an answer of ours ends here. Whoever the INVITE was for never saw it, and nothing is opened
 * or tried again for its sake.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { nothingMoreComes, pathTo, startEdgeCast } from '../support/edge-cast.js'
import { networkOf } from '../support/hep-network.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { changed, headerOf, sipRequest, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { until } from '../support/wait.js'

const cast = await startEdgeCast({ after })
const { core, scene } = cast
const [phone, server] = [await cast.phone(), await cast.coreServer()]

/** RFC 3261 §17.1.1.3: as the transaction of the INVITE makes it, with the To of the answer. */
function ackOf(invite: Buffer, answer: Buffer): Buffer {
  const ack = changed(changed(invite, /^INVITE/, 'ACK'), /^CSeq: 1 INVITE/m, 'CSeq: 1 ACK')
  return changed(changed(ack, /^To: .*/m, `To: ${headerOf(answer, 'To')}`), /^Max-Forwards: \d+/m, 'Max-Forwards: 70')
}

const dropped = async () => (await scene.gateway.status()).edge!.requestsDropped

/** Sends an INVITE that ends with us and the ACK for our answer, twice, as when the answer was sent twice. */
async function refused(from: SipStream, invite: Buffer, status: string): Promise<void> {
  const before = await dropped()
  const { answer } = await from.request(invite)
  assert.equal(startLine(answer), `SIP/2.0 ${status}`)
  const received = from.received.length
  for (let i = 0; i < 2; i++) from.send(ackOf(invite, answer))
  // What comes behind it on the same connection is answered: both were taken.
  const { answer: behind } = await from.request({ uri: `sip:127.0.0.1:${cast.corePort};transport=tcp` })
  assert.equal(startLine(behind), 'SIP/2.0 200 OK')
  assert.equal(from.received.length, received + 1)
  assert.deepEqual(await dropped(), before, 'it is no request that was lost')
}

test('of a server whose call went to a trunk that is away: no second attempt is made', async () => {
  const peer = `127.0.0.1:${await freePort()}`
  const invite = sipRequest({ method: 'INVITE', uri: `sip:+4930@${peer};transport=tcp`, transport: 'TCP' })
  await refused(server, invite, '503 Service Unavailable')
  await scene.event('CONNECTED', { peer, cause: 'connect-refused' })
  assert.equal(scene.events({ Event: 'CONNECT_START', peer }).length, 1)
  // Each of them is in the trace: it was received.
  const acks = () =>
    scene.collector.records.filter(
      ({ type, payload, correlation }) =>
        type === 1 && correlation === headerOf(invite, 'Call-ID') && startLine(payload).startsWith('ACK '),
    )
  await until('both ACKs in the trace', () => acks().length === 2)
  for (const record of acks()) assert.equal(networkOf(record).source, server.address)
})

test('of a server that called a phone which is gone', async (t) => {
  const raw = await tcpConnect(t, cast.edgePort)
  const path = await pathTo(await cast.phone({ socket: raw }), core)
  const peer = addressOf(raw)
  raw.resetAndDestroy()
  await scene.event('CLOSED', { peer })
  const headers = [`Route: ${path}`]
  const invite = sipRequest({ method: 'INVITE', uri: 'sip:alice@192.0.2.10', transport: 'TCP', headers })
  await refused(server, invite, '430 Flow Failed')
})

/** One that a phone sends and we answer. */
const tooFar = changed(
  sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }),
  'Max-Forwards: 70',
  'Max-Forwards: 0',
)

test('of a phone', async () => {
  await refused(phone, tooFar, '483 Too Many Hops')
  await nothingMoreComes(phone, core)
})

test('but an ACK with our tag in another call, or with another tag in this one, is none of ours', async () => {
  const ack = ackOf(tooFar, (await phone.request(tooFar)).answer)
  const others = [
    changed(ack, 'Call-ID: ', 'Call-ID: other-'),
    changed(ack, /^(?:To: .*)$/m, 'To: <sip:b@c>;tag=0123456789abcdef'),
  ]
  for (const other of others) {
    phone.send(other)
    assert.equal(headerOf(await core.next(), 'To'), headerOf(other, 'To'))
  }
})
