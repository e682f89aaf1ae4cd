/**
 * Readings made of what others have counted, at one moment. A reload replaces parts of the gateway, and their counts
 * begin anew: here a counter goes on from where it was, for as long as what it counts is there.
 */
import type { Instrument } from './instruments.js'
import type { Point, Reading } from './reading.js'

type Labels = readonly string[]

export class Sheet {
  readonly #points = new Map<Instrument, Map<string, Point>>()
  readonly #growth: Growth

  constructor(growth: Growth) {
    this.#growth = growth
    growth.begin()
  }

  /** Where the same labels come again, sums add up and gauges keep the largest. Undefined: there is nothing to tell. */
  put(instrument: Instrument, value: number | boolean | undefined, ...labels: Labels): void {
    if (value === undefined) return
    const now = Number(value)
    const before = this.#points.get(instrument)?.get(labels.join('\n'))?.value as number | undefined
    if (before === undefined) this.#set(instrument, labels, now)
    else this.#set(instrument, labels, instrument.kind === 'gauge' ? Math.max(before, now) : before + now)
  }

  /** A counter that stands at `value` in the part called `source`; parts with the same labels add up. */
  count(instrument: Instrument, labels: Labels, value: number, source = ''): void {
    const series = [instrument.name, ...labels].join('\n')
    this.#set(instrument, labels, this.#growth.total(series, source, value))
  }

  /** The same for counts by a last label: a reason, a type, a status. */
  countEach(instrument: Instrument, labels: Labels, values: Readonly<Record<string, number>>, source = ''): void {
    for (const [last, value] of Object.entries(values)) this.count(instrument, [...labels, last], value, source)
  }

  readings(): Reading[] {
    return Array.from(this.#points, ([instrument, points]) => ({ instrument, points: [...points.values()] }))
  }

  #set(instrument: Instrument, labels: Labels, value: number): void {
    let points = this.#points.get(instrument)
    if (points === undefined) {
      points = new Map()
      this.#points.set(instrument, points)
    }
    points.set(labels.join('\n'), { labels, value })
  }
}

/** How far the counters of one sheet had come, for the next. What is on it no longer is forgotten. */
export class Growth {
  #before = new Round()
  #now = new Round()

  begin(): void {
    this.#before = this.#now
    this.#now = new Round()
  }

  /** What `series` has grown to, now that its part `source` stands at `value`. */
  total(series: string, source: string, value: number): number {
    let part = `${series}\n${source}`
    while (this.#now.parts.has(part)) part += '+' // declared twice
    const before = this.#before.parts.get(part) ?? 0
    // Lower than before: it is another one, and all of it came since.
    const grown = value >= before ? value - before : value
    const total = (this.#now.totals.get(series) ?? this.#before.totals.get(series) ?? 0) + grown
    this.#now.parts.set(part, value)
    this.#now.totals.set(series, total)
    return total
  }
}

class Round {
  readonly parts = new Map<string, number>()
  readonly totals = new Map<string, number>()
}
