/**
 * The upstream list: names to addresses, what the last connect said of each, in which order to try.
 * It opens no connection.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Endpoint } from '../base/address.js'
import { causeSentence, type Failure, failure } from '../base/errors.js'
import type { UpstreamStatus } from '../base/ports.js'
import type { UpstreamConfig } from '../config/types.js'

/** Long enough to spare the resolver a storm of reconnects, short enough to follow a failover in DNS. */
const cacheMs = 5000

export type Resolve = (host: string) => Promise<readonly string[]>

const systemResolver: Resolve = async (host) => (await lookup(host, { all: true })).map((found) => found.address)

export class Upstream {
  readonly config: UpstreamConfig
  connections = 0
  #state: UpstreamStatus['state'] = 'unknown'
  #lastError: string | undefined
  readonly #resolve: Resolve
  #cached: { addresses: readonly Endpoint[]; untilMs: number } | undefined

  constructor(config: UpstreamConfig, resolve: Resolve = systemResolver) {
    this.config = config
    this.#resolve = resolve
  }

  /** Addresses to try in order; at once where nothing needs resolving. */
  addresses(): readonly Endpoint[] | Promise<readonly Endpoint[] | Failure> {
    const { host, port } = this.config
    if (isIP(host) !== 0) return [{ ip: host, port }]
    if (this.#cached !== undefined && performance.now() < this.#cached.untilMs) return this.#cached.addresses
    return this.#lookup()
  }

  connected(): void {
    this.#state = 'up'
    this.connections++
  }

  disconnected(): void {
    this.connections--
  }

  failed(reason: Failure): void {
    this.#state = 'down'
    this.#lastError = `${reason.cause}: ${reason.message}`
  }

  status(): UpstreamStatus {
    const { uri } = this.config
    return { uri, state: this.#state, lastError: this.#lastError, connections: this.connections }
  }

  async #lookup(): Promise<readonly Endpoint[] | Failure> {
    const { host, port } = this.config
    try {
      const found = await this.#resolve(host)
      const addresses = found.map((ip) => ({ ip, port }))
      if (addresses.length === 0) return failure('dns-failed', `${host} has no address`)
      this.#cached = { addresses, untilMs: performance.now() + cacheMs }
      return addresses
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message
      return failure('dns-failed', `${causeSentence('dns-failed')}: ${host} (${why})`)
    }
  }
}
