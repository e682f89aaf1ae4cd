/**
 * The upstream list: names to addresses, and in which order to try for a call. It opens no connection;
 * what connections and probes say of an upstream is in `Peer`.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type Endpoint, endpointText } from '../base/address.js'
import { causeSentence, type Failure, failure } from '../base/errors.js'
import type { Transport } from '../base/facts.js'
import { hashOfText, scramble } from '../base/hash.js'
import type { UpstreamStatus } from '../base/ports.js'
import type { UpstreamConfig } from '../config/types.js'
import { Peer, type Probing } from './peer.js'

/** Long enough to spare the resolver a storm of reconnects, short enough to follow a failover in DNS. */
const cacheMs = 5000

export type Resolve = (host: string) => Promise<readonly string[]>

const systemResolver: Resolve = async (host) => (await lookup(host, { all: true })).map((found) => found.address)

export class Upstream extends Peer {
  readonly config: UpstreamConfig
  readonly #host: string
  readonly #resolve: Resolve
  /** as found last; kept beyond their time, so that the upstream is recognised meanwhile */
  #addresses: readonly Endpoint[] = []
  #goodUntilMs = Number.NEGATIVE_INFINITY
  #lookingUp: Promise<readonly Endpoint[] | Failure> | undefined

  constructor(config: UpstreamConfig, probing?: Probing, resolve: Resolve = systemResolver) {
    const { host, port } = config
    super(`sip:${endpointText({ ip: host, port })}`, probing)
    this.config = config
    this.#host = host.toLowerCase()
    this.#resolve = resolve
    if (isIP(host) === 0) return
    this.#addresses = [{ ip: host, port }]
    this.#goodUntilMs = Number.POSITIVE_INFINITY
  }

  /** Addresses to try in order; at once where nothing needs resolving. */
  addresses(): readonly Endpoint[] | Promise<readonly Endpoint[] | Failure> {
    if (performance.now() < this.#goodUntilMs) return this.#addresses
    this.#lookingUp ??= this.#lookup()
    return this.#lookingUp
  }

  /** Its name as written, in lower case, or one of its addresses. */
  hasHost(host: string): boolean {
    return host === this.#host || this.hasAddress(host)
  }

  hasAddress(ip: string): boolean {
    for (const address of this.#addresses) if (address.ip === ip) return true
    return false
  }

  status(): UpstreamStatus {
    const { uri, priority, weight } = this.config
    return { uri, role: 'upstream', priority, weight, ...this.peerStatus }
  }

  async #lookup(): Promise<readonly Endpoint[] | Failure> {
    const { host, port } = this.config
    try {
      const found = await this.#resolve(host)
      const addresses = found.map((ip) => ({ ip, port }))
      if (addresses.length === 0) return failure('dns-failed', `${host} has no address`)
      this.#addresses = addresses
      this.#goodUntilMs = performance.now() + cacheMs
      return addresses
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message
      return failure('dns-failed', `${causeSentence('dns-failed')}: ${host} (${why})`)
    } finally {
      this.#lookingUp = undefined
    }
  }
}

/**
 * Calls fall into so many buckets, each with an order of its own, made once. 4096 keep the shares
 * within about one percent of the weights.
 */
const bucketBits = 12

export class UpstreamList {
  readonly #upstreams: readonly Upstream[]
  /** by bucket */
  readonly #orders = new Array<readonly Upstream[] | undefined>(2 ** bucketBits)

  constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams
  }

  get size(): number {
    return this.#upstreams.length
  }

  [Symbol.iterator](): Iterator<Upstream> {
    return this.#upstreams[Symbol.iterator]()
  }

  /**
   * The order to try for a call: by priority; within one priority so that a call always goes the same
   * way, the shares follow the weights, and the loss of one moves its calls only. Those that are down
   * come last, but they come: when all are down one of them may be back.
   * `key`: 32 bits that all requests of the call have in common.
   */
  order(key: number): readonly Upstream[] {
    if (this.#upstreams.length < 2) return this.#upstreams
    const bucket = scramble(key) >>> (32 - bucketBits)
    let order = this.#orders[bucket]
    if (order === undefined) {
      order = ranked(this.#upstreams, bucket)
      this.#orders[bucket] = order
    }
    return order.some(isDown) ? [...order.filter(isNotDown), ...order.filter(isDown)] : order
  }

  /**
   * The upstream a URI names. `host`: lower case, no brackets; `port` 0: none is written, any will do;
   * `transport` undefined likewise.
   */
  named(host: string, port: number, transport: Transport | undefined): Upstream | undefined {
    for (const upstream of this.#upstreams) {
      const { config } = upstream
      if (port !== 0 && port !== config.port) continue
      if (transport !== undefined && transport !== config.transport) continue
      if (upstream.hasHost(host)) return upstream
    }
    return undefined
  }

  /** Of any upstream, as far as names were resolved yet. */
  isUpstreamAddress(ip: string): boolean {
    for (const upstream of this.#upstreams) if (upstream.hasAddress(ip)) return true
    return false
  }
}

function isDown(upstream: Upstream): boolean {
  return upstream.down
}

function isNotDown(upstream: Upstream): boolean {
  return !upstream.down
}

interface Rank {
  readonly upstream: Upstream
  readonly score: number
  readonly draw: number
}

function ranked(upstreams: readonly Upstream[], bucket: number): readonly Upstream[] {
  return upstreams
    .map((upstream) => rank(upstream, bucket))
    .sort(byRank)
    .map(({ upstream }) => upstream)
}

/**
 * Weighted rendezvous hashing: each upstream draws a number in (0, 1) for the bucket, from what it is
 * and not from its place in the list, and the highest −weight / ln(draw) wins. Weight 0 loses to any other.
 */
function rank(upstream: Upstream, bucket: number): Rank {
  const { transport, weight } = upstream.config
  const bits = scramble((scramble(bucket) >>> 0) + hashOfText(`${transport} ${upstream.requestUri}`))
  const draw = ((bits >>> 0) + 0.5) / 2 ** 32
  return { upstream, draw, score: weight / -Math.log(draw) }
}

function byRank(a: Rank, b: Rank): number {
  return a.upstream.config.priority - b.upstream.config.priority || b.score - a.score || b.draw - a.draw
}
