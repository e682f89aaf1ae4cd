import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { writeText } from '../support/certificates.js'
import { sceneCa } from '../support/domains.js'
import { addressOf } from '../support/listening.js'
import { startScene } from '../support/scene.js'
import { SipServer } from '../support/sip-server.js'
import { until } from '../support/wait.js'

const scene = await startScene({ after })
const { gateway, dir } = scene
const configFile = join(gateway.dir, 'gateway.yaml')
const configText = readFileSync(configFile, 'utf8')
type Settings = Record<string, Record<string, unknown>>

/** SIGHUP, and what became of it. */
async function reload() {
  const before = (await gateway.status()).reload?.at
  gateway.process.signal('SIGHUP')
  const { reload: result } = await scene.status('a reload', (status) => status.reload && status.reload.at !== before)
  return result!
}

/** The configuration of the start with changes. */
function configure(change: (config: Settings) => void): void {
  const config = JSON.parse(configText) as Settings
  change(config)
  writeFileSync(configFile, JSON.stringify(config))
}

async function shownSerial(): Promise<string> {
  const client = await scene.client()
  const { serialNumber } = client.socket.getPeerCertificate()
  await client.close()
  return serialNumber
}

function install(certificate = sceneCa.issue({ dns: ['sip.example.com'] })): string {
  certificate.writeTo(dir, 'sip.example.com')
  return certificate.serial
}

test('a new certificate is shown to new connections, and old connections live on', async () => {
  const old = await scene.client()
  await old.request()
  const before = old.socket.getPeerCertificate().serialNumber
  assert.equal(await shownSerial(), before)

  const serial = install()
  assert.notEqual(serial, before)
  assert.deepEqual((await reload()).problems, [])
  assert.equal(await shownSerial(), serial)
  const client = await scene.client()
  const event = await scene.event('ACCEPTED', { peer: client.address })
  assert.equal(event['server-serial'], serial)
  const { domains } = await gateway.status()
  assert.equal(domains[0]?.certificates[0]?.sha256, event['server-sha256'])

  await old.request()
  await client.request()
  await Promise.all([old.close(), client.close()])
})

const spoilers: [string, () => void, RegExp][] = [
  [
    'a certificate file that holds none',
    () => writeText(dir, 'sip.example.com.pem', 'not a certificate'),
    /sip\.example\.com\.pem/,
  ],
  [
    'a key that belongs to another certificate',
    () => writeText(dir, 'sip.example.com.key', sceneCa.issue().keyPem),
    /sip\.example\.com\.key|does not belong|match/,
  ],
  ['a file that is not YAML', () => writeFileSync(configFile, 'socket: [unclosed'), /YAML/],
  ['an unknown key', () => configure((config) => Object.assign(config.proto_tls!, { trace_onn: 1 })), /trace_onn/],
  [
    'a route that does not parse',
    () =>
      configure((config) =>
        Object.assign(config, { routes: { f: 'if (' }, proto_tls: { ...config.proto_tls, trace_filter_route: 'f' } }),
      ),
    /./,
  ],
  [
    'a filter module that does not parse',
    () => {
      const module = writeText(dir, 'broken.mjs', 'export default (')
      configure((config) => Object.assign(config.proto_tls!, { trace_filter_route: module }))
    },
    /broken\.mjs|could not be loaded/,
  ],
  ['a file that is gone', () => renameSync(configFile, `${configFile}.away`), /ENOENT|cannot be read/],
]

for (const [what, spoil, problem] of spoilers) {
  test(`with ${what} the old configuration stays, and status says why`, async () => {
    writeFileSync(configFile, configText)
    const serial = install()
    assert.equal((await reload()).ok, true)
    const client = await scene.client()
    spoil()
    const { ok, problems } = await reload()
    assert.equal(ok, false)
    assert.match(problems.join('\n'), problem)
    assert.equal(await shownSerial(), serial)
    await client.request()
    await client.close()

    writeFileSync(configFile, configText)
    const mended = install()
    assert.equal((await reload()).ok, true)
    assert.equal(await shownSerial(), mended)
  })
}

test('another upstream is used for new clients, the old ones keep theirs', async (t) => {
  writeFileSync(configFile, configText)
  const other = await SipServer.start(t)
  const old = await scene.client()
  await old.request()
  configure((config) => Object.assign(config.relay!, { upstream: [other.uri] }))
  assert.equal((await reload()).ok, true)
  const client = await scene.client()
  await client.request({ callId: 'new-upstream' })
  assert.equal(other.requests.length, 1)
  await old.request({ callId: 'old-upstream' })
  assert.equal(other.requests.length, 1)
  await Promise.all([old.close(), client.close()])
})

test('what needs a restart is named and not half done', async () => {
  configure((config) => Object.assign(config.limits!, { max_connections: 1 }))
  const { ok, problems } = await reload()
  assert.equal(ok, true)
  assert.match(problems.join('\n'), /limits\.max_connections: .*next start/)
  const clients = [await scene.client(), await scene.client()]
  for (const client of clients) await client.request()
  await Promise.all(clients.map((client) => client.close()))
})

test('a session from before does not get round a policy that became strict', async () => {
  writeFileSync(configFile, configText)
  assert.equal((await reload()).ok, true)
  const local = { host: '127.0.0.1', port: scene.port, servername: 'sip.example.com', rejectUnauthorized: false }
  const first = connect(local)
  const [session] = (await once(first, 'session')) as [Buffer]
  first.destroy()
  const strict = { verify_cert: 1, require_cert: 1, ca_list: sceneCa.writeTo(dir) }
  configure((config) => Object.assign((config.tls_mgm!.server_domain as object[])[0]!, strict))
  assert.equal((await reload()).ok, true)
  const second = connect({ ...local, session })
  second.on('error', () => {})
  await once(second, 'connect')
  const peer = addressOf(second)
  await until('the end', () => second.closed)
  assert.equal((await scene.event('ACCEPTED', { peer })).cause, 'client-cert-missing')
})

test('many signals at once end in the last configuration', async () => {
  writeFileSync(configFile, configText)
  const serial = install()
  for (let i = 0; i < 50; i++) gateway.process.signal('SIGHUP')
  await until('the new certificate', async () => (await shownSerial()) === serial)
  assert.equal((await reload()).ok, true)
})
