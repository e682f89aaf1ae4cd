/**
 * tls_async_max_postponed_chunks: so many messages may wait for a connection. One more breaks it, and every one of them is
 * answered 503, or counted where no answer is allowed.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clientDomain } from '../support/domains.js'
import { type EdgeCast, startEdgeCast } from '../support/edge-cast.js'
import { assertFailure } from '../support/failure.js'
import { GatedUpstream } from '../support/gated-upstream.js'
import { headerOf, sipRequest, splitMessages, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const domains = { tls_mgm: { client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })] } }
const usual = await startEdgeCast(scope, domains)
const few = await startEdgeCast(scope, { ...domains, proto_tls: { tls_async_max_postponed_chunks: 3 } })

/** Sends requests to a trunk whose handshake waits. Returns their Call-IDs. */
function ask(server: SipStream, { port }: GatedUpstream, count: number, method = 'MESSAGE'): string[] {
  const uri = `sip:bob@127.0.0.1:${port};transport=tls`
  const requests = Array.from({ length: count }, () => sipRequest({ method, uri, transport: 'TCP' }))
  server.send(Buffer.concat(requests))
  return requests.map((request) => headerOf(request, 'Call-ID')!)
}

/** The next `count` messages, all of them 503: their Call-IDs. */
async function unavailable(server: SipStream, count: number): Promise<string[]> {
  const callIds: string[] = []
  for (let i = 0; i < count; i++) {
    const answer = await server.next()
    assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
    callIds.push(headerOf(answer, 'Call-ID')!)
  }
  return callIds
}

function arrived(gated: GatedUpstream): (string | undefined)[] {
  return splitMessages(gated.bytes()).messages.map((message) => headerOf(message, 'Call-ID'))
}

async function lost({ scene }: EdgeCast): Promise<number> {
  return (await scene.gateway.status()).messages.lost['postponed-overflow'] ?? 0
}

for (const [cast, most] of [
  [usual, 32],
  [few, 3],
] as const) {
  test(`${most} messages wait, and leave in their order when the connection is there`, async () => {
    const gated = await GatedUpstream.start(scope)
    const server = await cast.coreServer()
    const callIds = ask(server, gated, most)
    await cast.scene.live(server.address, ({ msgs_in }) => msgs_in === most)
    await until('the handshake to wait', () => gated.waiting === 1)
    gated.open()
    await until('the messages', () => arrived(gated).length === most)
    assert.deepEqual(arrived(gated), callIds)
    assert.equal(await lost(cast), 0)
  })
}

for (const [cast, most] of [
  [usual, 32],
  [few, 3],
] as const) {
  test(`one more than ${most} ends the connection: each is answered 503, and the next request opens another`, async () => {
    const gated = await GatedUpstream.start(scope)
    const server = await cast.coreServer()
    const callIds = ask(server, gated, most + 1)
    assert.deepEqual(await unavailable(server, most + 1), callIds)
    assert.equal(await lost(cast), most + 1)
    const { event, closed } = await assertFailure(cast.scene, 'ERROR', 'postponed-overflow', {
      direction: 'out',
      peer: `127.0.0.1:${gated.port}`,
    })
    assert.match(String(event.Message), new RegExp(`${most}`))
    assert.equal(closed.msgs_out, 0)

    const again = ask(server, gated, 1)
    gated.open()
    await until('the message', () => arrived(gated).length === 1)
    assert.deepEqual(arrived(gated), again)
  })
}

test('several servers wait together, and each gets the answers to what it asked', async () => {
  const before = await lost(few)
  const gated = await GatedUpstream.start(scope)
  const [one, two] = [await few.coreServer(), few.core]
  const ofOne = ask(one, gated, 2)
  await few.scene.live(one.address, ({ msgs_in }) => msgs_in === 2)
  const ofTwo = ask(two, gated, 2)
  assert.deepEqual(await unavailable(one, 2), ofOne)
  assert.deepEqual(await unavailable(two, 2), ofTwo)
  assert.equal(await lost(few), before + 4)
})

test('ACK gets no answer, and is counted', async () => {
  const before = await lost(few)
  const gated = await GatedUpstream.start(scope)
  const server = await few.coreServer()
  ask(server, gated, 2, 'ACK')
  const callIds = ask(server, gated, 2)
  assert.deepEqual(await unavailable(server, 2), callIds)
  assert.equal(await lost(few), before + 4)
  const { edge } = await few.scene.gateway.status()
  assert.deepEqual(edge!.requestsDropped, { 'not-routable': 2 })
})
