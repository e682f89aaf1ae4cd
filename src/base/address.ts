/**
 * IP addresses and ports as plain data; the one place that writes and unmaps them. Resolves nothing, and takes nothing
 * of Node at run time: the dashboard reads the table of pseudo-variables, which writes addresses.
 */
import type { IPVersion } from 'node:net'

export interface Endpoint {
  /** textual IPv4 or IPv6 address, never IPv4-mapped, no brackets, no zone */
  readonly ip: string
  readonly port: number
}

export const unknownEndpoint: Endpoint = { ip: '0.0.0.0', port: 0 }

const mappedPrefix = '::ffff:'
const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const dotted = new RegExp(`^${octet}(?:\\.${octet}){3}$`)

/** `::ffff:192.0.2.1`, which Node reports on dual-stack sockets, is an IPv4 peer: `192.0.2.1`. Zones are cut off. */
export function plainIp(ip: string): string {
  if (ip.startsWith(mappedPrefix) && dotted.test(ip.slice(mappedPrefix.length))) return ip.slice(mappedPrefix.length)
  const zone = ip.indexOf('%')
  return zone < 0 ? ip : ip.slice(0, zone)
}

export function endpoint(ip: string | undefined, port: number | undefined): Endpoint {
  return ip === undefined ? unknownEndpoint : { ip: plainIp(ip), port: port ?? 0 }
}

/** `192.0.2.1:5061`, `[2001:db8::1]:5061`. */
export function endpointText(e: Endpoint): string {
  return familyOf(e.ip) === 'ipv6' ? `[${e.ip}]:${e.port}` : `${e.ip}:${e.port}`
}

/** Of an IP address. */
export function familyOf(ip: string): IPVersion {
  return ip.includes(':') ? 'ipv6' : 'ipv4'
}

/** Loopback addresses: 127.0.0.0/8 and ::1. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || (ip.startsWith('127.') && dotted.test(ip))
}

/** The addresses of a socket that listens on all: `0.0.0.0`, and `::` for IPv6 and IPv4. */
export function isWildcard(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::'
}

/** RFC 3261 §19.1.2: of a SIP URI without a port, but for TLS. */
export const sipPort = 5060
