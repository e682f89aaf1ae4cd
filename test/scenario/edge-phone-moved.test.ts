/**
 * A phone that moves to another network takes its calls along: it connects anew while its old connection still stands
 * here, because nobody ended it. What it sends within a call goes to our servers, and not into the old connection.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { pathTo, startEdgeCast } from '../support/edge-cast.js'
import { headerOf, headersOf, sipRequest, startLine } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'

const cast = await startEdgeCast({ after })
const { core, scene } = cast

/** What the phone has to put into requests of the call. */
interface Call {
  readonly callId: string
  readonly from: string
  readonly to: string
  readonly headers: readonly string[]
}

function recordRouteOf(message: Buffer): string[] {
  return headersOf(message, 'Record-Route').flatMap((line) => line.split(', '))
}

/** A call of that phone, which it began. */
async function calling(phone: SipClient): Promise<Call> {
  phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
  const invite = await core.next()
  core.answer(invite, '200 OK', [`Record-Route: ${headerOf(invite, 'Record-Route')}`])
  const answer = await phone.next()
  return {
    callId: headerOf(answer, 'Call-ID')!,
    from: headerOf(answer, 'From')!,
    to: headerOf(answer, 'To')!,
    headers: [`Route: ${recordRouteOf(answer).reverse().join(', ')}`],
  }
}

/** A call of that phone, which our server began. */
async function called(phone: SipClient): Promise<Call> {
  const path = await pathTo(phone, core)
  core.send(
    sipRequest({ method: 'INVITE', uri: 'sip:alice@192.0.2.10', transport: 'TCP', headers: [`Route: ${path}`] }),
  )
  const invite = await phone.next()
  const answer = phone.answer(invite)
  await core.next()
  return {
    callId: headerOf(answer, 'Call-ID')!,
    from: headerOf(answer, 'To')!,
    to: headerOf(answer, 'From')!,
    headers: [`Route: ${recordRouteOf(invite).join(', ')}`],
  }
}

for (const [who, begin] of Object.entries({ 'it called': calling, 'it was called': called })) {
  describe(`a call that ${who === 'it called' ? 'it began' : 'came to it'}`, async () => {
    for (const method of ['INVITE', 'UPDATE', 'ACK', 'BYE']) {
      test(`its ${method} comes to our server, and the answer over the new connection`, async () => {
        const old = await cast.phone()
        const call = await begin(old)
        const received = old.received.length
        const moved = await cast.phone()
        moved.send(sipRequest({ ...call, method, uri: 'sip:b2bua@127.0.0.1:5070;transport=tcp' }))
        const seen = await core.next()
        assert.deepEqual([startLine(seen).split(' ')[0], headerOf(seen, 'Call-ID')], [method, call.callId])
        assert.deepEqual(headersOf(seen, 'Route'), [], 'both Routes were ours')
        if (method !== 'ACK') {
          core.answer(seen)
          assert.equal(startLine(await moved.next()), 'SIP/2.0 200 OK')
        }
        assert.equal(old.received.length, received, 'nothing into the connection it has left')
        assert.deepEqual(scene.events({ Event: 'CLOSED', peer: old.address }), [], 'which still stands')
      })
    }
  })
}
