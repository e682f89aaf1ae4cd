/**
 * Keys and certificates of a TLS domain: read from files, checked against each other, kept as what
 * OpenSSL takes. It swaps nothing and remembers nothing; no message it writes holds key material.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { dayMs } from '../base/duration.js'
import { UsageError } from '../base/errors.js'
import type { CertificateFacts } from '../base/facts.js'
import type { ClientDomainConfig, ServerDomainConfig } from '../config/types.js'
import { certificateFacts } from './certificate.js'

/** A certificate with its key. */
export interface Identity {
  /** PEM, the leaf first */
  readonly chain: string
  /** PEM. SECRET */
  readonly key: string
  /** what the chain says, the leaf first */
  readonly certificates: readonly CertificateFacts[]
}

export interface TlsMaterial {
  readonly identities: readonly Identity[]
  /** SECRET */
  readonly password: string | undefined
  /** PEM, one text per file; undefined: the CAs that come with Node.js */
  readonly ca: readonly string[] | undefined
  readonly crl: readonly string[] | undefined
  readonly dhParams: string | undefined
}

export interface MaterialProblem {
  /** error: the domain cannot be used */
  readonly severity: 'error' | 'warning'
  readonly file: string
  readonly message: string
}

/** The smallest part of a domain's configuration that names files. */
export type MaterialConfig = Pick<
  ServerDomainConfig | ClientDomainConfig,
  'certificate' | 'private_key' | 'private_key_password' | 'ca_list' | 'ca_dir' | 'crl' | 'dh_params'
>

/** Long enough to get a certificate from a slow CA, short enough not to become noise with 90-day certificates. */
const expiryWarningDays = 30

/** Reads and checks everything; never throws. Where there is an error the material is not whole. */
export function loadMaterial(
  domain: MaterialConfig,
  now: Date = new Date(),
): { material: TlsMaterial; problems: MaterialProblem[] } {
  const loader = new Loader(now)
  const ca = loader.authorities(domain)
  const material: TlsMaterial = {
    identities: loader.identities(domain, ca?.certificates ?? []),
    password: domain.private_key_password,
    ca: ca?.texts,
    crl: loader.revocationLists(domain.crl),
    dhParams: loader.dhParams(domain.dh_params),
  }
  return { material, problems: loader.problems }
}

/** One certificate with its key, without a passphrase. Throws UsageError with everything that is wrong with them. */
export function readIdentity(certificate: string, privateKey: string): Identity {
  const loader = new Loader(new Date())
  const files = { certificate: [certificate], private_key: [privateKey] }
  const [identity] = loader.identities({ ...nothingElse, ...files }, [])
  const errors = loader.problems.filter(({ severity }) => severity === 'error')
  if (identity !== undefined && errors.length === 0) return identity
  throw new UsageError(errors.map(({ file, message }) => `${file}: ${message}`).join('\n'))
}

const nothingElse = {
  private_key_password: undefined,
  ca_list: undefined,
  ca_dir: undefined,
  crl: undefined,
  dh_params: undefined,
}

class Loader {
  readonly problems: MaterialProblem[] = []
  readonly #now: Date

  constructor(now: Date) {
    this.#now = now
  }

  identities(domain: MaterialConfig, authorities: readonly X509Certificate[]): Identity[] {
    const identities: Identity[] = []
    const kinds = new Map<string, string>()
    domain.certificate.forEach((file, index) => {
      const keyFile = domain.private_key[index]
      const chain = this.#certificates(file)
      if (keyFile === undefined) this.#error(file, 'no private_key belongs to this certificate')
      const key = keyFile === undefined ? undefined : this.#privateKey(keyFile, domain.private_key_password)
      if (chain === undefined || key === undefined) return

      const leaf = chain.certificates[0]!
      if (!leaf.checkPrivateKey(key.object)) {
        this.#error(file, keyMismatch(chain.certificates, key.object, keyFile!))
        return
      }
      // OpenSSL keeps one certificate per kind of key and would silently drop the first.
      const kind = key.object.asymmetricKeyType ?? 'unknown'
      const other = kinds.get(kind)
      if (other !== undefined)
        this.#error(file, `has a key of the same kind (${kind}) as ${other}: one of each is used`)
      kinds.set(kind, file)
      this.#checkValidity(file, leaf)
      this.#checkChain(file, chain.certificates, authorities)
      identities.push({
        chain: chain.text,
        key: key.text,
        certificates: chain.certificates.map(certificateFacts),
      })
    })
    return identities
  }

  /** undefined: none named. */
  authorities(domain: MaterialConfig): { texts: string[]; certificates: X509Certificate[] } | undefined {
    if (domain.ca_list === undefined && domain.ca_dir === undefined) return undefined
    const files = domain.ca_list === undefined ? [] : [domain.ca_list]
    if (domain.ca_dir !== undefined) files.push(...this.#filesIn(domain.ca_dir, /\.(pem|crt|cer)$|^[0-9a-f]{8}\.\d+$/))
    const loaded = files.map((file) => this.#certificates(file)).filter((each) => each !== undefined)
    // c_rehash leaves a link beside each file: the same text twice
    return {
      texts: [...new Set(loaded.map((each) => each.text))],
      certificates: loaded.flatMap((each) => each.certificates),
    }
  }

  revocationLists(path: string | undefined): string[] | undefined {
    if (path === undefined) return undefined
    const files = this.#isDirectory(path) ? this.#filesIn(path, /\.(pem|crl)$|^[0-9a-f]{8}\.r\d+$/) : [path]
    const texts = files.map((file) => this.#accepted(file, 'a CRL in PEM form', (crl) => ({ crl })))
    return [...new Set(texts.filter((text) => text !== undefined))]
  }

  dhParams(file: string | undefined): string | undefined {
    if (file === undefined) return undefined
    const what = 'Diffie-Hellman parameters of 1024 bits or more in PEM form'
    const text = this.#accepted(file, what, (dhparam) => ({ dhparam }))
    // Node passes over what is no PEM without a word
    if (text === undefined || /^-----BEGIN (?:X9\.42 )?DH PARAMETERS-----/m.test(text)) return text
    this.#error(file, `is not ${what}`)
    return undefined
  }

  /** A file that OpenSSL is asked about, where Node has no parser of its own. */
  #accepted(file: string, what: string, option: (text: string) => object): string | undefined {
    const text = this.#read(file)
    if (text === undefined) return undefined
    try {
      createSecureContext(option(text))
      return text
    } catch {
      this.#error(file, `is not ${what}`)
      return undefined
    }
  }

  #certificates(file: string): { text: string; certificates: X509Certificate[] } | undefined {
    const text = this.#read(file)
    if (text === undefined) return undefined
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
    if (blocks.length === 0) {
      this.#error(file, 'holds no certificate in PEM form')
      return undefined
    }
    const certificates: X509Certificate[] = []
    for (const [index, block] of blocks.entries()) {
      const certificate = parsed(block)
      if (certificate === undefined) this.#error(file, `certificate ${index + 1} of ${blocks.length} is broken`)
      else certificates.push(certificate)
    }
    // Only the certificates: a key in the same file has no business among what is handed around.
    return certificates.length === blocks.length ? { text: `${blocks.join('\n')}\n`, certificates } : undefined
  }

  #privateKey(file: string, password: string | undefined): { text: string; object: KeyObject } | undefined {
    const text = this.#read(file)
    if (text === undefined) return undefined
    this.#checkMode(file)
    try {
      const object = createPrivateKey(password === undefined ? text : { key: text, passphrase: password })
      return { text, object }
    } catch {
      this.#error(file, keyProblem(text, password !== undefined))
      return undefined
    }
  }

  #checkMode(file: string): void {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0
    if (mode & 0o007) this.#warn(file, 'the private key is open to every user of this machine: chmod o= it')
  }

  #checkValidity(file: string, leaf: X509Certificate): void {
    const days = (Date.parse(leaf.validTo) - this.#now.getTime()) / dayMs
    if (Date.parse(leaf.validFrom) > this.#now.getTime()) this.#warn(file, `is not valid before ${leaf.validFrom}`)
    else if (days < 0) this.#warn(file, `expired on ${leaf.validTo}`)
    else if (days < expiryWarningDays) this.#warn(file, `expires in ${Math.floor(days)} days, on ${leaf.validTo}`)
  }

  /** RFC 8446 §4.4.2: each certificate should directly certify the one before it. The root may stay away. */
  #checkChain(file: string, chain: readonly X509Certificate[], authorities: readonly X509Certificate[]): void {
    for (let index = 0; index + 1 < chain.length; index++) {
      if (chain[index]!.checkIssued(chain[index + 1]!)) continue
      this.#warn(
        file,
        `certificate ${index + 2} did not issue certificate ${index + 1}: many clients will refuse the chain`,
      )
      return
    }
    const leaf = chain[0]!
    if (chain.length > 1 || isSelfSigned(leaf) || authorities.some((authority) => leaf.checkIssued(authority))) return
    // with a CA file that could not be read this would only be a consequence
    if (this.problems.some(({ severity }) => severity === 'error')) return
    this.#warn(
      file,
      'the chain may be incomplete: the issuer of the certificate is neither in this file nor in ca_list',
    )
  }

  #isDirectory(path: string): boolean {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  }

  #filesIn(dir: string, names: RegExp): string[] {
    try {
      const files = readdirSync(dir).filter((name) => names.test(name))
      if (files.length === 0) this.#warn(dir, 'holds no file that could be used here')
      return files.sort().map((name) => join(dir, name))
    } catch (error) {
      this.#error(dir, readProblem(error as NodeJS.ErrnoException))
      return []
    }
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(file, 'latin1')
    } catch (error) {
      this.#error(file, readProblem(error as NodeJS.ErrnoException))
      return undefined
    }
  }

  #error(file: string, message: string): void {
    this.problems.push({ severity: 'error', file, message })
  }

  #warn(file: string, message: string): void {
    this.problems.push({ severity: 'warning', file, message })
  }
}

function parsed(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

/** `checkIssued` would say no of one that may not sign others. */
function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
}

function keyMismatch(chain: readonly X509Certificate[], key: KeyObject, keyFile: string): string {
  const own = chain.findIndex((certificate) => certificate.checkPrivateKey(key))
  return own < 0
    ? `the key in ${keyFile} does not belong to this certificate`
    : `the key in ${keyFile} belongs to certificate ${own + 1} of this file, which has to come first`
}

function readProblem(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'there is no such file'
    case 'EACCES':
      return 'may not be read by this user'
    default:
      return `cannot be read: ${error.code}`
  }
}

/** Without a word of what OpenSSL says: it is not ours to repeat, and it differs from version to version. */
function keyProblem(text: string, hasPassword: boolean): string {
  if (hasPassword) return 'holds no private key that private_key_password opens'
  const isEncrypted = /^-----BEGIN ENCRYPTED PRIVATE KEY|^Proc-Type: 4,ENCRYPTED/m.test(text)
  return isEncrypted
    ? 'the private key is encrypted: private_key_password is missing'
    : 'holds no private key in PEM form'
}
