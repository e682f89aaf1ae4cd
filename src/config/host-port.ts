/**
 * Hosts, ports and address blocks as the configuration spells them. Everything thrown is a `UsageError`
 * with one sentence; nothing is resolved.
 */
import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net'
import { plainIp } from '../base/address.js'
import { UsageError } from '../base/errors.js'

export interface WrittenHostPort {
  /** name or address, no brackets */
  readonly host: string
  readonly port: number | undefined
}

/** RFC 1123 §2.1 names, and underscores, which internal DNS zones are full of. At most 253 characters. */
const hostName =
  /^(?=.{1,253}\.?$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$/
/** What looks like an IPv4 address and is none: `10.0.0.256` must not be taken for a name. */
const onlyDigitsAndDots = /^[\d.]+$/
const bracketed = /^\[([^\]]*)\](?::(.*))?$/s

/** `host`, `host:port`, `[2001:db8::1]:port`. The port, when there is one, is at least `lowestPort`. */
export function parseHostPort(text: string, lowestPort: 0 | 1 = 1): WrittenHostPort {
  const brackets = bracketed.exec(text)
  if (brackets !== null) {
    const host = brackets[1] as string
    if (!isIPv6(host) || host.includes('%')) throw new UsageError(`${quote(host)} is not an IPv6 address`)
    return { host: canonicalIp(host), port: parsePort(brackets[2], lowestPort) }
  }
  if (text.startsWith('[')) throw new UsageError(`${quote(text)} is not [IPv6] or [IPv6]:PORT`)
  if (isIPv6(text)) throw new UsageError(`an IPv6 address stands in brackets: [${text}]`)
  const colon = text.indexOf(':')
  const host = colon < 0 ? text : text.slice(0, colon)
  const port = colon < 0 ? undefined : parsePort(text.slice(colon + 1), lowestPort)
  if (host === '') throw new UsageError(`${quote(text)} has no host`)
  if (!isHost(host)) throw new UsageError(`${quote(host)} is not a host name or an address`)
  return { host, port }
}

/** The same, but the host must be an address; `*` stands for 0.0.0.0. */
export function parseIpPort(text: string, lowestPort: 0 | 1): { ip: string; port: number | undefined } {
  const anywhere = text.startsWith('*') ? `0.0.0.0${text.slice(1)}` : text
  const { host, port } = parseHostPort(anywhere, lowestPort)
  if (isIP(host) === 0) throw new UsageError(`${quote(host)} is not an IP address; names are not resolved here`)
  return { ip: host, port }
}

function parsePort(text: string | undefined, lowest: number): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port < lowest || port > 65535) {
    throw new UsageError(`${quote(text)} is not a port: expected ${lowest} to 65535`)
  }
  return port
}

/** A name or an address, without brackets. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return !text.includes('%')
  return hostName.test(text) && !onlyDigitsAndDots.test(text)
}

/** `10.0.0.0/8`, `2001:db8::/32`; a single address is a block of one. Always returned with its prefix length. */
export function parseCidr(text: string): string {
  const [address = '', prefix, ...more] = text.split('/')
  if (isIP(address) === 0 || address.includes('%') || more.length > 0) {
    throw new UsageError(`${quote(text)} is not an address or CIDR block such as 10.0.0.0/8`)
  }
  const ip = canonicalIp(address)
  const bits = isIPv4(ip) ? 32 : 128
  if (prefix === undefined) return `${ip}/${bits}`
  if (isIPv4(ip) && isIPv6(address)) throw new UsageError(`${quote(text)}: write a block of IPv4 as IPv4`)
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) {
    throw new UsageError(`${quote(text)} is not a CIDR block: the prefix length of ${ip} is 0 to ${bits}`)
  }
  return `${ip}/${Number(prefix)}`
}

/** The one spelling sockets report an address in: `2001:DB8:0::1` is `2001:db8::1`, a mapped IPv4 address is IPv4. */
export function canonicalIp(ip: string): string {
  return isIPv6(ip) ? plainIp(new SocketAddress({ address: ip, family: 'ipv6' }).address) : ip
}

const longestQuote = 60

/** A piece of the file in a message; long ones are cut. */
export function quote(text: string): string {
  return JSON.stringify(text.length > longestQuote ? `${text.slice(0, longestQuote)}…` : text)
}

/** `tcp, udp or tls`. */
export function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
