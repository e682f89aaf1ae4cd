/** `openssl s_client` against the gateway: versions, certificates of both sides, and what the HEP events say of them. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { daysFromNow, TestCa, type TestCertificate } from '../support/certificates.js'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.js'
import { HepCollector } from '../support/hep-collector.js'
import { lacks, peer } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { startProcess, type TestProcess } from '../support/process.js'
import { type Scope, suiteScope } from '../support/scope.js'
import { sipRequest, token } from '../support/sip.js'
import { tempDir } from '../support/tmp.js'

const versions = [
  ['-tls1_2', 'TLSv1.2'],
  ['-tls1_3', 'TLSv1.3'],
] as const

describe('openssl s_client', { skip: lacks('openssl') }, () => {
  const suite = suiteScope()
  const ca = TestCa.create()
  const stranger = TestCa.create({ name: 'Somebody else' })
  const ecdsa = ca.issue({ dns: ['sip.example.com'], keyType: 'ecdsa' })
  const rsa = ca.issue({ dns: ['sip.example.com'], keyType: 'rsa' })
  let dir: string
  let caFile: string
  let collector: HepCollector
  let gateway: GatewayProcess
  /** asks for no client certificate */
  let openPort: number
  /** requires one */
  let mutualPort: number

  before(async () => {
    dir = tempDir(suite)
    caFile = ca.writeTo(dir)
    collector = await HepCollector.start(suite)
    mutualPort = await freePort()
    openPort = await freePort()
    const pairs = [ecdsa.writeTo(dir, 'ecdsa'), rsa.writeTo(dir, 'rsa')]
    const certificates = {
      certificate: pairs.map((pair) => pair.certificate),
      private_key: pairs.map((pair) => pair.privateKey),
    }
    gateway = await startGatewayProcess(suite, {
      relay: { mode: 'tunnel' },
      socket: [`tls:127.0.0.1:${openPort}`, `tls:127.0.0.1:${mutualPort}`],
      proto_tls: { trace_destination: 'hep', trace_on: 1 },
      proto_hep: { hep_id: [collector.destination('hep', 'tcp')] },
      tls_mgm: {
        server_domain: [
          {
            name: 'open',
            match_ip_address: `127.0.0.1:${openPort}`,
            verify_cert: 0,
            require_cert: 0,
            ...certificates,
          },
          {
            name: 'mutual',
            match_ip_address: `127.0.0.1:${mutualPort}`,
            verify_cert: 1,
            require_cert: 1,
            ca_list: caFile,
            ...certificates,
          },
        ],
      },
    })
  })

  /** Starts s_client, which trusts our CA and insists on the name; its SNI makes its event recognisable. */
  function sClient(t: Scope, port: number, args: readonly string[]): { client: TestProcess; sni: string } {
    const sni = `${token()}.example.com`
    const client = startProcess(t, peer('openssl'), [
      's_client',
      ...['-connect', `127.0.0.1:${port}`, '-servername', sni],
      ...['-CAfile', caFile, '-verify_return_error', '-verify_hostname', 'sip.example.com'],
      ...args,
    ])
    return { client, sni }
  }

  async function answered(client: TestProcess): Promise<void> {
    await client.printed(/Verify return code: 0 \(ok\)/)
    client.write(sipRequest())
    await client.printed(/SIP\/2\.0 200 /)
  }

  for (const [flag, version] of versions) {
    test(`shakes hands over ${version} and gets its OPTIONS answered`, async (t) => {
      const { client, sni } = sClient(t, openPort, [flag])
      await answered(client)
      const event = await collector.event('ACCEPTED', (e) => e.tls_sni === sni)
      assert.equal(event.Status, 'SUCCESS')
      assert.equal(event.tls_version, version)
      assert.match(String(event.peer), /^127\.0\.0\.1:\d+$/)
      assert.match(String(event.ja4), /^t1[23]d/)
    })

    for (const [kind, certificate, algorithms] of [
      ['RSA', rsa, 'RSA-PSS+SHA256:RSA+SHA256'],
      ['ECDSA', ecdsa, 'ECDSA+SHA256'],
    ] as const) {
      test(`a ${version} client that knows only ${kind} gets the ${kind} certificate`, async (t) => {
        const { client, sni } = sClient(t, openPort, [flag, '-sigalgs', algorithms])
        await answered(client)
        const event = await collector.event('ACCEPTED', (e) => e.tls_sni === sni)
        assert.equal(event['server-sha256'], sha256Of(certificate))
      })
    }

    test(`a ${version} client with a good certificate is let in and named`, async (t) => {
      const good = ca.issue({ cn: 'alice', uris: ['sip:alice@example.com'] })
      const { client, sni } = sClient(t, mutualPort, [flag, ...certificateArgs(good, 'good')])
      await answered(client)
      const event = await collector.event('ACCEPTED', (e) => e.tls_sni === sni)
      assert.equal(event.Status, 'SUCCESS')
      assert.equal(event.verify, 'ok')
      assert.equal(event['client-subject'], '/O=hepgate test/CN=alice')
      assert.equal(event['client-san'], 'URI:sip:alice@example.com')
      assert.equal(event['client-sha256'], sha256Of(good))
    })

    for (const [what, cause, make] of [
      [
        'an expired certificate',
        'cert-expired',
        () => ca.issue({ cn: 'late', notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }),
      ],
      ['a certificate not valid yet', 'cert-not-yet-valid', () => ca.issue({ cn: 'early', notBefore: daysFromNow(1) })],
      ['a certificate of an unknown CA', 'unknown-ca', () => stranger.issue({ cn: 'mallory' })],
      ['no certificate', 'client-cert-missing', () => undefined],
    ] as const) {
      test(`a ${version} client with ${what} is refused: ${cause}`, async (t) => {
        const certificate = make()
        const args = certificate === undefined ? [] : certificateArgs(certificate, cause)
        const { client, sni } = sClient(t, mutualPort, [flag, ...args])
        const event = await collector.event('ACCEPTED', (e) => e.tls_sni === sni)
        assert.equal(event.Status, 'FAILURE')
        assert.equal(event.cause, cause)
        if (certificate !== undefined) assert.equal(event['client-sha256'], sha256Of(certificate))
        await client.ended
        assert.doesNotMatch(client.output, /SIP\/2\.0/)
      })
    }
  }

  test('the gateway ends well after all of this', async () => {
    await gateway.stop()
  })

  function certificateArgs(certificate: TestCertificate, name: string): string[] {
    const files = certificate.writeTo(dir, `client-${name}-${token()}`)
    return ['-cert', files.certificate, '-key', files.privateKey]
  }
})

function sha256Of(certificate: TestCertificate): string {
  return certificate.x509.fingerprint256.replaceAll(':', '').toLowerCase()
}
