/**
 * What a certificate says, as plain text: facts for events and the status, names for verification.
 * The certificate may be a peer's: nothing in it makes this throw, and no value can pass for another.
 */
import type { X509Certificate } from 'node:crypto'
import type { CertificateFacts } from '../base/facts.js'

export function certificateFacts(x509: X509Certificate): CertificateFacts {
  return {
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    serial: x509.serialNumber,
    san: subjectAltNames(x509)
      .map((name) => `${name.type}:${escaped(name.value, separatesNames)}`)
      .join(', '),
    notBefore: isoTime(x509.validFrom),
    notAfter: isoTime(x509.validTo),
    sha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

/** Types as OpenSSL names them, but for `IP`: `DNS`, `URI`, `IP`, `email`, `DirName`, `Registered ID`, `othername`. */
export interface AltName {
  readonly type: string
  readonly value: string
}

/**
 * The subject alternative names. Node writes them as `TYPE:value, TYPE:value` and values that could be
 * misread as JSON strings: `DNS:"a.example.com\u002c DNS:b"` is one name (CVE-2021-44531, CVE-2021-44532).
 */
export function subjectAltNames(x509: X509Certificate): AltName[] {
  const text = x509.subjectAltName ?? ''
  const names: AltName[] = []
  for (const [, type, quoted, plain] of text.matchAll(/([^:,]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/gy)) {
    const value = quoted === undefined ? plain! : (JSON.parse(quoted) as string)
    names.push({ type: type === 'IP Address' ? 'IP' : type!, value })
  }
  return names
}

/** The common names of the subject, most specific last. */
export function commonNames(x509: X509Certificate): string[] {
  return relativeNames(x509.subject)
    .flat()
    .filter((attribute) => attribute.type === 'CN')
    .map((attribute) => attribute.value)
}

interface Attribute {
  readonly type: string
  readonly value: string
}

/** `/C=DE/O=Example/CN=sip.example.com`, as `X509_NAME_oneline` writes it, but with letters beyond ASCII kept. */
function oneLine(name: string | undefined): string {
  return relativeNames(name)
    .map(
      (attributes) =>
        `/${attributes.map(({ type, value }) => `${type}=${escaped(value, separatesAttributes)}`).join('+')}`,
    )
    .join('')
}

/**
 * OpenSSL puts a backslash before what separates attributes, and control characters in hex. We put one before a
 * backslash too, which it forgets: otherwise a value that ends in one would swallow the next separator.
 */
const separatesAttributes = /[\\/+]|[\x00-\x1f\x7f-\x9f]/g
/** The same in a list of alternative names: one name `a, DNS:b` shall not look like two. */
const separatesNames = /[\\,]|[\x00-\x1f\x7f-\x9f]/g

function escaped(value: string, special: RegExp): string {
  return value.replace(special, (c) =>
    c >= ' ' && c < '\x7f' ? `\\${c}` : `\\x${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Node writes a relative name per line, its attributes joined by ` + `, special characters escaped (RFC 2253 §2.4). */
function relativeNames(name: string | undefined): Attribute[][] {
  if (name === undefined) return [] // an empty name
  return name.split('\n').map((line) =>
    line.split(' + ').map((attribute) => {
      const equals = attribute.indexOf('=')
      return { type: attribute.slice(0, equals), value: unescaped(attribute.slice(equals + 1)) }
    }),
  )
}

function unescaped(value: string): string {
  return value.replace(/\\(?:([0-9A-F]{2})|(.))/g, (_, hex: string | undefined, character: string) =>
    hex === undefined ? character : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** `Nov  2 20:20:54 2026 GMT`, as OpenSSL prints it; a date it could not read is passed on as it is. */
function isoTime(text: string): string {
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? text : date.toISOString().replace('.000Z', 'Z')
}
