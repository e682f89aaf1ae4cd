/**
 * Keeps one link to a collector: resolve the name, dial, and when that fails or the link breaks, wait
 * and begin again, for ever. Names are resolved anew in every round, and every address of a name is
 * tried before the wait. It owns the waiting; the sockets belong to stream.ts and datagram.ts.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type Backoff, backoff } from '../base/backoff.js'

export type LinkState = 'connecting' | 'connected' | 'waiting' | 'closed'

/** What the sender does with packets; datagram.ts and stream.ts are the two of them. */
export interface Link {
  readonly state: LinkState
  /** There may be something to take from the queue. Cheap; called for every packet. */
  wake(): void
  /** Ends the link for good. What was being written is over, one way or the other, when this resolves. */
  close(): Promise<void>
}

/** Who is told how the link fares: its sender. */
export interface LinkOwner {
  /** the next bytes go to this address */
  dialling(ip: string): void
  up(): void
  /** an attempt failed or the link broke; one sentence */
  down(message: string): void
}

export interface CollectorAddress {
  readonly address: string
}

export interface LinkTiming {
  /** TCP connect and TLS handshake, in all */
  readonly connectMs: number
  readonly firstRetryMs: number
  readonly maxRetryMs: number
  /** A link that broke sooner than this after it came up counts as a failed attempt: the wait goes on growing.
   * So a collector that accepts and closes (a refused client certificate in TLS 1.3) costs a batch every 30 s, not every second. */
  readonly stableMs: number
  /** A write that is not complete after this long breaks the link (streams). */
  readonly stuckMs: number
  /** After a failure at most one datagram goes out for so long, to see whether it is refused (UDP). */
  readonly probeMs: number
  readonly resolve: (host: string) => Promise<readonly CollectorAddress[]>
}

export const linkTiming: LinkTiming = {
  connectMs: 5000,
  firstRetryMs: 1000,
  maxRetryMs: 30_000,
  stableMs: 5000,
  stuckMs: 10_000,
  probeMs: 200,
  resolve: (host) => lookup(host, { all: true }),
}

export class Redial {
  state: LinkState = 'connecting'
  readonly #host: string
  readonly #dial: (ip: string) => void
  readonly #owner: LinkOwner
  readonly #timing: LinkTiming
  readonly #backoff: Backoff
  /** addresses of this round not tried yet */
  #untried: string[] = []
  #upSinceMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(host: string, dial: (ip: string) => void, owner: LinkOwner, timing: LinkTiming) {
    this.#host = host
    this.#dial = dial
    this.#owner = owner
    this.#timing = timing
    this.#backoff = backoff(timing.firstRetryMs, timing.maxRetryMs)
  }

  /** A round: resolve, then dial the first address. */
  async start(): Promise<void> {
    this.state = 'connecting'
    try {
      this.#untried = await addressesOf(this.#host, this.#timing.resolve)
    } catch (error) {
      if (!this.#isClosed()) this.#fail(`dns-failed: ${this.#host}: ${(error as Error).message}`)
      return
    }
    if (!this.#isClosed()) this.#dialNext()
  }

  up(): void {
    this.state = 'connected'
    this.#upSinceMs = performance.now()
    this.#untried = []
    this.#owner.up()
  }

  down(message: string): void {
    if (this.state === 'connected' && performance.now() - this.#upSinceMs >= this.#timing.stableMs)
      this.#backoff.reset()
    if (this.#untried.length === 0) {
      this.#fail(message)
    } else {
      this.#owner.down(message)
      this.#dialNext()
    }
  }

  close(): void {
    this.state = 'closed'
    clearTimeout(this.#timer)
  }

  #dialNext(): void {
    const ip = this.#untried.shift()
    if (ip === undefined) {
      this.#fail(`dns-failed: ${this.#host} has no address`)
    } else {
      this.#owner.dialling(ip)
      this.#dial(ip)
    }
  }

  #fail(message: string): void {
    this.state = 'waiting'
    this.#timer = setTimeout(() => void this.start(), this.#backoff.next())
    this.#owner.down(message)
  }

  /** Asked after an await: the state may have changed meanwhile. */
  #isClosed(): boolean {
    return this.state === 'closed'
  }
}

async function addressesOf(host: string, resolve: LinkTiming['resolve']): Promise<string[]> {
  if (isIP(host) !== 0) return [host]
  return (await resolve(host)).map((entry) => entry.address)
}
