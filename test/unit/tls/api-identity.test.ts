import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { silentLog } from '../../../src/base/log.js'
import { configuredApiIdentity, loadApiIdentity } from '../../../src/tls/api-identity.js'
import { daysFromNow, selfSigned, TestCa } from '../../support/certificates.js'
import { tempDir } from '../../support/tmp.js'

function files(names: { certificate: string; privateKey: string }) {
  return { certificate: names.certificate, private_key: names.privateKey }
}

test('without files there is no certificate, and nothing to complain about', () => {
  const none = { certificate: undefined, private_key: undefined }
  assert.equal(configuredApiIdentity(none, silentLog), undefined)
})

test('a certificate is read with its chain and its key', (t) => {
  const certificate = TestCa.create()
    .intermediate()
    .issue({ dns: ['gw.example.com'] })
  const identity = configuredApiIdentity(files(certificate.writeTo(tempDir(t), 'api')), silentLog)
  assert.equal(identity?.chain.match(/BEGIN CERTIFICATE/g)?.length, 2)
  assert.equal(identity?.key, certificate.keyPem)
})

test('what cannot be used is refused with the name of its file', (t) => {
  const dir = tempDir(t)
  const [one, other] = [selfSigned().writeTo(dir, 'one'), selfSigned().writeTo(dir, 'other')]
  const missing = join(dir, 'missing.pem')
  for (const [api, says] of [
    [{ ...files(one), certificate: missing }, /^api: .*missing\.pem: /],
    [{ ...files(one), private_key: other.privateKey }, /^api: .*one\.pem: .*other\.key/s],
  ] as const) {
    assert.throws(
      () => configuredApiIdentity(api, silentLog),
      (error) => error instanceof UsageError && says.test(error.message),
    )
  }
})

test('a certificate that has expired is used, with a warning', (t) => {
  const expired = selfSigned({ notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }).writeTo(tempDir(t), 'old')
  const warnings: unknown[] = []
  const log = { ...silentLog, warn: (...line: unknown[]) => warnings.push(line) }
  assert.ok(configuredApiIdentity(files(expired), log))
  assert.match(JSON.stringify(warnings), /api\.certificate: expired on/)
  assert.equal(loadApiIdentity(files(expired)).problems[0]?.file, expired.certificate)
})
