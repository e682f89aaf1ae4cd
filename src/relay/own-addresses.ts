/**
 * Which addresses are our own, and which of them a peer reaches us at. It compares and never resolves: a
 * name is ours when a socket is advertised by it.
 */
import { networkInterfaces } from 'node:os'
import { type Endpoint, familyOf, isLoopback, isWildcard, plainIp, sipPort } from '../base/address.js'
import type { Side, Transport } from '../base/facts.js'
import type { HostPort, SocketConfig } from '../config/types.js'
import { canonicalHost } from './host.js'

export interface OwnSocket {
  readonly config: SocketConfig
  /** as bound */
  readonly address: Endpoint
}

/** RFC 3261 §19.1.2 */
const sipsPort = 5061

interface OwnPort {
  readonly port: number
  readonly transport: Transport
}

export class OwnAddresses {
  readonly #sockets: readonly OwnSocket[]
  readonly #tlsPort: number
  readonly #ports = new Map<string, OwnPort[]>()

  /** `interfaces`: the addresses that `0.0.0.0` and `::` stand for. `tlsPort`: of a URI that names TLS and no port. */
  constructor(sockets: readonly OwnSocket[], interfaces: readonly string[] = interfaceIps(), tlsPort = sipsPort) {
    this.#sockets = sockets
    this.#tlsPort = tlsPort
    for (const { config, address } of sockets) {
      const advertised = advertisedAt(config, address)
      if (advertised !== undefined) this.#add(advertised.host, advertised.port, config.transport)
      if (!isWildcard(address.ip)) this.#add(address.ip, address.port, config.transport)
      for (const ip of interfaces) {
        if (listensOn(address.ip, ip)) this.#add(ip, address.port, config.transport)
      }
    }
  }

  /** Of a URI: the host in lower case, IPv6 without brackets; port 0 where none is written. */
  isOurs(host: string, port: number, transport: Transport | undefined, secure: boolean): boolean {
    const ports = this.#ports.get(host) ?? this.#ports.get(canonicalHost(host))
    if (ports === undefined) return false
    for (const own of ports) {
      if (speaks(own.transport, transport, secure) && this.#hasPort(own, port, transport, secure)) return true
    }
    return false
  }

  /** Does one of our sockets listen there? A destination of all zeros, and all of 127/8, are this machine too. */
  listensAt({ ip, port }: Endpoint, transport: Transport): boolean {
    if (this.isOurs(ip, port, transport, false)) return true
    const isHere = isWildcard(ip) || isLoopback(ip)
    return (
      isHere &&
      this.#sockets.some(({ address, config }) => {
        return address.port === port && config.transport === transport && (isWildcard(address.ip) || isWildcard(ip))
      })
    )
  }

  /**
   * How a peer on `side` reaches us over `transport`: the advertised address of the socket, else its own.
   * `local` is our end of the connection to that peer. undefined: nothing listens there.
   */
  at(side: Side, transport: Transport, local: Endpoint): HostPort | undefined {
    let best: HostPort | undefined
    let bestRank = 0
    for (const { config, address } of this.#sockets) {
      if (config.side !== side || config.transport !== transport) continue
      const found = advertisedAt(config, address) ?? reachedAt(address, local)
      if (found === undefined) continue
      const rank = closeness(address, local)
      if (rank > bestRank) {
        best = found
        bestRank = rank
      }
    }
    return best
  }

  #add(host: string, port: number, transport: Transport): void {
    const key = canonicalHost(host)
    const ports = this.#ports.get(key)
    if (ports === undefined) this.#ports.set(key, [{ port, transport }])
    else ports.push({ port, transport })
  }

  /** A port that is not written is the default of what is said of the transport. */
  #hasPort(own: OwnPort, port: number, transport: Transport | undefined, secure: boolean): boolean {
    if (port !== 0) return own.port === port
    if (secure || transport === 'tls') return own.port === this.#tlsPort
    // Nothing is said: whoever looks for us finds us by TLS first (resolver.ts), else by the default of `sip:`.
    if (transport === undefined && own.transport === 'tls') return own.port === this.#tlsPort
    return own.port === sipPort
  }
}

/** Does a URI that names `transport`, or none, mean a socket of `own`? */
function speaks(own: Transport, transport: Transport | undefined, secure: boolean): boolean {
  if (transport === undefined || transport === own) return true
  // RFC 3261 §26.2.2: with sips, transport=tcp is what TLS runs over.
  return secure && transport === 'tcp' && own === 'tls'
}

function advertisedAt({ advertise }: SocketConfig, bound: Endpoint): HostPort | undefined {
  if (advertise === undefined) return undefined
  // Advertised by name alone, on a socket that took any free port.
  return advertise.port === 0 ? { host: advertise.host, port: bound.port } : advertise
}

/** A socket on all addresses is reached at the one that the connection has. */
function reachedAt(bound: Endpoint, local: Endpoint): HostPort | undefined {
  if (!isWildcard(bound.ip)) return { host: bound.ip, port: bound.port }
  return listensOn(bound.ip, local.ip) ? { host: local.ip, port: bound.port } : undefined
}

/** The socket that a connection was accepted on comes first; an outgoing connection has a port of its own. */
function closeness(bound: Endpoint, local: Endpoint): number {
  const samePort = bound.port === local.port
  if (bound.ip === local.ip) return samePort ? 5 : 3
  if (listensOn(bound.ip, local.ip)) return samePort ? 4 : 2
  return 1
}

/** Is `ip` one of those that the wildcard stands for? `::` takes IPv4 as well. */
function listensOn(wildcard: string, ip: string): boolean {
  return wildcard === '::' || (wildcard === '0.0.0.0' && familyOf(ip) === 'ipv4')
}

/** As they are now: an address that comes later is ours after a reload. */
function interfaceIps(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => plainIp(address)),
  )
}
