/** How often how much: counts in fixed buckets, and the sum. */
import type { Instrument } from './instruments.js'
import type { HistogramValue } from './reading.js'
import { type Cell, Series } from './series.js'

export class Histogram implements Cell {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0
  #count = 0

  /** `bounds`: upper ends of the buckets, which hold what is equal to them (OpenMetrics, `le`), the smallest first. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  /** From the smallest on: most of what is measured is short, and then it is found in two or three steps. */
  record(value: number): void {
    const bounds = this.#bounds
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    ;(this.#counts[bucket] as number)++
    this.#sum += value
    this.#count++
  }

  /** As it is now: a copy. */
  get value(): HistogramValue {
    return { counts: [...this.#counts], sum: this.#sum, count: this.#count }
  }
}

export type HistogramInstrument = Instrument & { readonly buckets: readonly number[] }

export function histograms(instrument: HistogramInstrument): Series<Histogram> {
  return new Series(instrument, () => new Histogram(instrument.buckets))
}
