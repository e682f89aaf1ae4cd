/**
 * tls_send_timeout towards a trunk that does not read: what does not leave for so long breaks the connection. What was
 * on it is counted, and the next request opens another.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { startEdgeCast } from '../support/edge-cast.js'
import { assertFailure } from '../support/failure.js'
import { sipAnswer, sipRequest } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const cast = await startEdgeCast(scope, {
  proto_tls: { tls_send_timeout: 100 },
  tls_mgm: { client_domain: [clientDomain(dir, 0, { match_ip_address: ['*'] })] },
})
const { scene } = cast

test('the connection is broken, what was on it is counted, the next request opens another', async () => {
  const trunk = await SipTrunk.tls(scope, sceneCa.issue({ dns: ['trunk.example.com'] }))
  const server = await cast.coreServer()
  const { over } = await reached(trunk, server, { uri: trunk.uri })
  trunk.answer = undefined
  over.socket.pause()

  const isBroken = (): boolean => scene.events({ Event: 'ERROR', peer: trunk.address }).length > 0
  const fields = { method: 'MESSAGE', transport: 'TCP', uri: trunk.uri, body: 'x'.repeat(5000) }
  let sent = 0
  // Small ones, one at a time: or so much would wait that the gateway gives up for that alone.
  while (!isBroken()) {
    server.send(sipRequest(fields))
    sent++
    await scene.live(server.address, ({ msgs_in }) => msgs_in === sent + 1)
  }
  const { event } = await assertFailure(scene, 'ERROR', 'send-timeout', { peer: trunk.address })
  assert.match(String(event.Message), /waited 100 ms to be sent/)
  const lost = (await scene.gateway.status()).messages.lost['send-timeout'] ?? 0
  assert.ok(lost > 0)

  over.socket.resume()
  await until('what the system had taken', () => trunk.arrivals.length + lost >= sent + 1)
  trunk.answer = sipAnswer
  assert.notEqual((await reached(trunk, server, { uri: trunk.uri })).over, over)
})
