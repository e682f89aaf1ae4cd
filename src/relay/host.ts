/** Hosts of URIs in one spelling each, so that they can be compared and looked up. It resolves nothing. */
import { isIPv6 } from 'node:net'
import { plainIp } from '../base/address.js'
import { inetBytes, inetText } from '../base/inet.js'

/** Of a name or an address without brackets: lower case, without the dot of the root, IPv6 as RFC 5952 writes it. */
export function canonicalHost(host: string): string {
  if (isIPv6(host)) return canonicalInet6(plainIp(host))
  const name = host.toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

/** `plainIp` may have made it IPv4. */
function canonicalInet6(ip: string): string {
  return isIPv6(ip) ? inetText(inetBytes(ip), 0, 16) : ip
}
