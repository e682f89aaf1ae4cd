/**
 * The questions that locating a SIP server asks of DNS. It knows nothing of SIP, orders nothing, keeps
 * no answers.
 */
import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { endpointText, plainIp } from '../base/address.js'
import type { HostPort } from '../config/types.js'

/** RFC 3403 §4.1 */
export interface NaptrRecord {
  readonly order: number
  readonly preference: number
  readonly flags: string
  readonly service: string
  readonly replacement: string
}

/** RFC 2782 */
export interface SrvRecord {
  readonly priority: number
  readonly weight: number
  readonly port: number
  /** '' or '.': the service is decidedly not offered */
  readonly name: string
}

export interface HostAddresses {
  /** those of the preferred family first */
  readonly ips: readonly string[]
  /** SECONDS they may be kept; undefined: nobody said */
  readonly ttl: number | undefined
}

/** An answer without records is a plain answer; what rejects is a question that got none. */
export interface Dns {
  naptr(name: string): Promise<readonly NaptrRecord[]>
  srv(name: string): Promise<readonly SrvRecord[]>
  addresses(name: string): Promise<HostAddresses>
}

/** One lost packet is made up for, and two questions in a row fit into the time that a message waits (resolver.ts). */
const limits = { timeout: 800, tries: 2 } as const

/** Asks `servers`; without any, as the system does: addresses then come from /etc/hosts as well. */
export function nodeDns(servers: readonly HostPort[]): Dns {
  const given = servers.map(({ host, port }) => endpointText({ ip: host, port }))
  // A new one each time reads /etc/resolv.conf as it is now.
  const resolver = (): Resolver => {
    const made = new Resolver(limits)
    if (given.length > 0) made.setServers(given)
    return made
  }
  return {
    naptr: (name) => answered(resolver().resolveNaptr(name)),
    srv: (name) => answered(resolver().resolveSrv(name)),
    async addresses(name) {
      if (isIP(name) !== 0) return { ips: [name], ttl: undefined }
      return given.length > 0 ? askedAddresses(resolver(), name) : systemAddresses(name)
    },
  }
}

const absent = new Set(['ENOTFOUND', 'ENODATA'])

async function answered<T>(question: Promise<T[]>): Promise<T[]> {
  try {
    return await question
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

/** In the order of RFC 6724, which knows whether IPv6 leads anywhere. */
async function systemAddresses(name: string): Promise<HostAddresses> {
  const found = await answered(lookup(name, { all: true }))
  return { ips: found.map(({ address }) => plainIp(address)), ttl: undefined }
}

/** IPv4 first: of IPv6 nobody said that it leads anywhere. One family is enough. */
async function askedAddresses(resolver: Resolver, name: string): Promise<HostAddresses> {
  const answers = await Promise.allSettled([
    answered(resolver.resolve4(name, { ttl: true })),
    answered(resolver.resolve6(name, { ttl: true })),
  ])
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const lost = answers.find((answer) => answer.status === 'rejected')
  if (found.length === 0 && lost !== undefined) throw lost.reason
  return {
    ips: found.map(({ address }) => plainIp(address)),
    ttl: found.length === 0 ? undefined : Math.min(...found.map(({ ttl }) => ttl)),
  }
}
