/**
 * Certificates made on the spot: a CA, intermediate CAs, leaves good and bad, CRLs. Everything is
 * synchronous and takes about a millisecond, but for the one RSA key that a process makes when it first needs it.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { boolean, context, contextPrimitive, integer, octetString, pem, sequence, time } from '../../src/tls/der.js'
import {
  type AltNames,
  type DistinguishedName,
  distinguishedName,
  extension,
  extKeyUsage,
  issueCertificate,
  keyUsage,
  signatureAlgorithm,
  signedStructure,
  subjectAltName,
} from '../../src/tls/issue.js'

export type KeyType = 'ecdsa' | 'rsa'

export interface IssueOptions extends AltNames {
  /** default: the first DNS name, or `test` */
  readonly cn?: string
  /** the whole subject, in place of `/O=hepgate test/CN=…` */
  readonly subject?: DistinguishedName
  /** default: a day ago */
  readonly notBefore?: Date
  /** default: in a year */
  readonly notAfter?: Date
  readonly keyType?: KeyType
  /** extended key usage; default: both */
  readonly usage?: 'server' | 'client' | 'both'
  /** more of them, made with `extension()` of src/tls/issue.ts */
  readonly extensions?: readonly Buffer[]
}

export interface TestCertificate {
  readonly certPem: string
  readonly keyPem: string
  /** the certificate and its intermediate CAs, as a server would send them */
  readonly chainPem: string
  /** upper-case hex, as Node prints it */
  readonly serial: string
  readonly key: KeyObject
  readonly x509: X509Certificate
  /** Writes `NAME.pem` (the chain) and `NAME.key` (mode 0600) and returns their paths. */
  writeTo(dir: string, name: string): { certificate: string; privateKey: string }
}

export const dayMs = 24 * 60 * 60 * 1000

export function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * dayMs)
}

export class TestCa {
  readonly certPem: string
  readonly x509: X509Certificate
  readonly #key: KeyObject
  readonly #name: DistinguishedName
  readonly #keyId: Buffer
  /** certificates between this CA and the root, this one first; empty for a root */
  readonly #intermediates: string
  #crlNumber = 0

  private constructor(name: DistinguishedName, keyType: KeyType, parent: TestCa | undefined, notAfter: Date) {
    this.#key = newKey(keyType)
    this.#name = name
    this.#keyId = randomBytes(20)
    this.certPem = pem(
      'CERTIFICATE',
      issueCertificate({
        serial: newSerial(),
        subject: name,
        issuer: parent ? parent.#name : name,
        notBefore: daysFromNow(-2),
        notAfter,
        publicKey: createPublicKey(this.#key),
        signingKey: parent ? parent.#key : this.#key,
        extensions: [
          extension('basicConstraints', sequence(boolean(true)), true),
          keyUsage('keyCertSign', 'crlSign'),
          extension('subjectKeyIdentifier', octetString(this.#keyId)),
          ...(parent ? [parent.#authorityKeyIdentifier()] : []),
        ],
      }),
    )
    this.x509 = new X509Certificate(this.certPem)
    this.#intermediates = parent ? this.certPem + parent.#intermediates : ''
  }

  /** A self-signed root. */
  static create(options: { name?: string; keyType?: KeyType; notAfter?: Date } = {}): TestCa {
    return new TestCa(caName(options.name ?? 'Root CA'), options.keyType ?? 'ecdsa', undefined, endOf(options))
  }

  /** A CA below this one. */
  intermediate(options: { name?: string; keyType?: KeyType; notAfter?: Date } = {}): TestCa {
    return new TestCa(caName(options.name ?? 'Intermediate CA'), options.keyType ?? 'ecdsa', this, endOf(options))
  }

  issue(options: IssueOptions = {}): TestCertificate {
    const key = newKey(options.keyType ?? 'ecdsa')
    const usage = options.usage ?? 'both'
    return testCertificate(
      key,
      issueCertificate({
        serial: newSerial(),
        subject: subjectOf(options),
        issuer: this.#name,
        notBefore: options.notBefore ?? daysFromNow(-1),
        notAfter: endOf(options),
        publicKey: createPublicKey(key),
        signingKey: this.#key,
        extensions: [
          this.#authorityKeyIdentifier(),
          keyUsage('digitalSignature', 'keyEncipherment'),
          usage === 'both' ? extKeyUsage('serverAuth', 'clientAuth') : extKeyUsage(`${usage}Auth`),
          ...altNameExtension(options),
          ...(options.extensions ?? []),
        ],
      }),
      this.#intermediates,
    )
  }

  /** A CRL of this CA in PEM, listing `serials` (as in `TestCertificate.serial`). RFC 5280 §5 */
  crl(serials: readonly string[] = [], options: { thisUpdate?: Date; nextUpdate?: Date } = {}): string {
    const revokedAt = time(daysFromNow(-1))
    const revoked = serials.map((serial) => sequence(integer(Buffer.from(serial, 'hex')), revokedAt))
    const items = [
      integer(1), // version 2
      signatureAlgorithm(this.#key),
      distinguishedName(this.#name),
      time(options.thisUpdate ?? daysFromNow(-1)),
      time(options.nextUpdate ?? daysFromNow(30)),
      ...(revoked.length > 0 ? [sequence(...revoked)] : []),
      crlExtensions(this.#authorityKeyIdentifier(), ++this.#crlNumber),
    ]
    return pem('X509 CRL', signedStructure(this.#key, items))
  }

  /** Writes the certificate of the CA as `NAME.pem` and returns its path. */
  writeTo(dir: string, name = 'ca'): string {
    return writeText(dir, `${name}.pem`, this.certPem)
  }

  #authorityKeyIdentifier(): Buffer {
    return extension('authorityKeyIdentifier', sequence(contextPrimitive(0, this.#keyId)))
  }
}

/** A leaf that signed itself. */
export function selfSigned(options: IssueOptions = {}): TestCertificate {
  const key = newKey(options.keyType ?? 'ecdsa')
  const name = subjectOf(options)
  return testCertificate(
    key,
    issueCertificate({
      serial: newSerial(),
      subject: name,
      issuer: name,
      notBefore: options.notBefore ?? daysFromNow(-1),
      notAfter: endOf(options),
      publicKey: createPublicKey(key),
      signingKey: key,
      extensions: [...altNameExtension(options), ...(options.extensions ?? [])],
    }),
    '',
  )
}

/** Writes a file and returns its path. */
export function writeText(dir: string, name: string, text: string, mode = 0o644): string {
  const path = join(dir, name)
  writeFileSync(path, text, { mode })
  return path
}

function testCertificate(key: KeyObject, der: Buffer, intermediates: string): TestCertificate {
  const x509 = new X509Certificate(der)
  const certPem = pem('CERTIFICATE', der)
  const chainPem = certPem + intermediates
  const keyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    certPem,
    keyPem,
    chainPem,
    serial: x509.serialNumber,
    key,
    x509,
    writeTo: (dir, name) => ({
      certificate: writeText(dir, `${name}.pem`, chainPem),
      privateKey: writeText(dir, `${name}.key`, keyPem, 0o600),
    }),
  }
}

/** All RSA certificates of a process share one key: making it takes a good part of a second. */
let rsaKey: KeyObject | undefined

function newKey(keyType: KeyType): KeyObject {
  if (keyType === 'ecdsa') return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  rsaKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  return rsaKey
}

function newSerial(): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40 // positive, and always the same length
  return serial
}

function caName(name: string): DistinguishedName {
  return [
    ['O', 'hepgate test'],
    ['CN', name],
  ]
}

function subjectOf(options: IssueOptions): DistinguishedName {
  return options.subject ?? caName(options.cn ?? options.dns?.[0] ?? 'test')
}

function endOf(options: { notAfter?: Date }): Date {
  return options.notAfter ?? daysFromNow(365)
}

function altNameExtension(names: AltNames): Buffer[] {
  const any = [names.dns, names.uris, names.ips].some((list) => list !== undefined && list.length > 0)
  return any ? [subjectAltName(names)] : []
}

/** `[0] EXPLICIT Extensions`; a CRL of version 2 has both of these. RFC 5280 §5.2 */
function crlExtensions(authorityKeyIdentifier: Buffer, crlNumber: number): Buffer {
  return context(0, sequence(authorityKeyIdentifier, extension('crlNumber', integer(crlNumber))))
}

/** Diffie-Hellman parameters of RFC 7919 §A.1 in PEM. */
export const ffdhe2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`
