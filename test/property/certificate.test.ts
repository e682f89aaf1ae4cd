/** Certificates of peers: whatever their names hold, the facts are one line each and no name passes for another. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { certificateFacts, subjectAltNames } from '../../src/tls/certificate.js'
import { contextPrimitive, sequence } from '../../src/tls/der.js'
import { extension } from '../../src/tls/issue.js'
import { matchesIdentity } from '../../src/tls/peer.js'
import { TestCa } from '../support/certificates.js'

const ca = TestCa.create()
/** Characters that mean something to somebody on the way, and any others. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...', :"\\/+=\n\0DNSURICN'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 20,
})
const attribute = fc.tuple(fc.constantFrom('C', 'O', 'CN', 'OU'), text)
const bytes = fc.oneof(
  text.map((value) => Buffer.from(value)),
  fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array)),
)
const dnsName = bytes.map((value) => ({ type: 'DNS', der: contextPrimitive(2, value) }))
const uri = bytes.map((value) => ({ type: 'URI', der: contextPrimitive(6, value) }))
const email = bytes.map((value) => ({ type: 'email', der: contextPrimitive(1, value) }))

describe('the facts of any certificate', () => {
  it('are one line of printable text, with as many attributes as the name has', () => {
    fc.assert(
      fc.property(fc.array(attribute, { maxLength: 5 }), (subject) => {
        const facts = certificateFacts(ca.issue({ subject }).x509)
        assert.doesNotMatch(facts.subject, /[\x00-\x1f\x7f-\x9f]/)
        assert.equal(facts.subject.replace(/\\./g, '').split('/').length - 1, subject.length)
      }),
      { numRuns: 300 },
    )
  })

  it('hold each alternative name once, by its kind', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(dnsName, uri, email), { minLength: 1, maxLength: 5 }), (names) => {
        const san = extension('subjectAltName', sequence(...names.map(({ der }) => der)))
        const { x509 } = ca.issue({ cn: 'sip.example.com', extensions: [san] })
        assert.deepEqual(
          subjectAltNames(x509).map(({ type }) => type),
          names.map(({ type }) => type),
        )
        assert.equal(matchesIdentity(x509, 'sip.example.com', { allowWildcard: true }), false)
      }),
      { numRuns: 500 },
    )
  })
})
