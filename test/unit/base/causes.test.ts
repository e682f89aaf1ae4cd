import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Cause, causeEntry, causeSentence, causes } from '../../../src/base/errors.js'

// TRACE §1: "at least"
const promised =
  'no-shared-version no-shared-cipher no-shared-sigalg unknown-ca cert-expired cert-not-yet-valid cert-revoked cert-name-mismatch client-cert-missing not-tls http-on-sip-port sni-unmatched handshake-timeout reset-in-handshake connect-refused connect-timeout unreachable dns-failed bad-sip too-many-chunks message-too-large message-timeout send-timeout postponed-overflow idle peer-reset peer-closed limit-reached shutdown killed'.split(
    ' ',
  )

test('every promised cause is in the table', () => {
  assert.deepEqual(
    promised.filter((code) => !(code in causes)),
    [],
  )
})

test('every cause has a sentence, and a hint unless it is an orderly end', () => {
  for (const [code, entry] of Object.entries(causes)) {
    assert.match(entry.sentence, /^[a-z].{10,}[a-zA-Z)]$/, code)
    if (entry.fate !== 'ended') assert.ok(entry.hint.length > 10, code)
  }
})

test('an alert of the peer is a cause of its own, with its name', () => {
  const cause: Cause = 'peer-alert-unknown_ca'
  assert.equal(causeEntry(cause).fate, 'refused')
  assert.match(causeSentence(cause), /unknown_ca/)
})
