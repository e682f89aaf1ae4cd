/** What every kind of trace filter is to the gate: asked once per connection, answers at once. */
import type { ConnectionFacts } from '../../base/facts.js'
import type { Log } from '../../base/log.js'

export type Verdict = 'trace' | 'drop'

export interface TraceFilter {
  /** as the operator knows it: the name of the route, the path of the module */
  readonly name: string
  /** Throws when it fails or runs too long: the connection is traced then. What the filter itself has to say goes to `log`. */
  run(facts: ConnectionFacts, log: Log): Verdict
}
