/**
 * The certificate of a gateway that was given none: made on the first start, kept in the state
 * directory, used again on later starts. It is nobody's proof of anything but that the peer is still the same.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { dayMs } from '../base/duration.js'
import type { ServerDomainConfig } from '../config/types.js'
import { bareDomain } from './bare-domain.js'
import { pem } from './der.js'
import { extKeyUsage, issueCertificate, keyUsage, subjectAltName } from './issue.js'

/** The longest that Apple's clients accept from a CA of one's own. */
const validDays = 825
const renewBeforeDays = 30
/** For peers whose clocks are slow. */
const backdatedDays = 1
/** RFC 5280 appendix A.1, ub-common-name */
const maxCommonName = 64

export interface SelfSigned {
  /** paths of PEM files */
  readonly certificate: string
  readonly privateKey: string
  /** false: it was there already */
  readonly created: boolean
}

/**
 * `names`: host names and IP addresses it shall hold; the first one is its common name. One that is there, and
 * good for another 30 days, is kept even if the names have changed: peers may have been told to trust it.
 */
export async function ensureSelfSigned(stateDir: string, names: readonly string[], now: Date): Promise<SelfSigned> {
  const certificate = join(stateDir, 'self-signed.pem')
  const privateKey = join(stateDir, 'self-signed.key')
  if (await isUsable(certificate, privateKey, now)) return { certificate, privateKey, created: false }

  const key = (await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' })).privateKey
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  await writeWhole(privateKey, key.export({ type: 'pkcs8', format: 'pem' }).toString())
  await writeWhole(certificate, selfSignedPem(key, [...new Set(names)], now))
  return { certificate, privateKey, created: true }
}

/** The server domain for it, since nobody declared one. It serves every name and asks for no certificate. */
export function selfSignedDomain({ certificate, privateKey }: SelfSigned): ServerDomainConfig {
  return { ...bareDomain, name: 'self-signed', certificate: [certificate], private_key: [privateKey] }
}

/** Also false for a pair that does not belong together: a crash between the two writes leaves one. */
async function isUsable(certificate: string, privateKey: string, now: Date): Promise<boolean> {
  try {
    const x509 = new X509Certificate(await readFile(certificate))
    const key = createPrivateKey(await readFile(privateKey))
    return x509.checkPrivateKey(key) && Date.parse(x509.validTo) - now.getTime() > renewBeforeDays * dayMs
  } catch {
    return false
  }
}

function selfSignedPem(key: KeyObject, names: readonly string[], now: Date): string {
  const serial = randomBytes(16)
  serial[0]! &= 0x7f
  const [first = ''] = names
  const name = [
    ['O', 'hepgate'],
    ['CN', first.length > 0 && first.length <= maxCommonName ? first : 'hepgate'],
  ] as const
  const der = issueCertificate({
    serial,
    subject: name,
    issuer: name,
    notBefore: new Date(now.getTime() - backdatedDays * dayMs),
    notAfter: new Date(now.getTime() + validDays * dayMs),
    publicKey: createPublicKey(key),
    signingKey: key,
    extensions: [
      keyUsage('digitalSignature'),
      extKeyUsage('serverAuth', 'clientAuth'),
      subjectAltName({
        dns: names.filter((each) => isIP(each) === 0),
        ips: names.filter((each) => isIP(each) !== 0),
      }),
    ],
  })
  return pem('CERTIFICATE', der)
}

/** The file is there whole or not at all, and never open to others. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
  await rename(temporary, path)
}
