/** A trunk is restarted: the gateway connects again by itself, and calls go both ways as before. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clientDomain, sceneCa, serverDomain } from '../support/domains.js'
import { edgeName, startEdgeCast } from '../support/edge-cast.js'
import { freePort } from '../support/ports.js'
import { lastFirst, mortal } from '../support/scope.js'
import { headersOf, sipRequest, startLine } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

const scope = lastFirst({ after }) // what `after` itself is given within a test ends with that test
const life = mortal(scope)
const dir = tempDir(scope)
const certificate = sceneCa.issue({ ips: ['127.0.0.1'] })
const trunk = await SipTrunk.tls(life, certificate)
const cast = await startEdgeCast(scope, {
  tls_mgm: { server_domain: [serverDomain(dir, edgeName)], client_domain: [clientDomain(dir, trunk.port)] },
  relay: { trunk: [{ uri: trunk.uri, keepalive: 0 }] },
})
const { scene, core } = cast
const peer = trunk.address
const toTrunk = { uri: `sip:+4930@${peer};transport=tls` }

test('before: one connection, opened at start, carries calls in both directions', async () => {
  const { over } = await reached(trunk, core, toTrunk)
  over.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
  const invite = await core.next()
  core.answer(invite)
  assert.equal(trunk.connections.length, 1)
  assert.match(headersOf(invite, 'Record-Route')[0]!, /^<sip:127\.0\.0\.1:/)
})

test('while it is away a call is answered 503, and status shows it', async () => {
  await life.end()
  await scene.event('CLOSED', { peer })
  const { answer } = await core.request({ method: 'INVITE', transport: 'TCP', ...toTrunk })
  assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
  const { upstreams } = await scene.status('down', ({ upstreams }) => upstreams.some(({ state }) => state === 'down'))
  assert.deepEqual(
    upstreams.map(({ role, state, connections }) => [role, state, connections]),
    [
      ['upstream', 'up', 1],
      ['trunk', 'down', 0],
    ],
  )
})

test('when it is back it is connected without a call that needs it, and calls go both ways', async () => {
  const back = await SipTrunk.tls(scope, certificate, {}, '127.0.0.1', trunk.port)
  const connection = await back.connection()
  await scene.status('up', ({ upstreams }) => upstreams[1]!.state === 'up' && upstreams[1]!.connections === 1)
  const { over } = await reached(back, core, toTrunk)
  assert.equal(over, connection)
  connection.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
  core.answer(await core.next(), '486 Busy Here')
  assert.equal(startLine(await connection.next()).split(' ')[0], 'MESSAGE')
  assert.equal(startLine(await connection.next()), 'SIP/2.0 486 Busy Here')
  assert.equal(back.connections.length, 1)
})

test('a name whose server is away and comes back is found again, too', async (t) => {
  const port = await freePort()
  const uri = `sip:+4930@127.0.0.1:${port};transport=tcp`
  const { answer } = await core.request({ method: 'MESSAGE', transport: 'TCP', uri })
  assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
  const late = await SipTrunk.tcp(t, '127.0.0.1', port)
  await reached(late, core, { uri })
})
