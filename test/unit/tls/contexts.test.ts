import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, describe, it, type TestContext } from 'node:test'
import * as tls from 'node:tls'
import type { CertificateFacts } from '../../../src/base/facts.js'
import type { ClientDomainConfig, ServerDomainConfig } from '../../../src/config/types.js'
import { verifyCause } from '../../../src/tls/causes.js'
import { buildContexts, type ServerDomain, type TlsContexts } from '../../../src/tls/contexts.js'
import {
  daysFromNow,
  ffdhe2048,
  selfSigned,
  TestCa,
  type TestCertificate,
  writeText,
} from '../../support/certificates.js'
import { clientDomain, serverDomain } from '../../support/tls-domains.js'
import { tempDir } from '../../support/tmp.js'
import { within } from '../../support/wait.js'
import { connection } from '../trace/fakes.js'

const dir = tempDir({ after })
const ca = TestCa.create({ name: 'Root' })
const caFile = ca.writeTo(dir)
const local = { ip: '127.0.0.1', port: 5061 }

let files = 0
function identity(...pairs: TestCertificate[]): { certificate: string[]; private_key: string[] } {
  const written = pairs.map((pair) => pair.writeTo(dir, `pair-${++files}`))
  return {
    certificate: written.map(({ certificate }) => certificate),
    private_key: written.map(({ privateKey }) => privateKey),
  }
}

const ordinary = { ...identity(ca.issue({ dns: ['sip.example.com'] })), ca_list: caFile }

function build(
  servers: Partial<ServerDomainConfig>[],
  clients: Partial<ClientDomainConfig>[] = [],
  unmatched_sni: 'refuse' | 'default' = 'refuse',
) {
  return buildContexts({
    unmatched_sni,
    server_domain: servers.map((domain) => serverDomain({ ...ordinary, ...domain })),
    client_domain: clients.map(clientDomain),
  })
}

function contextsOf(...args: Parameters<typeof build>): TlsContexts {
  const { contexts, problems } = build(...args)
  assert.deepEqual(problems, [])
  return contexts!
}

const onlyServer = (domain: Partial<ServerDomainConfig>) => contextsOf([domain]).serverFor(local, undefined)!

interface Outcome {
  readonly domain: ServerDomain
  readonly server: tls.TLSSocket | Error
  readonly client: tls.TLSSocket
}

/** A handshake with a server domain as the acceptor does it: a socket given to the server that listens nowhere. */
async function handshake(t: TestContext, domain: ServerDomain, options: tls.ConnectionOptions = {}): Promise<Outcome> {
  const listener = createServer({ pauseOnConnect: true }, (raw) => domain.server.emit('connection', raw))
  listener.listen(0, '127.0.0.1')
  t.after(() => void listener.close())
  await once(listener, 'listening')
  const ended = new Promise<tls.TLSSocket | Error>((resolve) => {
    domain.server.once('secureConnection', resolve)
    domain.server.once('tlsClientError', resolve)
  })
  const { port } = listener.address() as AddressInfo
  const client = tls.connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...options,
  })
  t.after(() => client.destroy())
  client.on('error', () => {})
  const secured = once(client, 'secureConnect').catch(() => {})
  const server = await within('the handshake', ended)
  if (server instanceof Error) return { domain, server, client }
  t.after(() => server.destroy())
  await within('the client', secured)
  return { domain, server, client }
}

function established({ server }: Outcome): tls.TLSSocket {
  assert.ok(server instanceof tls.TLSSocket, String(server))
  return server
}

function failed({ server }: Outcome): NodeJS.ErrnoException {
  assert.ok(server instanceof Error)
  return server
}

describe('a server domain', () => {
  it('serves its certificate with the whole chain', async (t) => {
    const domain = onlyServer(identity(ca.intermediate().issue({ dns: ['sip.example.com'] })))
    const { client } = await handshake(t, domain, { ca: ca.certPem })
    assert.equal(client.authorized, true)
  })

  it('serves RSA and ECDSA, each with its own chain, and knows which was used', async (t) => {
    const rsa = ca.intermediate({ name: 'RSA CA', keyType: 'rsa' }).issue({ cn: 'rsa', keyType: 'rsa' })
    const ecdsa = ca.intermediate({ name: 'ECDSA CA' }).issue({ cn: 'ecdsa' })
    const domain = onlyServer(identity(rsa, ecdsa))
    for (const [sigalgs, cn] of [
      ['rsa_pss_rsae_sha256:RSA+SHA256', 'rsa'],
      ['ecdsa_secp256r1_sha256:RSA+SHA256', 'ecdsa'],
    ]) {
      const outcome = await handshake(t, domain, { sigalgs: sigalgs!, ca: ca.certPem })
      const used = domain.certificateFor(established(outcome))
      assert.equal(used?.subject, `/O=hepgate test/CN=${cn}`)
      assert.equal(outcome.client.getPeerCertificate().subject.CN, cn)
      assert.equal(outcome.client.authorizationError, null)
    }
  })

  it('opens an encrypted key', async (t) => {
    const pair = ca.issue()
    const key = pair.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    const private_key = [writeText(dir, 'encrypted.key', key.toString(), 0o600)]
    established(await handshake(t, onlyServer({ ...identity(pair), private_key, private_key_password: 'secret' })))
  })

  it('keeps to its range of versions', async (t) => {
    const domain = onlyServer({ min_version: 'TLSv1.2', max_version: 'TLSv1.2' })
    const outcome = await handshake(t, domain)
    assert.equal(established(outcome).getProtocol(), 'TLSv1.2')
    const refused = await handshake(t, domain, { minVersion: 'TLSv1.3' })
    assert.equal(failed(refused).code, 'ERR_SSL_UNSUPPORTED_PROTOCOL')
  })

  it('speaks TLS 1.0 and 1.1 only when told to', async (t) => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: `${tls.DEFAULT_CIPHERS}:@SECLEVEL=0` } as const
    failed(await handshake(t, onlyServer({}), old))
    for (const min_version of ['TLSv1', 'TLSv1.1'] as const) {
      const socket = established(await handshake(t, onlyServer({ min_version }), { ...old, maxVersion: 'TLSv1.1' }))
      assert.equal(socket.getProtocol(), 'TLSv1.1')
    }
  })

  it('takes suites for TLS 1.3 and ciphers for TLS 1.2 apart: naming the one leaves the other', async (t) => {
    const suites = onlyServer({ ciphersuites: 'TLS_AES_128_GCM_SHA256' })
    assert.equal(established(await handshake(t, suites)).getCipher().name, 'TLS_AES_128_GCM_SHA256')
    assert.equal(established(await handshake(t, suites, { maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2')

    const ciphers = onlyServer({ ciphers_list: 'ECDHE-ECDSA-AES256-GCM-SHA384' })
    const old = established(await handshake(t, ciphers, { maxVersion: 'TLSv1.2' }))
    assert.equal(old.getCipher().name, 'ECDHE-ECDSA-AES256-GCM-SHA384')
    assert.equal(established(await handshake(t, ciphers)).getProtocol(), 'TLSv1.3')
  })

  it('keeps to its groups', async (t) => {
    const domain = onlyServer({ ec_curve: 'P-384:X25519' })
    const { client } = await handshake(t, domain, { ecdhCurve: 'X25519:P-384' })
    assert.ok(['X25519', 'secp384r1'].includes((client.getEphemeralKeyInfo() as { name: string }).name))
    failed(await handshake(t, domain, { ecdhCurve: 'P-256' }))
  })

  it('offers Diffie-Hellman of old only with parameters', async (t) => {
    const rsa = identity(ca.issue({ keyType: 'rsa' }))
    const client = { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-GCM-SHA256' } as const
    failed(await handshake(t, onlyServer(rsa), client))
    const dh_params = writeText(dir, 'dh.pem', ffdhe2048)
    const socket = established(await handshake(t, onlyServer({ ...rsa, dh_params }), client))
    assert.equal(socket.getCipher().name, 'DHE-RSA-AES128-GCM-SHA256')
  })
})

describe('a server domain and client certificates', () => {
  const good = ca.issue({ cn: 'good' })
  const withGood = { cert: good.certPem, key: good.keyPem }
  const stranger = TestCa.create({ name: 'Stranger' }).issue()
  const withStranger = { cert: stranger.certPem, key: stranger.keyPem }

  it('does not ask for one by itself', async (t) => {
    const socket = established(await handshake(t, onlyServer({}), withGood))
    assert.equal(socket.getPeerX509Certificate(), undefined)
  })

  it('that verifies asks for one, takes none as well, and leaves the verdict to the acceptor', async (t) => {
    const domain = onlyServer({ verify_cert: true })
    assert.equal(established(await handshake(t, domain, withGood)).authorized, true)
    assert.equal(established(await handshake(t, domain)).getPeerX509Certificate(), undefined)
    const socket = established(await handshake(t, domain, withStranger))
    assert.equal(String(socket.authorizationError), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  it('that requires one says so with an alert', async (t) => {
    const outcome = await handshake(t, onlyServer({ verify_cert: true, require_cert: true }))
    assert.equal(failed(outcome).code, 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE')
    const [error] = await within('the alert', once(outcome.client, 'error'))
    assert.equal(error.code, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')
  })

  it('that does not verify requires none, whatever require_cert says, as in tls_mgm', async (t) => {
    const domain = onlyServer({ verify_cert: false, require_cert: true })
    assert.equal(established(await handshake(t, domain, withGood)).getPeerX509Certificate(), undefined)
    assert.equal(domain.config.require_cert, false)
  })

  it('knows which were revoked', async (t) => {
    const revoked = ca.issue()
    const crl = writeText(dir, 'ca.crl', ca.crl([revoked.serial]))
    const domain = onlyServer({ verify_cert: true, crl })
    assert.equal(established(await handshake(t, domain, withGood)).authorized, true)
    const socket = established(await handshake(t, domain, { cert: revoked.certPem, key: revoked.keyPem }))
    assert.equal(String(socket.authorizationError), 'CERT_REVOKED')
  })

  it('of two domains on one socket follow each its own policy', async (t) => {
    const contexts = contextsOf([
      { name: 'open', match_sip_domain: ['open.example.com'] },
      { name: 'strict', match_sip_domain: ['strict.example.com'], verify_cert: true, require_cert: true },
    ])
    established(await handshake(t, contexts.serverFor(local, 'open.example.com')!))
    failed(await handshake(t, contexts.serverFor(local, 'strict.example.com')!))
  })
})

describe('the server domain for a client', () => {
  const named = [
    { name: 'a', match_sip_domain: ['a.example.com'] },
    { name: 'b', match_sip_domain: ['b.example.com'] },
  ]
  const nameFor = (contexts: TlsContexts, sni: string | undefined, address = local) =>
    contexts.serverFor(address, sni)?.name

  it('is the one that has the name', () => {
    const contexts = contextsOf(named)
    assert.equal(nameFor(contexts, 'B.example.com'), 'b')
  })

  it('without a name is that for none, or for any, or the first', () => {
    assert.equal(nameFor(contextsOf([...named, { name: 'none', match_sip_domain: ['none'] }]), undefined), 'none')
    assert.equal(nameFor(contextsOf([...named, { name: 'any' }]), undefined), 'any')
    assert.equal(nameFor(contextsOf(named), undefined), 'a')
  })

  it('with a name that nobody has is refused, or by choice what a client without a name gets', () => {
    assert.equal(nameFor(contextsOf(named), 'c.example.com'), undefined)
    assert.equal(nameFor(contextsOf(named, [], 'default'), 'c.example.com'), 'a')
    const none = [...named, { name: 'none', match_sip_domain: ['none'] }]
    assert.equal(nameFor(contextsOf(none, [], 'default'), 'c.example.com'), 'none')
    assert.equal(nameFor(contextsOf([...named, { name: 'any' }]), 'c.example.com'), 'any')
  })

  it('is none on a socket that no domain serves', () => {
    const contexts = contextsOf([{ match_ip_address: ['127.0.0.1:5062'] }], [], 'default')
    assert.equal(nameFor(contexts, undefined), undefined)
    assert.equal(nameFor(contexts, 'a.example.com'), undefined)
    assert.equal(nameFor(contexts, undefined, { ip: '127.0.0.1', port: 5062 }), 'server')
  })
})

describe('the client domain for a destination', () => {
  /** What our client, with the domain for this host, makes of a server of our test CA. */
  async function connectWith(t: TestContext, contexts: TlsContexts, server: Partial<ServerDomainConfig> = {}) {
    const domain = contexts.clientFor({ ...local, host: 'sip.example.com' })
    const outcome = await handshake(t, onlyServer({ verify_cert: true, ...server }), {
      secureContext: domain.secureContext,
    })
    return { ...outcome, clientDomain: domain }
  }

  it('is chosen by address and name', () => {
    const contexts = contextsOf(
      [],
      [
        { name: 'net', match_ip_address: ['10.0.0.0/8'] },
        { name: 'trunk', match_sip_domain: ['*.trunk.example.com'] },
      ],
    )
    assert.equal(contexts.clientFor({ ip: '10.1.1.1', port: 5061 }).name, 'net')
    assert.equal(contexts.clientFor({ ip: '192.0.2.1', port: 5061, host: 'eu.trunk.example.com' }).name, 'trunk')
  })

  it('brings its CAs and its certificate', async (t) => {
    const own = identity(ca.issue({ cn: 'gateway' }))
    const { client, server, clientDomain } = await connectWith(t, contextsOf([], [{ ...own, ca_list: caFile }]))
    assert.equal(client.authorizationError, null)
    assert.equal((server as tls.TLSSocket).getPeerCertificate().subject.CN, 'gateway')
    assert.equal(clientDomain.certificateFor(client)?.subject, '/O=hepgate test/CN=gateway')
  })

  it('is a built-in one that verifies where none matches', async (t) => {
    const contexts = contextsOf([], [{ match_ip_address: ['192.0.2.1'] }])
    const { client, clientDomain } = await connectWith(t, contexts)
    assert.equal(verifyCause(String(client.authorizationError)).cause, 'unknown-ca')
    assert.equal(clientDomain.config.verify_cert, true)
    assert.equal(clientDomain.certificateFor(client), undefined)
  })
})

describe('the certificates of the domains', () => {
  const chain = ca.intermediate().issue({ cn: 'chained' })
  const alone = ca.issue({ cn: 'alone', keyType: 'rsa' })
  const contexts = contextsOf([{ name: 'both', ...identity(chain, alone) }], [{ name: 'both' }])
  const facts = (contexts: TlsContexts) => contexts.domains()[0]!.certificates
  const using = (direction: 'in' | 'out', ownCertificate: CertificateFacts | undefined, domain = 'both') =>
    contexts.ownChain(connection({ direction, domain, ownCertificate })).map(({ subject }) => subject.split('CN=')[1])

  it('are listed by domain and role', () => {
    assert.deepEqual(
      contexts.domains().map(({ name, role, certificates }) => [name, role, certificates.length]),
      [
        ['both', 'server', 2],
        ['both', 'client', 0],
      ],
    )
    assert.equal(facts(contexts)[0]!.issuer, '/O=hepgate test/CN=Intermediate CA')
  })

  it('are known with what certifies them, of the connection that used them', () => {
    const [chained, single] = facts(contexts)
    assert.deepEqual(using('in', chained), ['chained', 'Intermediate CA'])
    assert.deepEqual(using('in', single), ['alone'])
  })

  it('are not known of a connection that used others, or none', () => {
    const replaced = facts(contextsOf([{}]))[0]
    assert.deepEqual(using('in', replaced), [])
    assert.deepEqual(using('in', undefined), [])
    assert.deepEqual(using('out', facts(contexts)[0]), [])
    assert.deepEqual(using('in', facts(contexts)[0], 'gone'), [])
  })
})

describe('building the domains', () => {
  it('reports every problem of every domain and then gives nothing', () => {
    const missing = `${dir}/missing.pem`
    const expiring = { ...identity(ca.issue({ notAfter: daysFromNow(3) })), ca_list: caFile }
    const { contexts, problems } = build(
      [{ name: 'good' }, { name: 'gone', certificate: [missing] }, { name: 'expiring', ...expiring }],
      [{ name: 'out', ca_list: missing }],
    )
    assert.equal(contexts, undefined)
    assert.deepEqual(
      problems.map(({ domain, severity, file }) => [domain, severity, file]),
      [
        ['gone', 'error', missing],
        ['expiring', 'warning', expiring.certificate[0]],
        ['out', 'error', missing],
      ],
    )
  })

  it('gives domains in spite of warnings', () => {
    const { contexts, problems } = build([{ ...identity(ca.issue({ notAfter: daysFromNow(3) })), ca_list: caFile }])
    assert.equal(problems[0]?.severity, 'warning')
    assert.ok(contexts?.serverFor(local, undefined))
  })

  it('reports what OpenSSL does not know', () => {
    for (const wrong of [
      { ciphers_list: 'NO-SUCH-CIPHER' },
      { ciphersuites: 'TLS_NO_SUCH_SUITE' },
      { ec_curve: 'no-such-curve' },
    ]) {
      const { contexts, problems } = build([wrong])
      assert.equal(contexts, undefined)
      assert.equal(problems[0]?.severity, 'error', JSON.stringify(wrong))
      assert.equal(problems[0].domain, 'server')
    }
  })

  it('warns of a domain that would take client certificates from any CA of the world', () => {
    const { contexts, problems } = build([{ verify_cert: true, ca_list: undefined, ...identity(selfSigned()) }])
    assert.ok(contexts)
    assert.deepEqual(
      problems.map(({ severity, message }) => [severity, message.startsWith('verify_cert without ca_list')]),
      [['warning', true]],
    )
  })

  it('wants a certificate for accepting', () => {
    const { contexts, problems } = build([{ certificate: [], private_key: [] }])
    assert.equal(contexts, undefined)
    assert.match(problems[0]!.message, /needs a certificate/)
  })

  it('lists the declared domains with the days their certificates have left', () => {
    const pair = ca.issue({ cn: 'soon', notAfter: new Date('2030-01-31T12:00:00Z') })
    const contexts = contextsOf([{ name: 'in', ...identity(pair) }], [{ name: 'out' }])
    assert.deepEqual(contexts.list(new Date('2030-01-01T00:00:00Z')), [
      {
        name: 'in',
        role: 'server',
        certificates: [
          {
            subject: '/O=hepgate test/CN=soon',
            notAfter: '2030-01-31T12:00:00Z',
            daysLeft: 30,
            sha256: pair.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
          },
        ],
      },
      { name: 'out', role: 'client', certificates: [] },
    ])
  })
})
