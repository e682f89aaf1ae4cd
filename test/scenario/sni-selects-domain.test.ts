import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { sceneCa, serverDomain } from '../support/domains.js'
import { assertFailure } from '../support/failure.js'
import { addressOf } from '../support/listening.js'
import { freePort } from '../support/ports.js'
import { startScene } from '../support/scene.js'
import { SipClient } from '../support/sip-client.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const [port, otherPort, lenientPort] = [await freePort(), await freePort(), await freePort()]

function domain(name: string, match_sip_domain: string[], settings = {}) {
  return serverDomain(dir, name, { match_sip_domain, ...settings })
}

const rsa = sceneCa.issue({ dns: ['both.example.com'], keyType: 'rsa' })
const ecdsa = sceneCa.issue({ dns: ['both.example.com'] })
const files = [rsa.writeTo(dir, 'both-rsa'), ecdsa.writeTo(dir, 'both-ecdsa')]

const scene = await startScene(
  scope,
  {
    socket: [`tls:127.0.0.1:${port}`, `tls:127.0.0.1:${otherPort}`],
    tls_mgm: {
      server_domain: [
        domain('any-below', ['*.example.com']),
        domain('exact', ['a.example.com']),
        domain('deep', ['*.deep.example.com']),
        domain('nameless', ['none']),
        domain('strict', ['strict.example.com'], { verify_cert: 1, require_cert: 1, ca_list: sceneCa.writeTo(dir) }),
        domain('other-socket', ['*'], { match_ip_address: [`127.0.0.1:${otherPort}`] }),
        domain('both', ['both.example.com'], {
          certificate: files.map(({ certificate }) => certificate),
          private_key: files.map(({ privateKey }) => privateKey),
        }),
      ],
    },
  },
  dir,
)
const lenient = await startScene(
  scope,
  {
    socket: [`tls:127.0.0.1:${lenientPort}`],
    tls_mgm: {
      unmatched_sni: 'default',
      server_domain: [domain('named', ['a.example.com']), domain('first', ['none'])],
    },
  },
  dir,
)

/** Names of certificates, by the port and the name the client asks for; all without a word about any other. */
const choices: [what: string, asked: string | undefined, certificate: string, port: number][] = [
  ['an exact name', 'a.example.com', 'exact', port],
  ['a name in other letters', 'A.Example.COM', 'exact', port],
  ['a wildcard', 'b.example.com', 'any-below', port],
  ['the more specific of two wildcards', 'x.deep.example.com', 'deep', port],
  ['no name', undefined, 'nameless', port],
  ['a name on a socket with a domain of its own', 'a.example.com', 'other-socket', otherPort],
  ['no name on a socket with a domain of its own', undefined, 'other-socket', otherPort],
  ['an unknown name where unmatched_sni is default', 'other.test', 'first', lenientPort],
]

for (const [what, asked, certificate, at] of choices) {
  test(`${what} gets the certificate of its domain`, async () => {
    const client = await SipClient.connect({ port: at, servername: asked ?? '' })
    const shown = client.socket.getPeerCertificate().subject.CN
    assert.equal(shown, certificate)
    const where = at === lenientPort ? lenient : scene
    const event = await where.event('ACCEPTED', { peer: client.address })
    assert.equal(event.tls_domain, certificate)
    assert.equal(event.tls_sni, asked)
    assert.equal(event['server-subject'], `/O=hepgate test/CN=${certificate}`)
    await client.close()
  })
}

test('a name no domain has is refused before a certificate is shown', async () => {
  const socket = connect({ host: '127.0.0.1', port, servername: 'other.test', rejectUnauthorized: false })
  socket.on('error', () => {})
  await once(socket, 'connect')
  const peer = addressOf(socket)
  await until('the end', () => socket.closed)
  const { event } = await assertFailure(scene, 'ACCEPTED', 'sni-unmatched', { peer })
  assert.match(String(event.Message), /other\.test/)
  assert.equal(event['server-subject'], undefined)
})

const phone = sceneCa.issue({ cn: 'phone' })
const withCertificate = { cert: phone.chainPem, key: phone.keyPem }

test('domains on one socket each keep their own policy', async () => {
  const free = await SipClient.connect({ port, servername: 'a.example.com' })
  assert.equal((await scene.event('ACCEPTED', { peer: free.address })).verify, 'none')
  await free.request()

  const known = await SipClient.connect({ port, servername: 'strict.example.com', ...withCertificate })
  const event = await scene.event('ACCEPTED', { peer: known.address })
  assert.equal(event.verify, 'ok')
  assert.equal(event['client-subject'], '/O=hepgate test/CN=phone')
  await known.request()
  await Promise.all([free.close(), known.close()])
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a session of a lenient domain does not open a strict one (${version})`, async () => {
    const both = { minVersion: version, maxVersion: version }
    const session = await sessionFrom({ servername: 'a.example.com', ...both })
    const socket = connect({ ...local, servername: 'strict.example.com', session, ...both })
    socket.on('error', () => {})
    await once(socket, 'connect')
    const peer = addressOf(socket)
    await until('the end', () => socket.closed)
    await assertFailure(scene, 'ACCEPTED', 'client-cert-missing', { peer })
  })
}

test('a session is resumed where it was made, and the event says so', async () => {
  const options = { servername: 'strict.example.com', ...withCertificate }
  const session = await sessionFrom(options)
  const client = await SipClient.connect({ port, ...options, session })
  const event = await scene.event('ACCEPTED', { peer: client.address })
  assert.equal(event.tls_resumed, true)
  assert.equal(event.verify, 'ok')
  assert.equal(event['client-subject'], '/O=hepgate test/CN=phone')
  await client.request()
  await client.close()
})

for (const [kind, certificate] of Object.entries({ RSA: rsa, ECDSA: ecdsa })) {
  test(`a domain with two kinds of certificate shows the ${kind} one to a client of that kind`, async () => {
    const ciphers = `ECDHE-${kind}-AES128-GCM-SHA256`
    const client = await SipClient.connect({ port, servername: 'both.example.com', maxVersion: 'TLSv1.2', ciphers })
    assert.equal(client.socket.getPeerCertificate().serialNumber, certificate.serial)
    const event = await scene.event('ACCEPTED', { peer: client.address })
    assert.equal(event['server-serial'], certificate.serial)
    assert.equal(event.tls_cipher, ciphers)
    await client.close()
  })
}

const local = { host: '127.0.0.1', port, rejectUnauthorized: false }

async function sessionFrom(options: ConnectionOptions): Promise<Buffer> {
  const socket = connect({ ...local, ...options })
  const [session] = (await once(socket, 'session')) as [Buffer]
  socket.end()
  await once(socket.resume(), 'close')
  return session
}
