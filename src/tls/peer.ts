/**
 * Who a certificate says it is: the SIP domain identities of RFC 5922 §7.1 and their comparison with
 * the name we meant to reach (§7.2). Whether the chain is good is OpenSSL's business.
 */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { inetBytes } from '../base/inet.js'
import { commonNames, subjectAltNames } from './certificate.js'
import { bareName } from './domain-match.js'

export interface SipIdentities {
  /** hosts of `sip:` URIs without user part */
  readonly uris: readonly string[]
  readonly dns: readonly string[]
  /** most specific common name; undefined as soon as there is any subject alternative name */
  readonly cn: string | undefined
}

/** Names in lower case. */
export function sipIdentities(x509: X509Certificate): SipIdentities {
  const names = subjectAltNames(x509)
  return {
    uris: names.filter((name) => name.type === 'URI').flatMap((name) => sipUriHost(name.value)),
    dns: names.filter((name) => name.type === 'DNS').map((name) => bareName(name.value)),
    // §7.1: the CN counts if, and only if, the extension is not there
    cn: names.length > 0 ? undefined : commonNames(x509).map(bareName).at(-1),
  }
}

/**
 * The identities that count, for a list with commas between: what cannot be a host name, such as a common
 * name `Alice Smith` or a DNS name `a,b`, names no SIP domain.
 */
export function sipDomains(x509: X509Certificate): string[] {
  return countingNames(sipIdentities(x509)).filter((name) => /^[a-z0-9*._-]+$/.test(name))
}

/**
 * Whether the certificate names `name`, a host name or an IP address (without brackets). Whole names only:
 * §7.2 forbids wildcards. `allowWildcard` lets `*.example.com` match one label, as HTTPS does, for
 * providers that buy such certificates all the same.
 */
export function matchesIdentity(
  x509: X509Certificate,
  name: string,
  options: { allowWildcard?: boolean } = {},
): boolean {
  if (isIP(name) !== 0) return matchesAddress(x509, name)
  const wanted = bareName(name)
  const identities = sipIdentities(x509)
  const names = countingNames(identities)
  if (names.includes(wanted)) return true
  // A host in a SIP URI is never a pattern.
  if (options.allowWildcard !== true || identities.uris.length > 0) return false
  return names.some((pattern) => coversLabel(pattern, wanted))
}

/** §7.1: a DNS name is an identity only where there is no SIP URI. */
function countingNames({ uris, dns, cn }: SipIdentities): readonly string[] {
  if (uris.length > 0) return uris
  return cn === undefined ? dns : [cn]
}

/** The host, or nothing: §7.1 knows only the scheme `sip`, and a URI with a user part names a user, not a domain. */
function sipUriHost(uri: string): string[] {
  const match = /^sip:([^@;?:[\]/\s]+)(?::\d+)?(?:[;?][^@]*)?$/i.exec(uri)
  return match === null ? [] : [bareName(match[1]!)]
}

function matchesAddress(x509: X509Certificate, ip: string): boolean {
  const wanted = inetBytes(ip)
  return subjectAltNames(x509).some(
    (name) => name.type === 'IP' && isIP(name.value) !== 0 && inetBytes(name.value).equals(wanted),
  )
}

/** RFC 6125 §6.4.3: the star stands for the whole first label, and never for one directly below the root. */
function coversLabel(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.') || pattern.indexOf('.', 2) < 0) return false
  const dot = name.indexOf('.')
  return dot > 0 && name.slice(dot) === pattern.slice(1)
}
