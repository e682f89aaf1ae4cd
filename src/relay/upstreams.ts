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
import type { UpstreamStatus } from '../base/status.js'
import type { UpstreamConfig } from '../config/types.js'
import { canonicalHost } from './host.js'
import { Peer, type Probing } from './peer.js'

/** Long enough to spare the resolver a storm of reconnects, short enough to follow a failover in DNS. */
const cacheMs = 5000

export type Resolve = (host: string) => Promise<readonly string[]>

const systemResolver: Resolve = async (host) => (await lookup(host, { all: true })).map((found) => found.address)

export class Upstream extends Peer {
  readonly config: UpstreamConfig
  /** names it in our Record-Route: the same after a restart, and at another gateway with the same upstreams */
  readonly key: string
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
    this.key = (hashOfText(`${config.transport} ${this.requestUri}`) >>> 0).toString(16).padStart(8, '0')
    this.#host = canonicalHost(host)
    this.#resolve = resolve
    if (isIP(host) === 0) return
    this.#addresses = [{ ip: this.#host, port }]
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
    if (host === this.#host || this.hasAddress(host)) return true
    // Spelled otherwise: IPv6, or a name with the dot of the root.
    if (!host.includes(':') && !host.endsWith('.')) return false
    const canonical = canonicalHost(host)
    return canonical === this.#host || this.hasAddress(canonical)
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

/**
 * RFC 3261 §16.10: a CANCEL goes where its INVITE went, also when a better server is back meanwhile. Calls ring for
 * three minutes at most (§16.6 step 11, timer C).
 */
const stayMs = 180_000

interface Stay {
  readonly upstream: Upstream
  readonly untilMs: number
}

export class UpstreamList {
  readonly #upstreams: readonly Upstream[]
  /** by bucket */
  readonly #orders = new Array<readonly Upstream[] | undefined>(2 ** bucketBits)
  /** buckets whose calls went elsewhere of late because their first upstream was down, and where to */
  readonly #stays = new Map<number, Stay>()
  readonly #nowMs: () => number

  constructor(upstreams: readonly Upstream[], nowMs: () => number = () => performance.now()) {
    this.#upstreams = upstreams
    this.#nowMs = nowMs
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
    const bucket = bucketOf(key)
    let order = this.#orders[bucket]
    if (order === undefined) {
      order = ranked(this.#upstreams, bucket)
      this.#orders[bucket] = order
    }
    const now = order.some(isDown) ? [...order.filter(isNotDown), ...order.filter(isDown)] : order
    const chosen = this.#stays.size === 0 ? now : this.#staying(bucket, now)
    const usual = order[0] as Upstream
    if (usual.down && chosen[0] !== usual) this.went(key, chosen[0] as Upstream)
    return chosen
  }

  /** A request of this call went to another upstream than the first of its order. */
  went(key: number, upstream: Upstream): void {
    if (this.#upstreams.length > 1) this.#stays.set(bucketOf(key), { upstream, untilMs: this.#nowMs() + stayMs })
  }

  /** The one that a Record-Route of ours names. */
  byKey(key: string): Upstream | undefined {
    return this.#upstreams.find((upstream) => upstream.key === key)
  }

  /** The one at that address; of several there, the one that listens at `port`. */
  at(ip: string, port: number): Upstream | undefined {
    const there = this.#upstreams.filter((upstream) => upstream.hasAddress(ip))
    return there.length === 1 ? there[0] : there.find((upstream) => upstream.config.port === port)
  }

  /** Of any upstream, as far as names were resolved yet. */
  listensAt({ ip, port }: Endpoint): boolean {
    for (const upstream of this.#upstreams) {
      if (upstream.config.port === port && upstream.hasAddress(ip)) return true
    }
    return false
  }

  #staying(bucket: number, order: readonly Upstream[]): readonly Upstream[] {
    const stay = this.#stays.get(bucket)
    if (stay === undefined) return order
    if (stay.upstream.down || this.#nowMs() >= stay.untilMs) {
      this.#stays.delete(bucket)
      return order
    }
    return [stay.upstream, ...order.filter((other) => other !== stay.upstream)]
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
}

function bucketOf(key: number): number {
  return scramble(key) >>> (32 - bucketBits)
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
  const { weight } = upstream.config
  const bits = scramble((scramble(bucket) >>> 0) + Number.parseInt(upstream.key, 16))
  const draw = ((bits >>> 0) + 0.5) / 2 ** 32
  return { upstream, draw, score: weight / -Math.log(draw) }
}

function byRank(a: Rank, b: Rank): number {
  return a.upstream.config.priority - b.upstream.config.priority || b.score - a.score || b.draw - a.draw
}
