import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createServer, type Server, type TlsOptions } from 'node:tls'
import type { CauseOf } from '../support/cause-groups.js'
import { daysFromNow, TestCa, type TestCertificate, writeText } from '../support/certificates.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { assertFailure } from '../support/failure.js'
import { listening, stalledPort, tcpServer } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { type EventFields, patienceMs, startScene } from '../support/scene.js'
import { sipRequest } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'
import { within } from '../support/wait.js'

const scope = { after }

/** One upstream that cannot be used: its URI, and the peer its events name. */
interface Upstream {
  readonly uri: string
  /** undefined: it has no address */
  readonly peer: string | undefined
  readonly domain?: EventFields
}

const dir = tempDir(scope)
const upstreams = new Map<string, Upstream>()

const revoked = sceneCa.issue({ dns: ['localhost'] })
const good = { dns: ['localhost'] }

/** Upstreams by what is wrong with them. */
const wrongs: Record<CauseOf<'initiated'> | `peer-alert-${string}`, () => Promise<Upstream>> = {
  'connect-refused': async () => clear('127.0.0.1', await freePort()),
  'connect-timeout': async () => clear('127.0.0.1', await stalledPort(scope)),
  unreachable: async () => clear('127.255.255.255', 5060), // nobody can connect to a broadcast address
  'dns-failed': async () => ({ uri: 'sip:no-such-host.invalid:5060;transport=tcp', peer: undefined }),
  'handshake-timeout': async () => secure(await tcpServer(scope, () => {})),
  'reset-in-handshake': async () =>
    secure(await tcpServer(scope, (socket) => socket.once('data', () => socket.resetAndDestroy()))),
  'not-tls': async () =>
    secure(
      await tcpServer(scope, (socket) => socket.once('data', () => socket.end('SIP/2.0 400 Bad Request\r\n\r\n'))),
    ),
  'unknown-ca': () => showing(TestCa.create({ name: 'Somebody else' }).issue(good)),
  'cert-expired': () => showing(sceneCa.issue({ ...good, notBefore: daysFromNow(-9), notAfter: daysFromNow(-2) })),
  'cert-not-yet-valid': () => showing(sceneCa.issue({ ...good, notBefore: daysFromNow(2) })),
  'cert-revoked': () => showing(revoked, { crl: writeText(dir, 'crl.pem', sceneCa.crl([revoked.serial])) }),
  'cert-invalid': () => showing(sceneCa.issue({ ...good, usage: 'client' })),
  'cert-name-mismatch': () => showing(sceneCa.issue({ dns: ['other.example.com'] }), { verify_name: 'enforce' }),
  'peer-alert-handshake_failure': () =>
    tls({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' }, sceneCa.issue(good)),
  'peer-alert-protocol_version': () => tls({ maxVersion: 'TLSv1.2' }, sceneCa.issue(good), { tls_method: 'TLSv1_3' }),
}

function clear(host: string, port: number): Upstream {
  return { uri: `sip:${host}:${port};transport=tcp`, peer: `${host}:${port}` }
}

function secure(port: number, settings: EventFields = {}): Upstream {
  const { uri, peer } = clear('127.0.0.1', port)
  const domain = clientDomain(dir, port, { server_name: 'localhost', ...settings })
  return { uri: uri.replace('tcp', 'tls'), peer, domain }
}

function showing(certificate: TestCertificate, settings: EventFields = {}): Promise<Upstream> {
  return tls({}, certificate, settings)
}

async function tls(
  options: TlsOptions,
  { chainPem, keyPem }: TestCertificate,
  settings?: EventFields,
): Promise<Upstream> {
  const server: Server = createServer({ cert: chainPem, key: keyPem, ...options })
  server.on('tlsClientError', () => {}) // as intended
  return secure(await listening(scope, server), settings)
}

process.env.RES_OPTIONS = 'timeout:1 attempts:1' // for dns-failed
for (const [cause, make] of Object.entries(wrongs)) upstreams.set(cause, await make())
const all = [...upstreams.values()]
const scene = await startScene(
  scope,
  {
    proto_tls: { tls_handshake_timeout: 2500 },
    relay: { upstream: all.map(({ uri }) => uri), connect_timeout: 1500 },
    tls_mgm: { client_domain: all.flatMap(({ domain }) => domain ?? []) },
  },
  dir,
)
const client = await scene.client()
client.send(sipRequest())
await within('the gateway to give up', client.closed, patienceMs)

for (const cause of Object.keys(wrongs)) {
  test(`an upstream that cannot be used is reported with the cause: ${cause}`, async () => {
    const { peer } = upstreams.get(cause)!
    const { event } = await assertFailure(scene, 'CONNECTED', cause, { direction: 'out', peer })
    const names = scene.events({ conn_id: event.conn_id }).map((one) => one.Event)
    assert.deepEqual(names, ['CONNECT_START', 'CONNECTED', 'CLOSED'])
    if (cause.startsWith('cert-') || cause === 'unknown-ca')
      assert.match(String(event['server-serial']), /^[0-9A-F]{32}$/)
  })
}

test('the client is told last, and its message counts as lost', async () => {
  const { event } = await assertFailure(scene, 'ERROR', 'upstream-failed', { direction: 'in' })
  assert.match(String(event.Message), /the last said/)
  const { messages } = await scene.gateway.status()
  assert.deepEqual(messages.lost, { 'upstream-failed': 1 })
  assert.equal(messages.relayed, 0)
})

test('the upstreams were tried in the order of the list', () => {
  const tried = scene.events({ Event: 'CONNECT_START' }).map(({ peer }) => peer)
  assert.deepEqual(
    tried,
    [...upstreams.values()].map(({ peer }) => peer),
  )
})
