/** In edge mode a scope of a user follows his calls on both legs, though many phones share the connection to the core. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startEdgeCast } from '../support/edge-cast.js'
import { networkOf } from '../support/hep-network.js'
import { patienceMs } from '../support/scene.js'
import { sipRequest, startLine, token } from '../support/sip.js'
import type { SipClient } from '../support/sip-client.js'
import { protocols, recordsOf } from '../support/sip-trace.js'
import { until } from '../support/wait.js'

const cast = await startEdgeCast({ after }, { proto_tls: { trace_on: 0 } })
const { core, scene } = cast
const { tls, tcp } = protocols

async function say(phone: SipClient, user: string): Promise<string> {
  const callId = `${user}-${token()}@edge`
  phone.send(sipRequest({ method: 'MESSAGE', callId, from: `<sip:${user}@example.com>;tag=${token()}` }))
  core.answer(await core.next())
  assert.equal(startLine(await phone.next()), 'SIP/2.0 200 OK')
  return callId
}

test('one customer of two on the same core connection', async () => {
  const [alice, carol] = [await cast.phone(), await cast.phone()]
  const scope = { user: 'alice@example.com' }
  const answer = await scene.gateway.put('/api/v1/tls_trace', { trace_mode: 'on', existing: true, scope })
  assert.equal(answer.status, 200)
  const [before, wanted, behind] = [await say(carol, 'carol'), await say(alice, 'alice'), await say(carol, 'carol')]
  const records = await until(
    'both legs of the call',
    () => {
      const found = recordsOf(scene.collector, wanted)
      return found.length === 4 && found
    },
    patienceMs,
  )
  assert.deepEqual(
    records.map((record) => networkOf(record).protocol),
    [tls, tcp, tcp, tls],
  )
  for (const callId of [before, behind]) assert.deepEqual(recordsOf(scene.collector, callId), [])
  assert.equal(scene.events({ Event: 'STATS', peer: alice.address }).length, 1)
  assert.deepEqual(scene.events({ peer: carol.address }), [])
})
