import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { loadMaterial, type MaterialConfig } from '../../../src/tls/material.js'
import {
  daysFromNow,
  ffdhe2048,
  type IssueOptions,
  selfSigned,
  TestCa,
  type TestCertificate,
  writeText,
} from '../../support/certificates.js'
import { tempDir } from '../../support/tmp.js'

const ca = TestCa.create({ name: 'Root' })
const dir = tempDir({ after })
const caFile = ca.writeTo(dir)

const load = (config: Partial<MaterialConfig>, now?: Date) =>
  loadMaterial(
    {
      certificate: [],
      private_key: [],
      private_key_password: undefined,
      ca_list: undefined,
      ca_dir: undefined,
      crl: undefined,
      dh_params: undefined,
      ...config,
    },
    now,
  )

let files = 0
/** Writes certificates and keys to new files and names them in a configuration. */
function filesOf(...pairs: TestCertificate[]): { certificate: string[]; private_key: string[] } {
  const written = pairs.map((pair) => pair.writeTo(dir, `pair-${++files}`))
  return {
    certificate: written.map(({ certificate }) => certificate),
    private_key: written.map(({ privateKey }) => privateKey),
  }
}

const problemsOf = (...args: Parameters<typeof load>) => load(...args).problems

/** That there is exactly this problem, with that file. */
function assertProblem(problems: ReturnType<typeof problemsOf>, severity: string, file: string, message: RegExp): void {
  assert.equal(problems.length, 1, JSON.stringify(problems))
  assert.deepEqual([problems[0]!.severity, problems[0]!.file], [severity, file])
  assert.match(problems[0]!.message, message)
}

describe('material that is in order', () => {
  it('is loaded without a word', () => {
    const leaf = ca.intermediate().issue({ dns: ['sip.example.com'] })
    const { material, problems } = load({ ...filesOf(leaf), ca_list: caFile })
    assert.deepEqual(problems, [])
    assert.equal(material.identities[0]!.chain, leaf.chainPem.trimEnd().concat('\n'))
    assert.equal(material.identities[0]!.key, leaf.keyPem)
    const { certificates } = material.identities[0]!
    assert.equal(certificates[0]!.san, 'DNS:sip.example.com')
    assert.deepEqual(
      certificates.map(({ subject }) => subject),
      ['/O=hepgate test/CN=sip.example.com', '/O=hepgate test/CN=Intermediate CA'],
    )
    assert.deepEqual(material.ca, [ca.certPem])
  })

  it('may be an RSA and an ECDSA certificate', () => {
    const { material, problems } = load({
      ...filesOf(ca.issue({ keyType: 'rsa' }), ca.issue({ keyType: 'ecdsa' })),
      ca_list: caFile,
    })
    assert.deepEqual(problems, [])
    assert.equal(material.identities.length, 2)
  })

  it('may be a certificate that signed itself', () => {
    assert.deepEqual(problemsOf(filesOf(selfSigned())), [])
  })

  it('may be nothing at all, as for a client without a certificate', () => {
    const { material, problems } = load({})
    assert.deepEqual(problems, [])
    assert.deepEqual(material, {
      identities: [],
      password: undefined,
      ca: undefined,
      crl: undefined,
      dhParams: undefined,
    })
  })

  it('may be a key that its password opens', () => {
    const pair = ca.issue()
    const encrypted = (type: 'pkcs8' | 'sec1') =>
      pair.key.export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' }).toString()
    const private_key = [writeText(dir, 'encrypted.key', encrypted('pkcs8'), 0o600)]
    const { material, problems } = load({
      ...filesOf(pair),
      private_key,
      private_key_password: 'open sesame',
      ca_list: caFile,
    })
    assert.deepEqual(problems, [])
    assert.equal(material.password, 'open sesame')
    assertProblem(
      problemsOf({ ...filesOf(pair), private_key, ca_list: caFile }),
      'error',
      private_key[0]!,
      /encrypted: private_key_password is missing/,
    )
    assertProblem(
      problemsOf({ ...filesOf(pair), private_key, private_key_password: 'wrong', ca_list: caFile }),
      'error',
      private_key[0]!,
      /private_key_password opens/,
    )
    const old = [writeText(dir, 'encrypted-sec1.key', encrypted('sec1'), 0o600)]
    assertProblem(problemsOf({ ...filesOf(pair), private_key: old, ca_list: caFile }), 'error', old[0]!, /encrypted/)
  })
})

describe('a directory of CAs', () => {
  it('gives what looks like a certificate or a hash link, each once', (t) => {
    const caDir = tempDir(t)
    const other = TestCa.create({ name: 'Other' })
    ca.writeTo(caDir, 'a')
    symlinkSync('a.pem', join(caDir, '0a1b2c3d.0'))
    writeText(caDir, 'b.crt', other.certPem)
    writeText(caDir, 'README', 'not a certificate')
    const { material, problems } = load({ ca_dir: caDir })
    assert.deepEqual(problems, [])
    assert.deepEqual(material.ca, [ca.certPem, other.certPem])
  })

  it('adds to ca_list', (t) => {
    const caDir = tempDir(t)
    const other = TestCa.create({ name: 'Other' })
    other.writeTo(caDir)
    assert.deepEqual(load({ ca_list: caFile, ca_dir: caDir }).material.ca, [ca.certPem, other.certPem])
  })

  it('that is empty or missing is a problem', (t) => {
    const caDir = tempDir(t)
    assertProblem(problemsOf({ ca_dir: caDir }), 'warning', caDir, /no file/)
    const missing = join(caDir, 'missing')
    assertProblem(problemsOf({ ca_dir: missing }), 'error', missing, /no such file/)
  })
})

describe('CRLs and Diffie-Hellman parameters', () => {
  it('are read from a file or a directory', (t) => {
    const crlDir = tempDir(t)
    const text = ca.crl()
    const file = writeText(crlDir, 'ca.crl', text)
    symlinkSync('ca.crl', join(crlDir, '0a1b2c3d.r0'))
    assert.deepEqual(load({ crl: file }).material.crl, [text])
    assert.deepEqual(load({ crl: crlDir }).material.crl, [text])
    assert.deepEqual(problemsOf({ crl: crlDir }), [])
  })

  it('that are something else are errors', () => {
    const text = writeText(dir, 'text.pem', 'text')
    assertProblem(problemsOf({ crl: text }), 'error', text, /CRL/)
    assertProblem(problemsOf({ dh_params: text }), 'error', text, /Diffie-Hellman/)
    const weak = writeText(
      dir,
      'weak.pem',
      '-----BEGIN DH PARAMETERS-----\nMAYCAQcCAQI=\n-----END DH PARAMETERS-----\n',
    )
    assertProblem(problemsOf({ dh_params: weak }), 'error', weak, /1024 bits/)
    const missing = join(dir, 'missing.pem')
    assertProblem(problemsOf({ crl: missing }), 'error', missing, /no such file/)
    assertProblem(problemsOf({ dh_params: missing }), 'error', missing, /no such file/)
  })

  it('in PKCS #3 form are accepted', () => {
    const file = writeText(dir, 'dh.pem', ffdhe2048)
    const { material, problems } = load({ dh_params: file })
    assert.deepEqual(problems, [])
    assert.equal(material.dhParams, ffdhe2048)
  })
})

describe('a certificate or key that cannot be used', () => {
  const pair = ca.issue()
  const { certificate, private_key } = filesOf(pair)
  const good = { certificate, private_key, ca_list: caFile }

  it('is named when its file is missing', () => {
    const missing = join(dir, 'missing.pem')
    assertProblem(problemsOf({ ...good, certificate: [missing] }), 'error', missing, /no such file/)
    assertProblem(problemsOf({ ...good, private_key: [missing] }), 'error', missing, /no such file/)
    assertProblem(problemsOf({ ...good, ca_list: missing }), 'error', missing, /no such file/)
  })

  it('is named when it is a directory', () => {
    const folder = join(dir, 'folder.pem')
    mkdirSync(folder)
    assertProblem(problemsOf({ ...good, certificate: [folder] }), 'error', folder, /cannot be read: EISDIR/)
  })

  it('is named when its file holds something else', () => {
    const text = writeText(dir, 'other.pem', 'hello')
    assertProblem(problemsOf({ ...good, certificate: [text] }), 'error', text, /no certificate/)
    const noKey = writeText(dir, 'no.key', 'hello', 0o600)
    assertProblem(problemsOf({ ...good, private_key: [noKey] }), 'error', noKey, /no private key/)
    const broken = writeText(
      dir,
      'broken.pem',
      pair.certPem + pair.certPem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
    )
    assertProblem(problemsOf({ ...good, certificate: [broken] }), 'error', broken, /certificate 2 of 2 is broken/)
  })

  it('is named when the key belongs to another', () => {
    const other = filesOf(ca.issue())
    const problems = problemsOf({ ...good, private_key: other.private_key })
    assertProblem(problems, 'error', certificate[0]!, /does not belong to this certificate/)
    assert.ok(problems[0]!.message.includes(other.private_key[0]!))
  })

  it('is named when the chain is upside down', () => {
    const leaf = ca.intermediate().issue()
    const [first, second] = leaf.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/)
    const file = writeText(dir, 'upside-down.pem', second! + first!)
    const problems = problemsOf({ ...filesOf(leaf), certificate: [file], ca_list: caFile })
    assertProblem(problems, 'error', file, /belongs to certificate 2 of this file, which has to come first/)
  })

  it('is named when no key goes with it', () => {
    assertProblem(problemsOf({ ...good, private_key: [] }), 'error', certificate[0]!, /no private_key/)
  })

  it('is named when there is another of its kind', () => {
    const both = filesOf(ca.issue(), ca.issue())
    assertProblem(problemsOf({ ...both, ca_list: caFile }), 'error', both.certificate[1]!, /same kind \(ec\)/)
  })

  it('never has its key in a message', () => {
    const secret = pair.keyPem.split('\n')[1]!
    const damaged = writeText(dir, 'damaged.key', pair.keyPem.replace('MIG', 'MIX'), 0o600)
    const swapped = { ...good, certificate: private_key, private_key: certificate }
    for (const problems of [problemsOf({ ...good, private_key: [damaged] }), problemsOf(swapped)]) {
      assert.ok(problems.some(({ severity }) => severity === 'error'))
      assert.ok(!JSON.stringify(problems).includes(secret.slice(3, 20)))
    }
  })
})

describe('a certificate that will cause trouble', () => {
  const warningFor = (options: IssueOptions, message: RegExp, now?: Date) => {
    const config = { ...filesOf(ca.issue(options)), ca_list: caFile }
    assertProblem(problemsOf(config, now), 'warning', config.certificate[0]!, message)
  }

  it('is one that has expired, will soon or is not valid yet', () => {
    warningFor({ notBefore: daysFromNow(-9), notAfter: daysFromNow(-1) }, /^expired on /)
    warningFor({ notAfter: daysFromNow(10.5) }, /^expires in 10 days, on /)
    warningFor({ notBefore: daysFromNow(1) }, /^is not valid before /)
    warningFor({ notAfter: new Date('2030-01-01T00:00:00Z') }, /^expires in 29 days/, new Date('2029-12-02T12:00:00Z'))
    assert.deepEqual(problemsOf({ ...filesOf(ca.issue({ notAfter: daysFromNow(31) })), ca_list: caFile }), [])
  })

  it('is one whose issuer is nowhere', () => {
    const leaf = ca.intermediate().issue()
    const alone = { private_key: filesOf(leaf).private_key, certificate: [writeText(dir, 'alone.pem', leaf.certPem)] }
    assertProblem(
      problemsOf({ ...alone, ca_list: caFile }),
      'warning',
      alone.certificate[0]!,
      /chain may be incomplete/,
    )
  })

  it('is one whose issuer merely has the same name', () => {
    const leaf = TestCa.create({ name: 'Root' }).issue()
    const config = filesOf(leaf)
    const again = TestCa.create({ name: 'test' }).issue({ cn: 'test' })
    assertProblem(problemsOf({ ...config, ca_list: caFile }), 'warning', config.certificate[0]!, /incomplete/)
    assert.equal(again.x509.subject, again.x509.issuer)
    const lookalike = filesOf(again)
    assertProblem(problemsOf({ ...lookalike, ca_list: caFile }), 'warning', lookalike.certificate[0]!, /incomplete/)
  })

  it('is one with a stranger in its chain', () => {
    const leaf = ca.issue()
    const file = writeText(dir, 'stranger.pem', leaf.certPem + TestCa.create({ name: 'Stranger' }).certPem)
    const problems = problemsOf({ ...filesOf(leaf), certificate: [file], ca_list: caFile })
    assertProblem(problems, 'warning', file, /certificate 2 did not issue certificate 1/)
  })

  it('is one whose key everybody may read', () => {
    const config = { ...filesOf(ca.issue()), ca_list: caFile }
    chmodSync(config.private_key[0]!, 0o640)
    assert.deepEqual(problemsOf(config), [])
    chmodSync(config.private_key[0]!, 0o644)
    assertProblem(problemsOf(config), 'warning', config.private_key[0]!, /every user/)
  })
})
