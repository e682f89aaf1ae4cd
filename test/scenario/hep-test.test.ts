/** hepgate hep-test: a call and its TLS connection reach the collector as a gateway would have sent them, and the words fit. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mainPath } from '../support/gateway-process.js'
import { eventOf, HepCollector, type HepRecord } from '../support/hep-collector.js'
import { freePort } from '../support/ports.js'
import { runProcess } from '../support/process.js'
import { startLine } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const packets = 13

function hepTest(...args: string[]) {
  return runProcess(process.execPath, [mainPath, 'hep-test', ...args])
}

function configFile(t: TestContext, hep_id: string | readonly string[]): string {
  const file = join(tempDir(t), 'gate.yaml')
  const proto_hep = { hep_id, hep_capture_id: 77, hep_node_name: 'lab' }
  writeFileSync(file, JSON.stringify({ socket: 'tls:127.0.0.1:5061', proto_hep }))
  return file
}

function addressOf(collector: HepCollector, transport: 'udp' | 'tcp'): string {
  return `${transport}:${collector.destination('x', transport).replace(/^\[x\]|;.*/g, '')}`
}

async function arrived(collector: HepCollector, count = packets): Promise<readonly HepRecord[]> {
  await until(`${count} packets`, () => collector.records.length === count)
  return collector.records
}

function microsOf({ chunks }: HepRecord): number {
  return chunks.get(0x09)!.readUInt32BE() * 1_000_000 + chunks.get(0x0a)!.readUInt32BE()
}

for (const transport of ['tcp', 'udp'] as const) {
  test(`a registration, a call and their TLS connection arrive over ${transport}, in the order they say they happened`, async (t) => {
    const collector = await HepCollector.start(t)
    const beganMicros = Date.now() * 1000
    const { code, stdout, stderr } = await hepTest('--to', addressOf(collector, transport))
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const records = await arrived(collector)
    const [, call] = /^call {6}Call-ID (hepgate-test-[0-9a-f]{12})$/m.exec(stdout)!
    const [, connId] = /^TLS {7}conn_id (\d+)$/m.exec(stdout)!
    assert.match(stdout, new RegExp(`^register {2}Call-ID ${call}-register$`, 'm'))
    assert.deepEqual(
      records.map((record) => [
        record.correlation,
        record.type === 1 ? startLine(record.payload).replace(/ sip:.*/, '') : String(eventOf(record).Event),
      ]),
      [
        [connId, 'ACCEPTED'],
        [`${call}-register`, 'TLS_SESSION'],
        [`${call}-register`, 'REGISTER'],
        [`${call}-register`, 'SIP/2.0 200 OK'],
        [call, 'TLS_SESSION'],
        [call, 'INVITE'],
        [call, 'SIP/2.0 100 Trying'],
        [call, 'SIP/2.0 180 Ringing'],
        [call, 'SIP/2.0 200 OK'],
        [call, 'ACK'],
        [call, 'BYE'],
        [call, 'SIP/2.0 200 OK'],
        [connId, 'CLOSED'],
      ],
    )
    const times = records.map(microsOf)
    for (const [i, time] of times.slice(1).entries()) assert.ok(time > times[i]!, `packet ${i + 1}`)
    assert.ok(times.at(-1)! < Date.now() * 1000 + 1000, 'nothing is in the future')
    assert.ok(times[0]! > beganMicros - 60_000_000, 'nothing is old')
  })
}

test('events are those of a real connection, marked as a test, and hold no key', async (t) => {
  const collector = await HepCollector.start(t)
  await hepTest('--to', addressOf(collector, 'tcp'))
  await arrived(collector)
  const [accepted, session] = collector.events()
  assert.equal(accepted!.Message, 'a test by hepgate hep-test: nothing happened')
  assert.deepEqual(
    [accepted!.tls_version, accepted!.tls_sni, accepted!.peer, accepted!['server-subject'], accepted!.keylog],
    ['TLSv1.3', 'hepgate.invalid', '192.0.2.10:50412', '/CN=hepgate.invalid', undefined],
  )
  assert.deepEqual([session!.Event, session!.conn_id], ['TLS_SESSION', accepted!.conn_id])
  const closed = collector.events().at(-1)!
  assert.deepEqual([closed.msgs_in, closed.msgs_out, closed.duration_ms], [4, 5, 7000])
})

test('a HEP id of the configuration is used with its settings', async (t) => {
  const collector = await HepCollector.start(t)
  const file = configFile(t, collector.destination('homer', 'tcp', ';form=opensips'))
  const { code, stdout } = await hepTest('--to', 'homer', '--config', file)
  assert.equal(code, 0)
  assert.match(stdout, /^sent {6}(?=.*sip 9)(?=.*log 2)(?=.*net 2).*, to homer \(tcp:127\.0\.0\.1:\d+\)$/m)
  assert.match(stdout, /after hepgate homer install --form opensips$/m)
  const [first] = await arrived(collector)
  assert.equal(first!.type, 89)
  assert.equal(first!.chunks.get(0x0c)!.readUInt32BE(), 77)
  assert.equal(String(first!.chunks.get(0x13)), 'lab')
})

test('what the types of a HEP id keep from it is said to be left out', async (t) => {
  const collector = await HepCollector.start(t)
  const file = configFile(t, collector.destination('homer', 'tcp', ';types=1'))
  const { code, stdout } = await hepTest('--to', 'homer', '--config', file)
  assert.equal(code, 0)
  assert.match(stdout, /^sent {6}sip 9, to homer/m)
  assert.match(stdout, /^left out {2}whatever types=1 of the HEP id keeps from it$/m)
  await arrived(collector, 9)
})

test('of several declarations of one id the one that is up gets it, and the other is told', async (t) => {
  const collector = await HepCollector.start(t)
  const dead = `[homer]127.0.0.1:${await freePort()};transport=tcp;version=3`
  const file = configFile(t, [dead, collector.destination('homer', 'tcp')])
  const { code, stdout } = await hepTest('--to', 'homer', '--config', file)
  assert.equal(code, 0)
  assert.match(stdout, /^down {6}tcp:127\.0\.0\.1:\d+: .*ECONNREFUSED/m)
  await arrived(collector)
})

test('over UDP it says that nobody says, over TCP that nobody knows whether it was stored', async (t) => {
  const collector = await HepCollector.start(t)
  const udp = await hepTest('--to', addressOf(collector, 'udp'))
  assert.match(udp.stdout, /Over UDP nobody says whether it arrived/)
  const tcp = await hepTest('--to', addressOf(collector, 'tcp'))
  assert.match(tcp.stdout, /HEP has no answers: whether it stored them, only the search tells/)
})

for (const transport of ['udp', 'tcp'] as const) {
  test(`a host where nothing listens on ${transport} is told, with exit code 1 and nothing to search for`, async () => {
    const { code, stdout, stderr } = await hepTest('--to', `${transport}:127.0.0.1:${await freePort()}`)
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^hepgate hep-test: .* did not take everything; .*ECONNREFUSED/)
  })
}

for (const [name, args, says] of [
  ['no destination', [], /--to is missing/],
  ['a HEP id without its file', ['--to', 'homer'], /say with --config/],
  ['a word too many', ['homer', '--to', 'udp:127.0.0.1'], /what is homer for/],
] as const) {
  test(`${name} is bad usage (2)`, async () => {
    const { code, stdout, stderr } = await hepTest(...args)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, says)
  })
}
