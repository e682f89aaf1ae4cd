import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matchesIdentity, sipDomains, sipIdentities } from '../../../src/tls/peer.js'
import { type IssueOptions, TestCa } from '../../support/certificates.js'

const ca = TestCa.create()
const certificate = (options: IssueOptions) => ca.issue(options).x509
const identities = (options: IssueOptions) => sipIdentities(certificate(options))

describe('SIP identities of a certificate (RFC 5922 §7.1)', () => {
  it('are the hosts of SIP URIs and the DNS names, in lower case', () => {
    assert.deepEqual(identities({ uris: ['sip:Example.COM'], dns: ['Sip1.Example.com.'] }), {
      uris: ['example.com'],
      dns: ['sip1.example.com'],
      cn: undefined,
    })
  })

  it('are no URIs of another scheme, none with a user, none that are broken', () => {
    const uris = [
      'sips:a.example',
      'https://b.example/',
      'sip:alice@c.example',
      'sip:d.example?x=@y',
      'sip:',
      'sip:e f',
    ]
    assert.deepEqual(identities({ uris }).uris, [])
    assert.deepEqual(identities({ uris: ['SIP:g.example:5061;transport=tls'] }).uris, ['g.example'])
  })

  it('are the common name only where there is no alternative name at all', () => {
    assert.equal(identities({ cn: 'Sip.Example.com' }).cn, 'sip.example.com')
    assert.equal(identities({ cn: 'sip.example.com', ips: ['192.0.2.1'] }).cn, undefined)
    assert.equal(identities({ subject: [] }).cn, undefined)
  })
})

describe('the SIP domains of a peer', () => {
  const domains = (options: IssueOptions) => sipDomains(certificate(options))

  it('are the URIs, without any the DNS names, without any name the common name', () => {
    assert.deepEqual(domains({ uris: ['sip:Example.COM'], dns: ['sip1.example.com'] }), ['example.com'])
    assert.deepEqual(domains({ dns: ['A.example', 'b.example'], cn: 'c.example' }), ['a.example', 'b.example'])
    assert.deepEqual(domains({ cn: 'C.example' }), ['c.example'])
    assert.deepEqual(domains({ cn: 'c.example', ips: ['192.0.2.1'] }), [])
  })

  it('are nothing that cannot be one, and none that pretends to be two', () => {
    assert.deepEqual(domains({ cn: 'Alice Smith' }), [])
    assert.deepEqual(domains({ dns: ['evil.org,sip.example.com', 'a.example'] }), ['a.example'])
  })
})

describe('the name we meant to reach (RFC 5922 §7.2)', () => {
  it('matches whole names without case', () => {
    const x509 = certificate({ dns: ['sip.example.com'] })
    for (const name of ['sip.example.com', 'SIP.Example.Com', 'sip.example.com.'])
      assert.ok(matchesIdentity(x509, name), name)
    for (const name of ['example.com', 'a.sip.example.com', 'sip.example.co', 'sip.example.com.evil.org', '']) {
      assert.ok(!matchesIdentity(x509, name), name)
    }
  })

  it('matches the common name of a certificate without alternative names', () => {
    assert.ok(matchesIdentity(certificate({ cn: 'sip.example.com' }), 'sip.example.com'))
    assert.ok(!matchesIdentity(certificate({ cn: 'sip.example.com', dns: ['other.example.com'] }), 'sip.example.com'))
  })

  it('looks at SIP URIs first, and at DNS names only without them', () => {
    const x509 = certificate({ uris: ['sip:example.com'], dns: ['sip1.example.com'] })
    assert.ok(matchesIdentity(x509, 'example.com'))
    assert.ok(!matchesIdentity(x509, 'sip1.example.com'))
    assert.ok(matchesIdentity(certificate({ uris: ['https://example.com'], dns: ['a.example'] }), 'a.example'))
  })

  it('matches a wildcard only where that is allowed, and then one label of it', () => {
    const x509 = certificate({ dns: ['*.example.com'] })
    assert.ok(!matchesIdentity(x509, 'sip.example.com'))
    assert.ok(!matchesIdentity(x509, 'sip.example.com', { allowWildcard: false }))
    assert.ok(matchesIdentity(x509, 'Sip.Example.com', { allowWildcard: true }))
    for (const name of ['example.com', 'a.b.example.com', '.example.com', 'sip.example.org']) {
      assert.ok(!matchesIdentity(x509, name, { allowWildcard: true }), name)
    }
    assert.ok(!matchesIdentity(certificate({ dns: ['*.com'] }), 'example.com', { allowWildcard: true }))
    for (const dns of ['*', '*.com', '*.*.example.com', 's*.example.com', 'sip.*.com']) {
      assert.ok(!matchesIdentity(certificate({ dns: [dns] }), 'sip.example.com', { allowWildcard: true }), dns)
    }
  })

  it('that is an address matches address entries only, however they are written', () => {
    const x509 = certificate({ cn: '192.0.2.9', ips: ['192.0.2.1', '2001:db8::1'], dns: ['192.0.2.2'] })
    assert.ok(matchesIdentity(x509, '192.0.2.1'))
    assert.ok(matchesIdentity(x509, '2001:0DB8:0::0001'))
    assert.ok(!matchesIdentity(x509, '192.0.2.2'))
    assert.ok(!matchesIdentity(x509, '192.0.2.9'))
    assert.ok(!matchesIdentity(certificate({ cn: '192.0.2.9' }), '192.0.2.9'))
  })

  it('is not found inside another name that quotes it', () => {
    const x509 = certificate({
      dns: ['evil.org, DNS:sip.example.com'],
      uris: ['https://evil.org/,DNS:sip.example.com'],
    })
    assert.ok(!matchesIdentity(x509, 'sip.example.com', { allowWildcard: true }))
  })
})
