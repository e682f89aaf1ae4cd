/** A filter and a scope tried out on connections: which would be traced, and why. Changes nothing and logs nothing. */
import { endpointText } from '../base/address.js'
import type { ConnectionFacts } from '../base/facts.js'
import type { DryRun, FilterMatch } from '../base/ports.js'
import { Slices } from '../base/slices.js'
import { type Explained, explainedBy, type TraceFilter } from './filter/filter.js'
import type { Scope } from './scope.js'

/** A person looks at some; all are counted. */
const maxMatches = 200

export class Trial {
  readonly #filter: TraceFilter | undefined
  readonly #scope: Scope | undefined
  readonly #traced: FilterMatch[] = []
  readonly #dropped: FilterMatch[] = []
  #total = 0
  #tracedTotal = 0

  constructor(filter: TraceFilter | undefined, scope: Scope | undefined) {
    this.#filter = filter
    this.#scope = scope
  }

  /** All of them, in slices. */
  async visit(connections: Iterable<ConnectionFacts>): Promise<void> {
    const slices = new Slices()
    for (const facts of connections) {
      this.#try(facts)
      if (slices.isOver) await slices.next()
    }
  }

  get result(): DryRun {
    const matches = [...this.#traced, ...this.#dropped].slice(0, maxMatches)
    return { total: this.#total, traced: this.#tracedTotal, matches }
  }

  #try(facts: ConnectionFacts): void {
    const { verdict, why } = this.#explain(facts)
    const traced = verdict === 'trace'
    this.#total++
    if (traced) this.#tracedTotal++
    const matches = traced ? this.#traced : this.#dropped
    if (matches.length < maxMatches) {
      matches.push({ id: facts.id, peer: endpointText(facts.peer), sni: facts.sni, traced, why })
    }
  }

  #explain(facts: ConnectionFacts): Explained {
    const outside = this.#scope?.whyNot(facts)
    if (outside !== undefined) return { verdict: 'drop', why: outside }
    const explained = explainedBy(this.#filter, facts)
    const messages = this.#scope?.messages
    return explained.verdict === 'trace' && messages !== undefined ? { verdict: 'trace', why: messages } : explained
  }
}
