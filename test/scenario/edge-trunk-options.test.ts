/**
 * OPTIONS to trunks: an answer shows that the trunk is active. After so many without an answer it is not, and its
 * connection is closed, and opened again.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { clientDomain, sceneCa } from '../support/domains.js'
import { startEdgeCast } from '../support/edge-cast.js'
import { assertFailure } from '../support/failure.js'
import { networkOf } from '../support/hep-network.js'
import { headerOf, sipAnswer, startLine } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const threshold = 2
const certificate = sceneCa.issue({ ips: ['127.0.0.1'] })
const trunk = await SipTrunk.tls(scope, certificate)
/** it answers, and says what it would say to a stranger */
const strict = await SipTrunk.tls(scope, certificate)
strict.answer = (request) => sipAnswer(request, '403 Forbidden')
const { scene, edgePort, coreServer } = await startEdgeCast(scope, {
  tls_mgm: { client_domain: [clientDomain(tempDir(scope), 0, { match_ip_address: ['*'] })] },
  relay: {
    options_timeout: 900,
    options_threshold: threshold,
    trunk: [trunk, strict].map(({ uri }) => ({ uri, keepalive: 0, options: 1 })),
  },
})

/** Waits until status shows the trunk so. */
async function isIn(state: 'up' | 'down', { uri }: SipTrunk) {
  const { upstreams } = await scene.status(`${uri} ${state}`, ({ upstreams }) =>
    upstreams.some((one) => one.uri === uri && one.state === state),
  )
  return upstreams.find((one) => one.uri === uri)!
}

test('they are as RFC 3261 wants them, and say how the gateway is reached', async () => {
  const { message } = await trunk.next()
  assert.equal(startLine(message), `OPTIONS sip:${trunk.address} SIP/2.0`)
  assert.match(headerOf(message, 'Via')!, new RegExp(`^SIP/2\\.0/TLS sip\\.example\\.com:${edgePort};branch=z9hG4bK`))
  assert.equal(headerOf(message, 'Contact'), `<sip:sip.example.com:${edgePort};transport=tls>`)
  assert.match(headerOf(message, 'From')!, /^<sip:sip\.example\.com>;tag=\S+$/)
  assert.equal(headerOf(message, 'To'), '<sip:127.0.0.1>')
  assert.equal(headerOf(message, 'Max-Forwards'), '70')
  assert.equal(headerOf(message, 'CSeq'), '1 OPTIONS')
})

test('any answer shows that the trunk is active', async () => {
  for (const one of [trunk, strict]) {
    const { probes, lastError, role } = await isIn('up', one)
    assert.equal(role, 'trunk')
    assert.ok(probes!.sent > 0 && probes!.failed === 0 && probes!.lastMs! >= 0, JSON.stringify(probes))
    assert.equal(lastError, undefined)
  }
})

test('they and their answers are traced on the TLS leg', async () => {
  const callId = headerOf(trunk.arrivals[0]!.message, 'Call-ID')!
  const traced = await until('both', () => {
    const found = scene.collector.records.filter(({ type, correlation }) => type === 1 && correlation === callId)
    return found.length === 2 && found
  })
  assert.deepEqual(
    traced.map(({ payload }) => startLine(payload)),
    [`OPTIONS sip:${trunk.address} SIP/2.0`, 'SIP/2.0 200 OK'],
  )
  const [out, back] = traced.map(networkOf)
  assert.deepEqual([out!.protocol, back!.protocol], [22, 22])
  assert.deepEqual([out!.destination, back!.source], [trunk.address, trunk.address])
})

test('no answer, so many times in a row: inactive, and the connection is closed and opened again', async () => {
  const { over } = trunk.arrivals[0]!
  trunk.answer = undefined
  const asked = trunk.arrivals.length
  const { event, closed } = await assertFailure(scene, 'ERROR', 'keepalive-timeout', { local: over.remoteAddress })
  assert.match(String(event.Message), /OPTIONS within 900 ms/)
  assert.equal(closed.closed_by, 'timeout')
  assert.ok(trunk.arrivals.length - asked >= threshold - 1, 'one may have been on its way')
  const { lastError, probes } = await isIn('down', trunk)
  assert.match(lastError!, /^keepalive-timeout: /)
  assert.ok(probes!.failed >= threshold)
  await until('another connection', () => trunk.accepted > 1)
})

test('what the core sends is tried all the same, and an answer to OPTIONS makes it active again', async () => {
  trunk.answer = sipAnswer
  await reached(trunk, await coreServer(), { uri: trunk.uri })
  await isIn('up', trunk)
  const { accepted } = trunk
  const asked = trunk.arrivals.length
  await until('more of them', () => trunk.arrivals.length > asked + 1)
  assert.equal(trunk.accepted, accepted)
})

test('503 says that it takes nothing more: inactive after as many', async () => {
  strict.answer = (request) => sipAnswer(request, '503 Service Unavailable')
  const { lastError } = await isIn('down', strict)
  assert.match(lastError!, /503/)
})
