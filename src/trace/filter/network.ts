/** The networks that address variables are compared with. One address is a network of its own. */
import { BlockList, type IPVersion, isIPv4, isIPv6 } from 'node:net'
import { plainIp } from '../../base/address.js'

export interface Network {
  readonly family: IPVersion
  readonly list: BlockList
}

/** `10.0.0.0/8`, `2001:db8::/32`, or an address in any of its spellings, IPv6 with or without brackets. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', bits] = /^\[?([0-9A-Fa-f:.]+)\]?(?:\/([0-9]{1,3}))?$/.exec(text) ?? []
  const ip = plainIp(address.toLowerCase())
  const family = familyOf(ip)
  if (family === undefined) return undefined
  const most = family === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? most : Number(bits)
  if (prefix > most) return undefined
  const list = new BlockList()
  list.addSubnet(ip, prefix, family)
  return { family, list }
}

/** IPv4 and IPv6 are apart: a BlockList by itself would find every IPv4 address in `::/0`. */
export function contains({ family, list }: Network, ip: string): boolean {
  return familyOf(ip) === family && list.check(ip, family)
}

function familyOf(ip: string): IPVersion | undefined {
  if (isIPv4(ip)) return 'ipv4'
  return isIPv6(ip) ? 'ipv6' : undefined
}
