/** Real handshakes that fail: what Node says about them is what this module lives on. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import * as tls from 'node:tls'
import { handshakeCause, socketCause, verifyCause } from '../../../src/tls/causes.js'
import { daysFromNow, selfSigned, TestCa } from '../../support/certificates.js'
import {
  clientHello,
  extension,
  record,
  signatureAlgorithms,
  u8,
  u16,
  vector8,
  vector16,
} from '../../support/client-hello.js'
import { within } from '../../support/wait.js'

const ca = TestCa.create()
const otherCa = TestCa.create({ name: 'Other CA' })
const server = ca.issue({ dns: ['localhost'] })
const identity = { cert: server.certPem, key: server.keyPem }

async function listen(t: TestContext, listener: Server): Promise<number> {
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.after(() => void listener.close())
  return (listener.address() as AddressInfo).port
}

/** A server that waits for bytes and answers with these. */
function answering(reply: Buffer | string): Server {
  return createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write(reply))
  })
}

/** The error of our side when it accepts and `client` does something to it. */
async function acceptError(
  t: TestContext,
  options: tls.TlsOptions,
  client: tls.ConnectionOptions | ((socket: Socket) => void),
): Promise<NodeJS.ErrnoException> {
  const listener = tls.createServer({ ...identity, ...options })
  const failed = once(listener, 'tlsClientError')
  const port = await listen(t, listener)
  const socket =
    typeof client === 'function'
      ? connect(port, '127.0.0.1', function (this: Socket) {
          client(this)
        })
      : tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...client })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  const [error] = await within('tlsClientError', failed)
  return error as NodeJS.ErrnoException
}

/** The error of our side when it initiates. */
async function connectError(t: TestContext, listener: Server, write = false): Promise<NodeJS.ErrnoException> {
  const port = await listen(t, listener)
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  t.after(() => socket.destroy())
  if (write) socket.write('queued')
  const [error] = await within('an error', once(socket, 'error'))
  return error as NodeJS.ErrnoException
}

const old = `${tls.DEFAULT_CIPHERS}:@SECLEVEL=0`

const [major = 0, minor = 0] = process.versions.openssl.split('.').map(Number)
/** OpenSSL 3.2 and later find out that a security level leaves no TLS 1.0 before they look for an algorithm. */
const levelRulesOutVersions = major > 3 || (major === 3 && minor >= 2)

describe('a handshake that we accept and that fails', () => {
  const cases: [cause: string, what: string, tls.TlsOptions, tls.ConnectionOptions][] = [
    ['no-shared-version', 'an old client', { minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }],
    ['no-shared-version', 'a new client', { maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }],
    ['no-shared-version', 'a TLS 1.0 client', {}, { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: old }],
    ['no-shared-version', 'an empty range of ours', { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' }, {}],
    [
      'no-shared-cipher',
      'another cipher',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
      { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    ],
    [
      'no-shared-cipher',
      'a client that knows RSA only',
      { maxVersion: 'TLSv1.2' },
      { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
    ],
    [
      'no-shared-cipher',
      'another suite of TLS 1.3',
      { ciphers: 'TLS_AES_128_GCM_SHA256' },
      { ciphers: 'TLS_AES_256_GCM_SHA384' },
    ],
    ['no-shared-sigalg', 'a client that verifies RSA only', {}, { sigalgs: 'rsa_pss_rsae_sha256' }],
    ['no-shared-sigalg', 'no algorithm in common', { sigalgs: 'ed25519' }, { sigalgs: 'ecdsa_secp256r1_sha256' }],
    [
      levelRulesOutVersions ? 'no-shared-version' : 'no-shared-sigalg',
      'TLS 1.0 at a security level without SHA-1',
      { minVersion: 'TLSv1' },
      { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: old },
    ],
    ['no-shared-group', 'another group', { ecdhCurve: 'X25519' }, { ecdhCurve: 'P-384' }],
    ['client-cert-missing', 'no certificate over TLS 1.3', { requestCert: true }, {}],
    ['client-cert-missing', 'no certificate over TLS 1.2', { requestCert: true, maxVersion: 'TLSv1.2' }, {}],
    ['tls-protocol-error', 'another protocol', { ALPNProtocols: ['sip/2'] }, { ALPNProtocols: ['h2'] }],
  ]
  for (const [cause, what, serverOptions, clientOptions] of cases) {
    it(`${cause}: ${what}`, async (t) => {
      const failure = handshakeCause(await acceptError(t, serverOptions, clientOptions))
      assert.equal(failure.cause, cause)
      assert.match(failure.message, /\([a-z0-9 ]+\)$/, 'ends in the words of OpenSSL')
    })
  }

  const raw: [cause: string, what: string, (socket: Socket) => void][] = [
    ['http-on-sip-port', 'HTTP', (socket) => socket.write('GET / HTTP/1.1\r\n\r\n')],
    ['not-tls', 'SIP in clear text', (socket) => socket.write('REGISTER sip:example.com SIP/2.0\r\n\r\n')],
    ['tls-protocol-error', 'a broken ClientHello', (socket) => socket.write(Buffer.from('160301000401000000', 'hex'))],
    ['reset-in-handshake', 'a reset', (socket) => socket.resetAndDestroy()],
    ['reset-in-handshake', 'an end', (socket) => socket.end()],
    ['peer-alert-unknown_ca', 'a client that does not trust us', (socket) => helloThenAlert(socket, 48)],
    ['peer-alert-certificate_expired', 'a client that checks dates', (socket) => helloThenAlert(socket, 45)],
  ]
  for (const [cause, what, client] of raw) {
    it(`${cause}: ${what}`, async (t) => {
      assert.equal(handshakeCause(await acceptError(t, { maxVersion: 'TLSv1.2' }, client)).cause, cause)
    })
  }
})

describe('a handshake that we initiate and that fails', () => {
  /** RFC 8446 §6, and RFC 5246 §7.2 for those of old */
  const alerts: Record<number, string> = {
    10: 'unexpected_message',
    20: 'bad_record_mac',
    22: 'record_overflow',
    40: 'handshake_failure',
    42: 'bad_certificate',
    43: 'unsupported_certificate',
    44: 'certificate_revoked',
    45: 'certificate_expired',
    46: 'certificate_unknown',
    47: 'illegal_parameter',
    48: 'unknown_ca',
    49: 'access_denied',
    50: 'decode_error',
    51: 'decrypt_error',
    70: 'protocol_version',
    71: 'insufficient_security',
    80: 'internal_error',
    86: 'inappropriate_fallback',
    90: 'user_canceled',
    100: 'no_renegotiation',
    109: 'missing_extension',
    110: 'unsupported_extension',
    112: 'unrecognized_name',
    113: 'bad_certificate_status_response',
    115: 'unknown_psk_identity',
    116: 'certificate_required',
    120: 'no_application_protocol',
  }
  for (const [number, name] of Object.entries(alerts)) {
    it(`peer-alert-${name}`, async (t) => {
      const { cause, message } = handshakeCause(await connectError(t, answering(fatalAlert(Number(number)))))
      assert.equal(cause, `peer-alert-${name}`)
      assert.ok(message.endsWith(name))
    })
  }

  it('names the alert even while a write is under way', async (t) => {
    const error = await connectError(t, answering(fatalAlert(48)), true)
    assert.equal(error.code, 'EPROTO')
    assert.equal(handshakeCause(error).cause, 'peer-alert-unknown_ca')
  })

  it('names alerts as OpenSSL 3.2 and later spell them', () => {
    // of Node 24; this test has no such Node to ask
    const error = Object.assign(new Error(), { code: 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE' })
    assert.equal(handshakeCause(error).cause, 'peer-alert-bad_certificate')
  })

  it('not-tls: the server speaks something else', async (t) => {
    assert.equal(handshakeCause(await connectError(t, answering('SIP/2.0 400 Bad Request\r\n\r\n'))).cause, 'not-tls')
  })

  it('reset-in-handshake: the server hangs up', async (t) => {
    const listener = createServer((socket) => socket.once('data', () => socket.end()))
    assert.equal(handshakeCause(await connectError(t, listener)).cause, 'reset-in-handshake')
  })
})

describe('a certificate that is not accepted', () => {
  /** What our client says of a server with this chain, or with other things to trust. */
  async function verdict(
    t: TestContext,
    chain: { chainPem: string; keyPem: string },
    trust: tls.SecureContextOptions = { ca: ca.certPem },
  ): Promise<string> {
    const port = await listen(t, tls.createServer({ cert: chain.chainPem, key: chain.keyPem }))
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...trust })
    socket.on('error', () => {})
    t.after(() => socket.destroy())
    await within('the handshake', once(socket, 'secureConnect'))
    return String(socket.authorizationError)
  }

  const revoked = ca.issue()
  const cases: Record<string, [cause: string, Parameters<typeof verdict>[1], tls.SecureContextOptions?]> = {
    'of another CA': ['unknown-ca', otherCa.issue()],
    'that signed itself': ['unknown-ca', selfSigned()],
    'whose root came along': ['unknown-ca', withRoot()],
    'whose intermediate CA is missing': ['unknown-ca', withoutIntermediate()],
    'that has expired': ['cert-expired', ca.issue({ notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) })],
    'of tomorrow': ['cert-not-yet-valid', ca.issue({ notBefore: daysFromNow(1) })],
    'that was revoked': ['cert-revoked', revoked, { ca: ca.certPem, crl: ca.crl([revoked.serial]) }],
    'of a CA whose CRL is missing': ['cert-invalid', ca.issue(), { ca: ca.certPem, crl: otherCa.crl() }],
    'of a CA whose CRL is out of date': [
      'cert-invalid',
      ca.issue(),
      { ca: ca.certPem, crl: ca.crl([], { thisUpdate: daysFromNow(-9), nextUpdate: daysFromNow(-1) }) },
    ],
    'made for clients only': ['cert-invalid', ca.issue({ usage: 'client' })],
  }
  for (const [what, [cause, chain, trust]] of Object.entries(cases)) {
    it(`${cause}: one ${what}`, async (t) => {
      const code = await verdict(t, chain, trust)
      const failure = verifyCause(code)
      assert.equal(failure.cause, cause, code)
      assert.ok(failure.message.includes(code), 'names the verdict of OpenSSL')
    })
  }

  function withRoot() {
    const leaf = otherCa.issue()
    return { chainPem: leaf.certPem + otherCa.certPem, keyPem: leaf.keyPem }
  }

  function withoutIntermediate() {
    const leaf = ca.intermediate().issue()
    return { chainPem: leaf.certPem, keyPem: leaf.keyPem }
  }
})

describe('a TCP connection that does not come about', () => {
  it('connect-refused: nothing listens', async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as AddressInfo
    listener.close()
    const [error] = await within('an error', once(connect(port, '127.0.0.1'), 'error'))
    assert.equal(socketCause(error as Error).cause, 'connect-refused')
    assert.match(socketCause(error as Error).message, /\(ECONNREFUSED\)$/)
  })

  it('dns-failed: the name cannot exist', async () => {
    // not even a resolver that cannot be reached is asked for a name with an empty label
    const [error] = await within('an error', once(connect(5061, 'a..invalid'), 'error'))
    assert.equal(socketCause(error as Error).cause, 'dns-failed')
  })

  it('is sorted by its code where the network has to fail first', () => {
    const causes = {
      ETIMEDOUT: 'connect-timeout',
      EHOSTUNREACH: 'unreachable',
      ENETUNREACH: 'unreachable',
      EADDRNOTAVAIL: 'unreachable',
      EAI_AGAIN: 'dns-failed',
      ESERVFAIL: 'dns-failed',
      ECONNRESET: 'reset-in-handshake',
      EMFILE: 'limit-reached',
    }
    for (const [code, cause] of Object.entries(causes)) {
      assert.equal(socketCause(Object.assign(new Error(code), { code })).cause, cause, code)
    }
    assert.equal(handshakeCause(Object.assign(new Error(), { code: 'ETIMEDOUT' })).cause, 'handshake-timeout')
  })
})

function fatalAlert(description: number): Buffer {
  return record(Buffer.from([2, description]), 0x15, 0x0303)
}

/** A TLS 1.2 client that reads our certificate and says what it thinks of it. */
function helloThenAlert(socket: Socket, description: number): void {
  const groups = extension(10, vector16(u16(0x001d), u16(0x0017)))
  const pointFormats = extension(11, vector8(u8(0)))
  socket.once('data', () => socket.write(fatalAlert(description)))
  socket.write(
    record(clientHello({ ciphers: [0xc02b], extensions: [groups, pointFormats, signatureAlgorithms(0x0403)] })),
  )
}
