/**
 * Scope and filter as they are now, and what they say of a connection. A filter that fails has not said `drop`: it is
 * counted, and logged without flooding. Remembers no connection.
 */
import type { MicroClock } from '../base/clock.js'
import type { ConnectionFacts } from '../base/facts.js'
import type { Log } from '../base/log.js'
import { type TraceFilter, type Verdict, verdictOf } from './filter/filter.js'
import type { Scope } from './scope.js'

/** between two log lines about a filter that fails */
const quietMicros = 10 * 1_000_000

export interface JudgeOptions {
  readonly filter: TraceFilter | undefined
  readonly clock: MicroClock
  readonly log: Log
}

export class Judge {
  scope: Scope | undefined
  #filter: TraceFilter | undefined
  #source: 'config' | 'api' = 'config'
  #failures = 0
  readonly #options: JudgeOptions
  /** µs; a filter that fails fails often, and the log shall stay readable */
  #quietUntil = 0

  constructor(options: JudgeOptions) {
    this.#options = options
    this.#filter = options.filter
  }

  /** undefined: every connection within the scope is traced */
  get filter(): TraceFilter | undefined {
    return this.#filter
  }

  get filterSource(): 'config' | 'api' | undefined {
    return this.#filter === undefined ? undefined : this.#source
  }

  get filterFailures(): number {
    return this.#failures
  }

  setFilter(filter: TraceFilter | undefined, source: 'config' | 'api'): void {
    this.#filter = filter
    this.#source = source
  }

  verdictOn(facts: ConnectionFacts): Verdict {
    if (this.scope?.connection(facts) === false) return 'drop'
    return verdictOf(this.#filter, facts, this.#options.log, this.#failed)
  }

  #failed = (error: unknown, facts: ConnectionFacts): void => {
    this.#failures++
    const now = this.#options.clock()
    if (now < this.#quietUntil) return
    this.#quietUntil = now + quietMicros
    this.#options.log.warn(
      { err: error, filter: this.#filter?.name, conn_id: facts.id, failures: this.#failures },
      'the trace filter failed; the connection is traced',
    )
  }
}
