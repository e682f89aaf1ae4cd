/**
 * The first page: status, what needs attention, and what the connections are made of. Made when somebody looks and
 * shared by all who do within two seconds, because it walks over every connection.
 */
import type { ConnectionFacts } from '../../base/facts.js'
import type { Overview } from '../../base/live.js'
import type { GatewayStatus } from '../../base/status.js'
import { attention } from './attention.js'
import { breakdownOf } from './breakdown.js'
import type { History } from './history.js'

const sharedMs = 2000
/** what attention.ts looks back on */
const lookBackS = 300

export interface OverviewSources {
  status(): Promise<GatewayStatus>
  facts(): Iterable<ConnectionFacts>
  traced(facts: ConnectionFacts): boolean
  readonly history: Pick<History, 'since'>
  /** limits.max_connections as it is now */
  maxConnections(): number
  readonly nowMs?: () => number
}

export class Overviews {
  readonly #sources: OverviewSources
  readonly #nowMs: () => number
  #shared: Promise<Overview> | undefined
  #madeMs = 0

  constructor(sources: OverviewSources) {
    this.#sources = sources
    this.#nowMs = sources.nowMs ?? Date.now
  }

  /** The same object as long as it is shared. */
  get(): Promise<Overview> {
    const now = this.#nowMs()
    const age = now - this.#madeMs
    // The clock may have been set back.
    if (this.#shared === undefined || age >= sharedMs || age < 0) {
      this.#madeMs = now
      this.#shared = this.#make(now)
      this.#shared.catch(() => {
        this.#shared = undefined
      })
    }
    return this.#shared
  }

  async #make(nowMs: number): Promise<Overview> {
    const sources = this.#sources
    const breakdown = await breakdownOf(sources.facts(), (facts) => sources.traced(facts))
    const status = await sources.status()
    const history = sources.history.since(nowMs / 1000 - lookBackS)
    const maxConnections = sources.maxConnections()
    return {
      at: new Date(nowMs).toISOString(),
      status,
      attention: attention({ status, breakdown, history, maxConnections, nowMs }),
      breakdown,
    }
  }
}
