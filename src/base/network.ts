/** Networks that addresses are compared with. One address is a network of its own. */
import { BlockList, type IPVersion, isIP } from 'node:net'
import { familyOf, plainIp } from './address.js'

export interface Network {
  readonly family: IPVersion
  /** how many bits an address must share with it */
  readonly prefix: number
  readonly list: BlockList
}

/** `10.0.0.0/8`, `2001:db8::/32`, or an address in any of its spellings, IPv6 with or without brackets. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', bits] = /^\[?([0-9A-Fa-f:.]+)\]?(?:\/([0-9]{1,3}))?$/.exec(text) ?? []
  const ip = plainIp(address.toLowerCase())
  if (isIP(ip) === 0) return undefined
  const family = familyOf(ip)
  const most = family === 'ipv4' ? 32 : 128
  // RFC 4291 §2.5.5.2: 96 bits stand before a mapped IPv4 address
  const before = family === 'ipv4' && address.includes(':') ? 96 : 0
  const prefix = bits === undefined ? most : Number(bits) - before
  if (prefix < 0 || prefix > most) return undefined
  const list = new BlockList()
  list.addSubnet(ip, prefix, family)
  return { family, prefix, list }
}

/** IPv4 and IPv6 are apart: a BlockList by itself would find every IPv4 address in `::/0`. */
export function contains({ family, list }: Network, ip: string): boolean {
  return familyOf(ip) === family && list.check(ip, family)
}
