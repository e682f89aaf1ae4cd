import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  type CertificateRequest,
  extKeyUsage,
  issueCertificate,
  keyUsage,
  subjectAltName,
} from '../../../src/tls/issue.js'

const keys = {
  ecdsa: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
}

function issue(options: Partial<CertificateRequest> = {}): X509Certificate {
  return new X509Certificate(
    issueCertificate({
      serial: Buffer.from('00ff01', 'hex'),
      subject: [['CN', 'subject']],
      issuer: [
        ['C', 'DE'],
        ['ST', 'BY'],
        ['L', 'M'],
        ['O', 'Ö'],
        ['OU', 'U'],
        ['CN', 'issuer'],
      ],
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2051-01-01T00:00:00Z'),
      publicKey: createPublicKey(keys.ecdsa),
      signingKey: keys.ecdsa,
      extensions: [],
      ...options,
    }),
  )
}

describe('a certificate we make', () => {
  for (const kind of ['ecdsa', 'rsa'] as const) {
    it(`is signed with ${kind}`, () => {
      const x509 = issue({ signingKey: keys[kind], publicKey: createPublicKey(keys.rsa) })
      assert.ok(x509.verify(createPublicKey(keys[kind])))
      assert.ok(!x509.verify(createPublicKey(keys[kind === 'rsa' ? 'ecdsa' : 'rsa'])))
      assert.ok(x509.checkPrivateKey(keys.rsa))
    })
  }

  it('says what it was asked to say', () => {
    const x509 = issue()
    assert.equal(x509.serialNumber, 'FF01')
    assert.equal(x509.subject, 'CN=subject')
    assert.equal(x509.issuer, 'C=DE\nST=BY\nL=M\nO=Ö\nOU=U\nCN=issuer')
    assert.equal(Date.parse(x509.validFrom), Date.parse('2026-01-01T00:00:00Z'))
    assert.equal(Date.parse(x509.validTo), Date.parse('2051-01-01T00:00:00Z'))
    assert.equal(x509.subjectAltName, undefined)
  })

  it('holds names and usages', () => {
    const x509 = issue({
      extensions: [
        keyUsage('digitalSignature', 'keyCertSign'),
        extKeyUsage('serverAuth', 'clientAuth'),
        subjectAltName({ dns: ['a.example'], uris: ['sip:b.example'], ips: ['192.0.2.1', '2001:db8::1'] }),
      ],
    })
    assert.deepEqual(x509.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
    assert.equal(
      x509.subjectAltName,
      'DNS:a.example, URI:sip:b.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1',
    )
    // bits 0 and 5, so two bits of the byte do not count
    assert.ok(x509.raw.includes(Buffer.from('0603551d0f0101ff040403020284', 'hex')))
  })
})
