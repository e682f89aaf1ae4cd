/** What every kind of trace filter is to the gate: asked once per connection, answers at once. Knows no kind of filter. */
import type { ConnectionFacts } from '../../base/facts.js'
import type { Log } from '../../base/log.js'

export type Verdict = 'trace' | 'drop'

export interface TraceFilter {
  /** as the operator knows it: the name of the route, the path of the module */
  readonly name: string
  /** Throws when it fails or runs too long: the connection is traced then. What the filter itself has to say goes to `log`. */
  run(facts: ConnectionFacts, log: Log): Verdict
  /** The same for a person who tries it out: says what decided, `drop at line 3`, and logs nothing. Throws as `run` does. */
  explain(facts: ConnectionFacts): Explained
}

export interface Explained {
  readonly verdict: Verdict
  readonly why: string
}

/** The answer of a filter, if there is one. A filter that fails has not said `drop`: the connection is traced. */
export function verdictOf(
  filter: TraceFilter | undefined,
  facts: ConnectionFacts,
  log: Log,
  failed: (error: unknown, facts: ConnectionFacts) => void,
): Verdict {
  if (filter === undefined) return 'trace'
  try {
    return filter.run(facts, log)
  } catch (error) {
    failed(error, facts)
    return 'trace'
  }
}

/** The same with its reason; nobody hears of a failure but whoever reads the reason. */
export function explainedBy(filter: TraceFilter | undefined, facts: ConnectionFacts): Explained {
  if (filter === undefined) return { verdict: 'trace', why: 'no filter' }
  try {
    return filter.explain(facts)
  } catch (error) {
    return { verdict: 'trace', why: `the filter failed: ${error instanceof Error ? error.message : String(error)}` }
  }
}
