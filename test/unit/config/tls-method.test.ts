import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { parseTlsMethod } from '../../../src/config/tls-method.js'
import type { TlsVersion } from '../../../src/config/types.js'

const spellings: [string, TlsVersion, TlsVersion][] = [
  ['SSLv23', 'TLSv1.2', 'TLSv1.3'],
  ['TLSv1', 'TLSv1', 'TLSv1'],
  ['TLSv1_1', 'TLSv1.1', 'TLSv1.1'],
  ['TLSv1_2', 'TLSv1.2', 'TLSv1.2'],
  ['TLSv1_3', 'TLSv1.3', 'TLSv1.3'],
  ['TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
  ['tlsv1_2', 'TLSv1.2', 'TLSv1.2'],
  ['TLSv1_2-TLSv1_3', 'TLSv1.2', 'TLSv1.3'],
  ['TLSv1 - TLSv1.2', 'TLSv1', 'TLSv1.2'],
  ['TLSv1_2-', 'TLSv1.2', 'TLSv1.3'],
  ['TLSv1-', 'TLSv1', 'TLSv1.3'],
]

for (const [text, min_version, max_version] of spellings) {
  test(`${text} is ${min_version} to ${max_version}`, () => {
    assert.deepEqual(parseTlsMethod(text), { min_version, max_version })
  })
}

const refused: [string, RegExp][] = [
  ['', /is not a TLS method/],
  ['TLSv9', /"TLSv9" is not a TLS method: expected SSLv23, TLSv1,/],
  ['TLSv1_3-TLSv1_2', /is an empty range/],
  ['-TLSv1_2', /is not a TLS method/],
  ['TLSv1-TLSv1_2-TLSv1_3', /is not a TLS method/],
  ['TLSv1_2-SSLv23', /is not a TLS method/],
  ['SSLv3', /SSL is not spoken any more \(RFC 7568\)/],
]

for (const [text, message] of refused) {
  test(`${JSON.stringify(text)} is not a TLS method`, () => {
    assert.throws(
      () => parseTlsMethod(text),
      (error) => error instanceof UsageError && message.test(error.message),
    )
  })
}
