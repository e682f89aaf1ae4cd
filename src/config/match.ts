/** What TLS domains match: our sockets, destinations, host names. Checked and brought into one spelling. */
import { isIPv6 } from 'node:net'
import { endpointText } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import { canonicalIp, isHost, parseCidr, parseHostPort, parseIpPort, quote } from './host-port.js'

/** `*`, `ip`, `ip:port`, `[v6]:port`. Throws a `UsageError`. */
export function parseSocketMatch(text: string): string {
  if (text === '*') return text
  if (isIPv6(text) && !text.includes('%')) return canonicalIp(text)
  if (text.includes('/')) throw new UsageError(`${quote(text)}: a socket of ours has one address, not a block`)
  const { ip, port } = parseIpPort(text, 1)
  if (port === undefined) return ip
  return endpointText({ ip, port })
}

/** The same, or a CIDR block of destinations. Throws a `UsageError`. */
export function parseDestinationMatch(text: string): string {
  return text.includes('/') ? parseCidr(text) : parseSocketMatch(text)
}

/** A name, `*.name`, `*`; with `orNone` also `none`. Lower case, without the final dot. Throws a `UsageError`. */
export function parseNameMatch(text: string, orNone: boolean): string {
  const name = text.toLowerCase().replace(/\.$/, '')
  if (name === '*') return name
  if (name === 'none' && orNone) return name
  const bare = name.startsWith('*.') ? name.slice(2) : name
  if (!isHost(bare))
    throw new UsageError(`${quote(text)} is not a host name, *.NAME${orNone ? ', * or none' : ' or *'}`)
  return name
}

/** Whether a `match_ip_address` of a server domain takes in a socket; a socket on all addresses has every address. */
export function socketMatches(match: string, socket: { readonly ip: string; readonly port: number }): boolean {
  if (match === '*') return true
  const { host, port } = isIPv6(match) ? { host: match, port: undefined } : parseHostPort(match)
  if (port !== undefined && port !== socket.port) return false
  return host === socket.ip || socket.ip === '::' || (socket.ip === '0.0.0.0' && !isIPv6(host))
}
