import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestCa } from '../support/certificates.js'
import {
  declaration,
  destinationsConfig,
  fastTiming,
  leg,
  offer,
  openDestinations,
  StreamCollector,
} from '../support/destinations.js'
import { embeddedCollector } from '../support/embedded-collector.js'
import { freePort } from '../support/ports.js'
import { patienceMs, until } from '../support/wait.js'

/** Waits for a refusal as long as it takes on a busy machine. */
const patientTiming = { ...fastTiming, probeMs: patienceMs }

test('a test sends a probe that can be found by what it answers', async (t) => {
  const collector = await StreamCollector.open(t)
  const destinations = openDestinations(
    t,
    destinationsConfig([declaration({ port: collector.port, form: 'opensips' })]),
  )
  const answer = await destinations.test('hep_dest')
  assert.deepEqual({ sent: answer!.sent, problem: answer!.problem }, { sent: true, problem: undefined })
  assert.match(answer!.correlation_id, /^hepgate-test-[0-9a-f]{12}$/)
  await until('the probe', () => collector.packets.length === 1)
  const [packet] = collector.packets
  assert.equal(packet!.type, 100)
  assert.equal(String(packet!.correlationId), answer!.correlation_id)
  assert.equal(packet!.nodeName, 'gw-1')
  const [line, json] = String(packet!.payload).split('\n')
  assert.equal(line, 'TEST SUCCESS a test of hep_dest by hepgate gw-1 (2001): nothing happened')
  assert.deepEqual(Object.keys(JSON.parse(json!)), ['Protocol', 'Event', 'Status', 'Message', 'destination'])
  assert.equal(JSON.parse(json!).Event, 'TEST')
  assert.equal(destinations.status()[0]!.sentPackets, 0, 'it is no trace, and not counted as one')
  const again = await destinations.test('hep_dest')
  assert.notEqual(again!.correlation_id, answer!.correlation_id)
})

test('over UDP it arrives, or the host says that nothing listens', async (t) => {
  const { collector, port } = await embeddedCollector(t, 'udp')
  const destinations = openDestinations(t, destinationsConfig([declaration({ transport: 'udp', port })]))
  assert.equal((await destinations.test('hep_dest'))!.problem, undefined)
  await until('the probe', () => collector.status().packets === 1)

  const toNobody = declaration({ transport: 'udp', port: await freePort() })
  const nobody = openDestinations(t, destinationsConfig([toNobody]), patientTiming)
  const { sent, problem } = (await nobody.test('hep_dest'))!
  assert.equal(sent, false)
  assert.match(problem!, /^connect-refused: /)
})

test('what keeps it from being sent is the problem', async (t) => {
  const cases = [
    [{ port: await freePort() }, /^connect-refused: /],
    [{ port: 9060, host: 'collector.invalid' }, /^dns-failed: collector\.invalid/],
    [{ port: 9060, types: [1] }, /types=1 .*keeps events of type 100/],
  ] as const
  for (const [overrides, expected] of cases) {
    const destinations = openDestinations(t, destinationsConfig([declaration(overrides)]))
    const answer = (await destinations.test('hep_dest'))!
    assert.equal(answer.sent, false)
    assert.match(answer.problem!, expected)
  }
})

test('a collector over TLS whose certificate is not trusted is a problem', async (t) => {
  const { chainPem: cert, keyPem: key } = TestCa.create().issue({ cn: 'collector.example.com' })
  const collector = await StreamCollector.open(t, { cert, key })
  const destinations = openDestinations(
    t,
    destinationsConfig([
      declaration({ transport: 'tls', port: collector.port }),
      declaration({ id: 'unverified', transport: 'tls', port: collector.port, verify_cert: false }),
    ]),
  )
  assert.match((await destinations.test('hep_dest'))!.problem!, /^unknown-ca: /)
  assert.equal((await destinations.test('unverified'))!.problem, undefined)
  await until('the probe', () => collector.packets.length === 1)
})

test('a collector that refuses our certificate only after the handshake is a problem', async (t) => {
  const ca = TestCa.create()
  const { chainPem: cert, keyPem: key } = ca.issue({ cn: 'collector.example.com' })
  const collector = await StreamCollector.open(t, {
    cert,
    key,
    requestCert: true,
    rejectUnauthorized: true,
    ca: ca.certPem,
  })
  const destinations = openDestinations(
    t,
    destinationsConfig([declaration({ transport: 'tls', port: collector.port, verify_cert: false })]),
    patientTiming,
  )
  const { sent, problem } = (await destinations.test('hep_dest'))!
  assert.equal(sent, false)
  assert.match(problem!, /^(peer-alert-certificate_required|peer-reset|peer-closed)/)
})

test('of several declarations the one in use is tested', async (t) => {
  const second = await StreamCollector.open(t)
  const declarations = [declaration({ port: await freePort() }), declaration({ port: second.port })]
  const destinations = openDestinations(t, destinationsConfig(declarations))
  offer(destinations, leg(), 0, 1)
  await until('the second has taken over', () => second.packets.length === 1)
  assert.equal((await destinations.test('hep_dest'))!.problem, undefined)
  await until('the probe', () => second.packets.length === 2)
})

test('a paused destination is not tested, and says why', async (t) => {
  const collector = await StreamCollector.open(t)
  const destinations = openDestinations(t, destinationsConfig([declaration({ port: collector.port })]))
  destinations.pause('hep_dest', true)
  assert.deepEqual(await destinations.test('hep_dest'), {
    sent: false,
    correlation_id: '',
    ms: 0,
    problem: 'the destination is paused',
  })
})

test('what is not declared cannot be tested', async (t) => {
  const destinations = openDestinations(t, destinationsConfig([]))
  assert.equal(await destinations.test('hep_dest'), undefined)
})

test('closing ends a test that is under way', async (t) => {
  const silent = { resolve: () => new Promise<never>(() => {}) }
  const destinations = openDestinations(
    t,
    destinationsConfig([declaration({ port: 9060, host: 'collector.invalid' })]),
    { ...fastTiming, ...silent },
  )
  const answer = destinations.test('hep_dest')
  await destinations.close(0)
  assert.equal((await answer)!.problem, 'hepgate is stopping')
})
