import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { type CauseOf, causeGroups } from '../support/cause-groups.js'
import { daysFromNow, TestCa, type TestCertificate, writeText } from '../support/certificates.js'
import { sceneCa, serverDomain } from '../support/domains.js'
import { assertFailure } from '../support/failure.js'
import { addressOf, tcpConnect } from '../support/listening.js'
import { lacks, peer } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { runProcess } from '../support/process.js'
import { patienceMs, startScene } from '../support/scene.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
/** our end of the connection that did wrong */
type Peer = string

const dir = tempDir(scope)
const mainPort = await freePort()
const behindBalancer = await freePort()
const revoked = sceneCa.issue({ cn: 'stolen phone' })
const strict = {
  verify_cert: 1,
  require_cert: 1,
  ca_list: sceneCa.writeTo(dir),
  crl: writeText(dir, 'crl.pem', sceneCa.crl([revoked.serial])),
}
const scene = await startScene(
  scope,
  {
    socket: [
      `tls:127.0.0.1:${mainPort}`,
      { socket: `tls:127.0.0.1:${behindBalancer}`, proxy_protocol: ['127.0.0.1/32'] },
    ],
    tls_mgm: {
      server_domain: [
        serverDomain(dir, 'sip.example.com', { match_sip_domain: ['sip.example.com', 'none'] }),
        serverDomain(dir, 'new.example.com', { match_sip_domain: ['new.example.com'], tls_method: 'TLSv1_3' }),
        serverDomain(dir, 'curve.example.com', { match_sip_domain: ['curve.example.com'], ec_curve: 'P-384' }),
        serverDomain(dir, 'strict.example.com', { match_sip_domain: ['strict.example.com'], ...strict }),
      ],
    },
  },
  dir,
)
/** the same with limits that are soon reached */
const narrow = await startScene(scope, { proto_tls: { tls_handshake_timeout: 700 }, limits: { max_connections: 1 } })

/** What each client does wrong. */
const wrongs: Record<CauseOf<'accepted'>, () => Promise<Peer>> = {
  'no-shared-version': () => handshake({ servername: 'new.example.com', maxVersion: 'TLSv1.2' }),
  'no-shared-cipher': () => handshake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
  'no-shared-sigalg': () => handshake({ minVersion: 'TLSv1.3', sigalgs: 'RSA-PSS+SHA256' }),
  'no-shared-group': () => handshake({ servername: 'curve.example.com', ecdhCurve: 'P-256' }),
  'unknown-ca': () => strictHandshake(TestCa.create({ name: 'Somebody else' }).issue()),
  'cert-expired': () => strictHandshake(sceneCa.issue({ notBefore: daysFromNow(-9), notAfter: daysFromNow(-2) })),
  'cert-not-yet-valid': () => strictHandshake(sceneCa.issue({ notBefore: daysFromNow(2) })),
  'cert-revoked': () => strictHandshake(revoked),
  'cert-invalid': () => strictHandshake(sceneCa.issue({ usage: 'server' })),
  'client-cert-missing': () => handshake({ servername: 'strict.example.com' }),
  'not-tls': () => clearText('REGISTER sip:sip.example.com SIP/2.0\r\n'),
  'http-on-sip-port': () => clearText('GET / HTTP/1.1\r\nHost: sip.example.com\r\n\r\n'),
  // an alert before anything else
  'tls-protocol-error': () => clearText(Buffer.from('15030100020228', 'hex')),
  'sni-unmatched': () => handshake({ servername: 'nobody.example.com' }),
  'bad-proxy-header': () => handshake({ port: behindBalancer }),
  'handshake-timeout': async () => ended(await tcpConnect(scope, narrow.port)),
  'reset-in-handshake': async () => {
    const socket = await tcpConnect(scope, mainPort)
    socket.write(Buffer.from('16030100', 'hex'))
    await scene.live(addressOf(socket))
    const address = addressOf(socket)
    socket.resetAndDestroy()
    return address
  },
  'limit-reached': async () => {
    const first = await tcpConnect(scope, narrow.port)
    await narrow.live(addressOf(first))
    return ended(await tcpConnect(scope, narrow.port))
  },
}

function handshake(options: ConnectionOptions): Promise<Peer> {
  const socket = connect({
    host: '127.0.0.1',
    port: mainPort,
    servername: 'sip.example.com',
    rejectUnauthorized: false,
    ...options,
  })
  socket.on('error', () => {}) // which is what they are here for; `ended` waits for the close
  return once(socket, 'connect').then(() => ended(socket))
}

function strictHandshake({ chainPem, keyPem }: TestCertificate): Promise<Peer> {
  return handshake({ servername: 'strict.example.com', cert: chainPem, key: keyPem })
}

async function clearText(text: string | Buffer): Promise<Peer> {
  const socket = await tcpConnect(scope, mainPort)
  socket.write(text)
  return ended(socket)
}

/** The gateway has ended it. */
async function ended(socket: Socket): Promise<Peer> {
  const address = addressOf(socket)
  socket.resume()
  await until('the gateway to close', () => socket.closed, patienceMs)
  return address
}

for (const cause of causeGroups.accepted) {
  test(`a client that gets no connection is reported with the cause: ${cause}`, async () => {
    const where = cause === 'handshake-timeout' || cause === 'limit-reached' ? narrow : scene
    const from = await wrongs[cause]()
    const { event } = await assertFailure(where, 'ACCEPTED', cause, { peer: from })
    assert.equal(event.direction, 'in')
  })
}

test('what is known of a refused client is in its event: SNI, versions, and the certificate it showed', async () => {
  const certificate = sceneCa.issue({ cn: 'old phone', notBefore: daysFromNow(-9), notAfter: daysFromNow(-2) })
  const from = await strictHandshake(certificate)
  const event = await scene.event('ACCEPTED', { peer: from })
  assert.equal(event.tls_sni, 'strict.example.com')
  assert.equal(event['client-subject'], '/O=hepgate test/CN=old phone')
  assert.equal(event['client-serial'], certificate.serial)
  assert.equal(event.verify, 'CERT_HAS_EXPIRED')
  assert.match(String(event.ja4), /^t13d/)
})

/** What makes a verifying client send the alert. */
const alerts = {
  unknown_ca: () => ['-CAfile', TestCa.create({ name: 'The only one' }).writeTo(scene.dir, 'other')],
  certificate_expired: () => [...trusted(), '-attime', String(Math.floor(daysFromNow(900).getTime() / 1000))],
  bad_certificate: () => [...trusted(), '-verify_hostname', 'other.example.com'],
}

function trusted(): string[] {
  return ['-CAfile', sceneCa.writeTo(scene.dir)]
}

for (const [alert, args] of Object.entries(alerts)) {
  for (const version of ['-tls1_2', '-tls1_3']) {
    const name = `a client that ends the handshake with an alert is reported with it: ${alert}, ${version.slice(1)}`
    test(name, { skip: lacks('openssl') }, async () => {
      const from = `127.0.0.1:${await freePort()}`
      const to = ['-connect', `127.0.0.1:${mainPort}`, '-bind', from, '-servername', 'sip.example.com']
      await runProcess(peer('openssl'), ['s_client', ...to, version, '-verify_return_error', ...args()])
      await assertFailure(scene, 'ACCEPTED', `peer-alert-${alert}`, { peer: from })
    })
  }
}
