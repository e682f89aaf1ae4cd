/** What the gate remembers of one connection, in `facts.trace`. Belongs to one run of tracing and means nothing in the next. */
import type { ConnectionFacts, Direction } from '../base/facts.js'
import { CallIds } from './call-ids.js'
import type { Verdict } from './filter/filter.js'
import type { Scope } from './scope.js'
import type { TracedLeg } from './sinks.js'

export class TraceRecord {
  /** a picked connection is taken along into the next */
  run: number
  /** what switch, scope and filter of this run said; undefined: they were not asked, and the record only keeps time */
  verdict: Verdict | undefined
  /** the scope when they were */
  scope: Scope | undefined
  /** its events are held back until one of its messages is within the scope */
  waiting = false
  /** traced on its own, whatever the verdict */
  picked = false
  /** CLOSED came: nothing of this connection is traced any more */
  over = false
  readonly callIds = new CallIds()
  #seq = 0
  #lastMicros = 0
  #in: TracedLeg | undefined
  #out: TracedLeg | undefined

  constructor(run: number, verdict: Verdict | undefined) {
    this.run = run
    this.verdict = verdict
  }

  /** Events of this connection are reported. */
  get traced(): boolean {
    return (this.picked || (this.verdict === 'trace' && !this.waiting)) && !this.over
  }

  /**
   * Its key material is part of the trace. Where only some messages of the connection are, it is not: keys know no
   * messages, and who has them reads everybody's.
   */
  get keepsKeys(): boolean {
    return this.picked || (this.verdict === 'trace' && this.scope?.perMessage !== true)
  }

  nextSeq(): number {
    return ++this.#seq
  }

  /** A time for the next packet, `now` or just after the one before: viewers sort by it, and messages of one read share a µs. */
  stamp(now: number): number {
    this.#lastMicros = now > this.#lastMicros ? now : this.#lastMicros + 1
    return this.#lastMicros
  }

  leg(facts: ConnectionFacts, direction: Direction): TracedLeg {
    if (direction === 'in') {
      this.#in ??= leg(facts, direction)
      return this.#in
    }
    this.#out ??= leg(facts, direction)
    return this.#out
  }
}

function leg({ peer, local, transport, id, side }: ConnectionFacts, direction: Direction): TracedLeg {
  const [source, destination] = direction === 'in' ? [peer, local] : [local, peer]
  return { source, destination, transport, connId: id, direction, side, heads: [] }
}
