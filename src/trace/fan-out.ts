/** Several takers of traces as one. Each gets everything; what one of them does is no concern of the others. */
import type { TracedEvent } from './event.js'
import type { TracedLeg, TraceSinks } from './sinks.js'

export class FanOut implements TraceSinks {
  readonly #sinks: readonly TraceSinks[]

  constructor(sinks: readonly TraceSinks[]) {
    this.#sinks = sinks
  }

  get configured(): boolean {
    return this.#sinks.some((sink) => sink.configured)
  }

  event(event: TracedEvent): void {
    for (const sink of this.#sinks) sink.event(event)
  }

  sip(
    leg: TracedLeg,
    micros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): void {
    for (const sink of this.#sinks) sink.sip(leg, micros, buf, start, end, callIdStart, callIdEnd)
  }
}
