/**
 * Makes and signs X.509 certificates (RFC 5280) with ECDSA or RSA and SHA-256: what a self-signed
 * certificate needs. Never generates or stores keys, knows no clock and no policy.
 */
import { type KeyObject, sign } from 'node:crypto'
import { inetBytes } from '../base/inet.js'
import {
  bitString,
  boolean,
  context,
  contextPrimitive,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.js'

/** Relative names in order, root first: `[['C', 'DE'], ['CN', 'sip.example.com']]`. */
export type DistinguishedName = readonly (readonly [type: keyof typeof attributeTypes, value: string])[]

export interface CertificateRequest {
  /** big-endian, positive, at most 20 bytes (RFC 5280 §4.1.2.2) */
  readonly serial: Buffer
  readonly subject: DistinguishedName
  readonly issuer: DistinguishedName
  readonly notBefore: Date
  readonly notAfter: Date
  readonly publicKey: KeyObject
  /** private key of the issuer; an EC or RSA key */
  readonly signingKey: KeyObject
  /** made by `extension()` and `subjectAltName()` */
  readonly extensions: readonly Buffer[]
}

/** The certificate in DER. */
export function issueCertificate(request: CertificateRequest): Buffer {
  return signedStructure(request.signingKey, [
    context(0, integer(2)), // version 3
    integer(request.serial),
    signatureAlgorithm(request.signingKey),
    distinguishedName(request.issuer),
    sequence(time(request.notBefore), time(request.notAfter)),
    distinguishedName(request.subject),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    ...(request.extensions.length > 0 ? [context(3, sequence(...request.extensions))] : []),
  ])
}

/** `tbs` items, the algorithm and the signature over them: the frame of certificates and CRLs alike. */
export function signedStructure(signingKey: KeyObject, items: readonly Buffer[]): Buffer {
  const tbs = sequence(...items)
  return sequence(tbs, signatureAlgorithm(signingKey), bitString(sign('sha256', tbs, signingKey)))
}

export function signatureAlgorithm(signingKey: KeyObject): Buffer {
  return signingKey.asymmetricKeyType === 'rsa'
    ? sequence(oid('1.2.840.113549.1.1.11'), nullValue) // sha256WithRSAEncryption; RFC 4055 §5 wants the NULL
    : sequence(oid('1.2.840.10045.4.3.2')) // ecdsa-with-SHA256
}

export function distinguishedName(name: DistinguishedName): Buffer {
  return sequence(...name.map(([type, value]) => set(sequence(oid(attributeTypes[type]), utf8String(value)))))
}

const attributeTypes = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
} as const

export function extension(id: keyof typeof extensionIds, value: Buffer, critical = false): Buffer {
  return sequence(oid(extensionIds[id]), ...(critical ? [boolean(true)] : []), octetString(value))
}

const extensionIds = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
} as const

/** RFC 5280 §4.2.1.3; bit 0 is the highest of the first byte. */
export const keyUsages = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, crlSign: 6 } as const

export function keyUsage(...usages: (keyof typeof keyUsages)[]): Buffer {
  const bits = usages.reduce((sum, usage) => sum | (0x80 >> keyUsages[usage]), 0)
  // X.690 §11.2.2: zero bits at the end are left out
  return extension('keyUsage', bitString(Buffer.from([bits]), Math.clz32(bits & -bits) ^ 31), true)
}

export function extKeyUsage(...purposes: ('serverAuth' | 'clientAuth')[]): Buffer {
  const id = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' }
  return extension('extKeyUsage', sequence(...purposes.map((purpose) => oid(id[purpose]))))
}

export interface AltNames {
  readonly dns?: readonly string[]
  readonly uris?: readonly string[]
  readonly ips?: readonly string[]
}

/** RFC 5280 §4.2.1.6 */
export function subjectAltName(names: AltNames): Buffer {
  return extension(
    'subjectAltName',
    sequence(
      ...(names.dns ?? []).map((name) => contextPrimitive(2, Buffer.from(name))),
      ...(names.uris ?? []).map((uri) => contextPrimitive(6, Buffer.from(uri))),
      ...(names.ips ?? []).map((ip) => contextPrimitive(7, inetBytes(ip))),
    ),
  )
}
