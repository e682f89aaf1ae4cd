import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { certificateFacts, commonNames, subjectAltNames } from '../../../src/tls/certificate.js'
import { context, contextPrimitive, oid, sequence, utf8String } from '../../../src/tls/der.js'
import { type DistinguishedName, extension } from '../../../src/tls/issue.js'
import { selfSigned, TestCa } from '../../support/certificates.js'

const ca = TestCa.create({ name: 'Test CA' })
const subjectOf = (subject: DistinguishedName) => certificateFacts(ca.issue({ subject }).x509).subject

describe('the facts of a certificate', () => {
  it('are its names, serial, dates and fingerprint', () => {
    const { x509, serial } = ca.issue({
      subject: [
        ['C', 'DE'],
        ['O', 'Example'],
        ['CN', 'sip.example.com'],
      ],
      dns: ['sip.example.com'],
      uris: ['sip:example.com'],
      ips: ['192.0.2.1', '2001:db8::1'],
      notBefore: new Date('2026-01-02T03:04:05Z'),
      notAfter: new Date('2060-11-12T13:14:15Z'),
    })
    assert.deepEqual(certificateFacts(x509), {
      subject: '/C=DE/O=Example/CN=sip.example.com',
      issuer: '/O=hepgate test/CN=Test CA',
      serial,
      san: 'DNS:sip.example.com, URI:sip:example.com, IP:192.0.2.1, IP:2001:DB8:0:0:0:0:0:1',
      notBefore: '2026-01-02T03:04:05Z',
      notAfter: '2060-11-12T13:14:15Z',
      sha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    })
    assert.match(serial, /^[0-9A-F]{32}$/)
  })

  it('are empty texts where a name is empty or missing', () => {
    const { subject, san } = certificateFacts(ca.issue({ subject: [] }).x509)
    assert.equal(subject, '')
    assert.equal(san, '')
  })

  it('are one line, whatever is in a name, and letters beyond ASCII stay', () => {
    assert.equal(subjectOf([['O', 'a\nb\u001bc']]), '/O=a\\x0Ab\\x1Bc')
    assert.equal(subjectOf([['O', 'Müller & Søn, 東京']]), '/O=Müller & Søn, 東京')
  })

  it('leave a date that is none as OpenSSL shows it', () => {
    const der = Buffer.from(ca.issue({ notAfter: new Date('2031-02-03T04:05:06Z') }).x509.raw)
    der.write('319903', der.indexOf('310203040506Z'))
    assert.equal(certificateFacts(new X509Certificate(der)).notAfter, 'Bad time value')
  })

  it('do not let a value pass for another attribute', () => {
    assert.equal(subjectOf([['CN', 'a/CN=b+O=c']]), '/CN=a\\/CN=b\\+O=c')
    assert.equal(subjectOf([['CN', 'a\nCN=b']]), '/CN=a\\x0ACN=b')
    assert.equal(subjectOf([['CN', ' "x"\\, <y>; #z ']]), '/CN= "x"\\\\, <y>; #z ')
    assert.equal(
      subjectOf([
        ['O', 'a\\'],
        ['CN', 'b'],
      ]),
      '/O=a\\\\/CN=b',
    )
  })

  it('do not let one alternative name pass for two', () => {
    const { san } = certificateFacts(ca.issue({ dns: ['x, DNS:y', 'a\\', 'b\u0000\u001b'] }).x509)
    assert.equal(san, 'DNS:x\\, DNS:y, DNS:a\\\\, DNS:b\\x00\\x1B')
  })

  it('show several attributes in one relative name as OpenSSL does', () => {
    const x509 = new X509Certificate(multiValued)
    assert.equal(certificateFacts(x509).subject, '/C=DE/OU=b+O=Ex/CN=c')
  })
})

describe('subject alternative names', () => {
  it('are told apart even when one is made to look like two', () => {
    const { x509 } = ca.issue({ dns: ['a.example.com, DNS:b.example.com', 'c"d', 'e'], uris: ['sip:f,DNS:g'] })
    assert.deepEqual(subjectAltNames(x509), [
      { type: 'DNS', value: 'a.example.com, DNS:b.example.com' },
      { type: 'DNS', value: 'c"d' },
      { type: 'DNS', value: 'e' },
      { type: 'URI', value: 'sip:f,DNS:g' },
    ])
  })

  it('of kinds we do not use are passed over without harm', () => {
    const names = [
      contextPrimitive(2, Buffer.from('a.example.com')), // dNSName
      contextPrimitive(1, Buffer.from('x@y.example')), // rfc822Name
      context(0, oid('1.3.6.1.5.5.7.8.99'), context(0, utf8String('b'))), // otherName
      contextPrimitive(8, Buffer.from('2a0304', 'hex')), // registeredID
    ]
    const { x509 } = ca.issue({ extensions: [extension('subjectAltName', sequence(...names))] })
    assert.deepEqual(
      subjectAltNames(x509).map(({ type }) => type),
      ['DNS', 'email', 'othername', 'Registered ID'],
    )
  })
})

describe('common names', () => {
  it('are read from the subject alone, most specific last', () => {
    const { x509 } = ca.issue({
      subject: [
        ['CN', 'outer'],
        ['O', 'CN=no'],
        ['CN', 'in, ner'],
      ],
    })
    assert.deepEqual(commonNames(x509), ['outer', 'in, ner'])
    assert.deepEqual(commonNames(selfSigned({ subject: [] }).x509), [])
  })
})

/** Made with: openssl req -x509 -newkey ec -multivalue-rdn -subj '/C=DE/O=Ex+OU=b/CN=c' */
const multiValued = `-----BEGIN CERTIFICATE-----
MIIBtzCCAV2gAwIBAgIUeitJYHInAz2OgdL2ap48Kg/PYTQwCgYIKoZIzj0EAwIw
MDELMAkGA1UEBhMCREUxFTAIBgNVBAsMAWIwCQYDVQQKDAJFeDEKMAgGA1UEAwwB
YzAgFw0yNjExMjIyMDUxMzJaGA8yMTI2MTAyOTIwNTEzMlowMDELMAkGA1UEBhMC
REUxFTAIBgNVBAsMAWIwCQYDVQQKDAJFeDEKMAgGA1UEAwwBYzBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABMFvi8RSRhfZIR30O4r7pWeArZZzWXAJzILv9PzVko67
x4CXK1FjyYtaaBGR84iT0qATOEbv7E9t7T65oztlrZGjUzBRMB0GA1UdDgQWBBQT
Av8fQTIGIERxJwgERa7ZjRFqBzAfBgNVHSMEGDAWgBQTAv8fQTIGIERxJwgERa7Z
jRFqBzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDmw/pXABzA
M1ey9TUSVcWiXqu6/g/iStexYjxDaK0QRQIgDVg53XI4B1SHsIkVO5bRma7A8QRI
vfxwvsmyTVNFgdE=
-----END CERTIFICATE-----`
