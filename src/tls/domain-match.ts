/**
 * Which TLS domain a connection falls to: the patterns of `match_ip_address` and `match_sip_domain`, and
 * the rule that the most specific one wins. First the address decides, among equals the name, then the
 * order of declaration. Knows no certificate.
 */
import { isIP } from 'node:net'
import type { Endpoint } from '../base/address.js'
import { contains, type Network, parseNetwork } from '../base/network.js'

/** As the configuration spells them. */
export interface DomainPatterns {
  /** `*`, `192.0.2.1`, `192.0.2.1:5061`, `[2001:db8::1]:5061`, `192.0.2.0/24` */
  readonly match_ip_address: readonly string[]
  /** `sip.example.com`, `*.example.com`, `*`, `none` */
  readonly match_sip_domain: readonly string[]
}

/** A domain with its patterns made ready to compare. */
export interface Rule<D> {
  readonly domain: D
  readonly addresses: readonly AddressPattern[]
  readonly names: readonly string[]
}

export function ruleOf<D>(domain: D, patterns: DomainPatterns): Rule<D> {
  return {
    domain,
    addresses: patterns.match_ip_address.map(addressPattern),
    names: patterns.match_sip_domain.map(bareName),
  }
}

/** `name`: SNI or destination host; undefined where there is none. */
export function mostSpecific<D>(rules: readonly Rule<D>[], address: Endpoint, name: string | undefined): D | undefined {
  const wanted = name === undefined ? undefined : bareName(name)
  return best(rules, address, (rule) => Math.max(noMatch, ...rule.names.map((pattern) => nameRank(pattern, wanted))))
}

/** Whatever the name: the first declared of those that match the address best. */
export function firstForAddress<D>(rules: readonly Rule<D>[], address: Endpoint): D | undefined {
  return best(rules, address, () => 0)
}

const noMatch = -1

function best<D>(rules: readonly Rule<D>[], address: Endpoint, rankOfName: (rule: Rule<D>) => number): D | undefined {
  let found: D | undefined
  let [foundByAddress, foundByName] = [noMatch, noMatch]
  for (const rule of rules) {
    const byAddress = Math.max(noMatch, ...rule.addresses.map((pattern) => addressRank(pattern, address)))
    const byName = byAddress === noMatch ? noMatch : rankOfName(rule)
    if (byName === noMatch) continue
    if (byAddress < foundByAddress || (byAddress === foundByAddress && byName <= foundByName)) continue
    found = rule.domain
    foundByAddress = byAddress
    foundByName = byName
  }
  return found
}

interface AddressPattern {
  /** undefined: any address */
  readonly network: Network | undefined
  readonly port: number | undefined
  readonly rank: number
}

/** `*` ranks 0, a network 1 + its bits, and a port settles it between equals. */
function addressPattern(text: string): AddressPattern {
  if (text === '*') return { network: undefined, port: undefined, rank: 0 }
  const hasPort = isIP(text) === 0 && !text.includes('/')
  const colon = hasPort ? text.lastIndexOf(':') : text.length
  const network = parseNetwork(text.slice(0, colon))! // the configuration checked it
  const port = hasPort ? Number(text.slice(colon + 1)) : undefined
  return { network, port, rank: 1 + network.prefix + (hasPort ? 0.5 : 0) }
}

function addressRank(pattern: AddressPattern, address: Endpoint): number {
  if (pattern.port !== undefined && pattern.port !== address.port) return noMatch
  return pattern.network === undefined || contains(pattern.network, address.ip) ? pattern.rank : noMatch
}

/** Shell wildcards as in tls_mgm: the star of `*.example.com` takes any number of labels, but not none. */
function nameRank(pattern: string, name: string | undefined): number {
  if (pattern === '*') return 0
  if (pattern === 'none') return name === undefined ? 1 : noMatch
  if (name === undefined) return noMatch
  if (pattern === name) return Number.POSITIVE_INFINITY
  const isUnder = pattern.startsWith('*.') && name.length >= pattern.length && name.endsWith(pattern.slice(1))
  return isUnder ? pattern.length : noMatch
}

/** DNS names compare without case, and the final dot of a full name says nothing. */
export function bareName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
