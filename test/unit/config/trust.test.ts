import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { alertInfo, type Phone, parseTrustedDomain, parseTrustHeader } from '../../../src/config/trust.js'

const throws = (act: () => unknown, message: RegExp) =>
  assert.throws(act, (error) => error instanceof UsageError && message.test(error.message))

test('a trusted domain is compared in lower case, without the final dot', () => {
  assert.equal(parseTrustedDomain('Carrier.Example.'), 'carrier.example')
})

for (const text of ['', '*.carrier.example', '*', '192.0.2.1', '2001:db8::1', 'sip:carrier.example', 'a b']) {
  test(`${JSON.stringify(text)} is no domain to trust`, () => {
    throws(() => parseTrustedDomain(text), /is not a domain such as carrier\.example/)
  })
}

for (const name of ['X-Hepgate-Trusted', 'x-trusted', 'Verdict']) {
  test(`${name} may be the header of trust`, () => {
    assert.equal(parseTrustHeader(name), name)
  })
}

for (const name of ['Via', 'FROM', 'route', 'P-Asserted-Identity', 'Alert-Info', 'v', 'K', 'Content-Length']) {
  test(`${name} is taken by SIP`, () => {
    throws(() => parseTrustHeader(name), /has a meaning in SIP/)
  })
}

for (const name of ['', 'X:Y', 'X-Trusted\r\nVia', 'X Y', 'Ä']) {
  test(`${JSON.stringify(name)} is no name of a header`, () => {
    throws(() => parseTrustHeader(name), /is not the name of a SIP header/)
  })
}

const values: [Phone, string, string][] = [
  ['cisco_ata', 'Bellcore-dr1', 'Bellcore-dr1'],
  ['cisco_ata', 'Bellcore-dr4', 'Bellcore-dr4'],
  ['cisco_7960', 'Ring Tone 2', 'Ring Tone 2'],
  ['snom', 'http://192.0.2.1/ring.wav', '<http://192.0.2.1/ring.wav>'],
  ['other', '<urn:alert:service:normal>;info=external', '<urn:alert:service:normal>;info=external'],
]

for (const [phone, ring, value] of values) {
  test(`${ring} on ${phone} is Alert-Info: ${value}`, () => {
    assert.equal(alertInfo(phone, ring), value)
  })
}

const refused: [Phone, string][] = [
  ['cisco_ata', 'Bellcore-dr5'],
  ['cisco_ata', 'Bellcore-dr1\n'],
  ['cisco_7960', 'a\r\nVia: b'],
  ['cisco_7960', 'a\u0085b'],
  ['snom', 'ring.wav'],
  ['snom', 'http://192.0.2.1/a>;b'],
  ['snom', 'http://192.0.2.1/a b'],
  ['other', 'a\u0000b'],
]

for (const [phone, ring] of refused) {
  test(`${JSON.stringify(ring)} is no ring of ${phone}, and breaks no message`, () => {
    throws(() => alertInfo(phone, ring), new RegExp(`is no ring of ${phone}: expected `))
  })
}
