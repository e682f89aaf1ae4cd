import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect, createServer, type SecureVersion, type TLSSocket } from 'node:tls'
import { clientDomain, sceneCa } from '../support/domains.js'
import { HepCollector } from '../support/hep-collector.js'
import { addressOf, listening } from '../support/listening.js'
import { patienceMs, type Scene, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)

/** An upstream over TLS that notes the keys of its own handshakes. */
const upstreamKeys: string[] = []
const { chainPem, keyPem } = sceneCa.issue({ dns: ['localhost'] })
const upstream = createServer({ cert: chainPem, key: keyPem })
upstream.on('keylog', (line: Buffer) => upstreamKeys.push(line.toString().trimEnd()))
upstream.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}).resume())
const port = await listening(scope, upstream)

const [open, blind, remote] = [
  await HepCollector.start(scope),
  await HepCollector.start(scope),
  await HepCollector.start(scope),
]
const keylog_file = join(dir, 'keys.log')
const scene: Scene = await startScene(
  scope,
  {
    proto_tls: { trace_destination: ['open', 'blind', 'remote'] },
    proto_hep: {
      hep_id: [
        open.destination('open', 'tcp'),
        blind.destination('blind', 'tcp', ';secrets=0'),
        // a way to here that is not a loopback address
        remote.destination('remote', 'tcp').replace('127.0.0.1', '0.0.0.0'),
      ],
    },
    relay: { upstream: [`sip:127.0.0.1:${port};transport=tls`] },
    tls_mgm: { client_domain: [clientDomain(dir, port, { server_name: 'localhost' })] },
    trace: { keylog_file },
  },
  dir,
)

interface Keys {
  readonly peer: string
  /** as the client itself saw them */
  readonly lines: string[]
  readonly socket: TLSSocket
}

async function clientWithKeys(version: SecureVersion, to = scene): Promise<Keys> {
  const lines: string[] = []
  const socket = connect({
    host: '127.0.0.1',
    port: to.port,
    servername: 'sip.example.com',
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
  })
  socket.on('keylog', (line: Buffer) => lines.push(line.toString().trimEnd()))
  await once(socket, 'secureConnect')
  return { peer: addressOf(socket), lines, socket }
}

function eventAt(collector: HepCollector, name: string, fields: Record<string, unknown>) {
  return until(
    `${name} of ${JSON.stringify(fields)}`,
    () =>
      collector
        .events()
        .find((event) => event.Event === name && Object.entries(fields).every(([key, value]) => event[key] === value)),
    patienceMs,
  )
}

/** Whether the API has keys to give, to those who may have them. */
async function hasKeys(connId: unknown): Promise<boolean> {
  const answer = await fetch(`${scene.gateway.apiUrl}/api/v1/connections/${connId}`)
  return ((await answer.json()) as { has_keys: boolean }).has_keys
}

function fileLines(): string[] {
  return readFileSync(keylog_file, 'utf8').trimEnd().split('\n')
}

for (const [version, count] of [
  ['TLSv1.2', 1],
  ['TLSv1.3', 5],
] as const) {
  test(`the keys of an event and of the file are those of the client itself (${version})`, async () => {
    const { peer, lines, socket } = await clientWithKeys(version)
    const event = await eventAt(open, 'ACCEPTED', { peer })
    await until('all keys at the client', () => lines.length >= count)
    assert.equal(lines.length, count)
    assert.deepEqual((event.keylog as string[]).toSorted(), lines.toSorted())
    assert.equal(event['master-key'], version === 'TLSv1.2' ? lines[0]!.split(' ')[2] : undefined)
    await until('the lines in the file', () => lines.every((line) => fileLines().includes(line)))
    socket.destroy()
  })
}

test('connections we open show their keys as well', async () => {
  const { peer, socket } = await clientWithKeys('TLSv1.3')
  const { conn_id } = await eventAt(open, 'ACCEPTED', { peer })
  const connected = await eventAt(open, 'CONNECTED', { relayed_to: conn_id })
  const lines = connected.keylog as string[]
  assert.ok(lines.length >= 5)
  await until('the same keys at the upstream', () => lines.every((line) => upstreamKeys.includes(line)))
  await until('the lines in the file', () => lines.every((line) => fileLines().includes(line)))
  socket.destroy()
})

test('the key-log file is for its owner only, and each line is whole', () => {
  assert.equal(statSync(keylog_file).mode & 0o777, 0o600)
  for (const line of fileLines()) assert.match(line, /^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}$/)
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`key material is withheld where it must not go, and the field says so (${version})`, async () => {
    const { peer, lines, socket } = await clientWithKeys(version)
    for (const collector of [blind, remote]) {
      const event = await eventAt(collector, 'ACCEPTED', { peer })
      assert.equal(event.keylog, 'withheld')
      assert.equal(event['master-key'], version === 'TLSv1.2' ? 'withheld' : undefined)
      assert.equal(event['server-subject'], '/O=hepgate test/CN=sip.example.com', 'the rest is there')
    }
    socket.destroy()
    const secrets = lines.map((line) => line.split(' ')[2]!)
    const elsewhere = [...blind.records, ...remote.records].map(({ bytes }) => bytes.toString('latin1')).join()
    const api = await Promise.all(
      ['connections', 'status', 'tls_trace'].map(async (path) =>
        (await fetch(`${scene.gateway.apiUrl}/api/v1/${path}`)).text(),
      ),
    )
    for (const secret of secrets) {
      assert.ok(!elsewhere.includes(secret))
      assert.ok(!api.join().includes(secret))
      assert.ok(!scene.gateway.process.output.includes(secret), 'nor does the log hold it')
    }
  })
}

test('a trace of one user has no key of the connections his messages come over, anywhere', async () => {
  await scene.gateway.put('/api/v1/tls_trace', { trace_mode: 'on', scope: { user: 'alice' } })
  const { peer, lines, socket } = await clientWithKeys('TLSv1.3')
  socket.write(sipRequest({ callId: 'of-alice@keys', from: '<sip:alice@example.com>;tag=a' }))
  for (const collector of [open, blind, remote]) {
    const { keylog, conn_id } = await eventAt(collector, 'STATS', { peer })
    assert.equal(keylog, 'withheld')
    assert.equal(await hasKeys(conn_id), false)
  }
  await scene.gateway.put('/api/v1/tls_trace', { trace_mode: 'on' })
  const next = await clientWithKeys('TLSv1.3')
  await until('the next keys in the file', () => next.lines.length > 0 && fileLines().includes(next.lines[0]!))
  const whole = await eventAt(open, 'ACCEPTED', { peer: next.peer })
  assert.equal(await hasKeys(whole.conn_id), true)
  const sent = open.records.map(({ bytes }) => bytes.toString('latin1')).join()
  for (const line of lines) assert.ok(!fileLines().includes(line) && !sent.includes(line.split(' ')[2]!))
  socket.destroy()
  next.socket.destroy()
})

test('while tracing is off no key is kept, sent or written', async () => {
  await scene.gateway.put('/api/v1/tls_trace', { trace_mode: 'off' })
  const { peer, lines, socket } = await clientWithKeys('TLSv1.3')
  await scene.live(peer, ({ tls_version }) => tls_version !== undefined)
  await scene.gateway.put('/api/v1/tls_trace', { trace_mode: 'on', existing: true })
  const stats = await eventAt(open, 'STATS', { peer })
  assert.equal(stats.keylog, undefined)
  const next = await clientWithKeys('TLSv1.3')
  await until('the next keys in the file', () => next.lines.length > 0 && fileLines().includes(next.lines[0]!))
  for (const line of lines) assert.ok(!fileLines().includes(line))
  socket.destroy()
  next.socket.destroy()
})
