/**
 * What one instrument has counted: a cell for each set of label values that came up. It never shrinks, so that
 * counters never go back, and grows to a cap: what is new then goes together into one cell more.
 */
import type { Instrument } from './instruments.js'
import type { Point, Reading } from './reading.js'

/**
 * Peers choose no label value, but a configuration that is reloaded again and again with other names does. Real
 * gateways have dozens of sets.
 */
export const maxSets = 1000

export interface Cell {
  readonly value: Point['value']
}

export class Count implements Cell {
  value = 0
}

export class Series<C extends Cell> {
  readonly #instrument: Instrument
  readonly #make: () => C
  readonly #cells = new Map<string, { readonly labels: readonly string[]; readonly cell: C }>()
  #overflow: C | undefined

  constructor(instrument: Instrument, make: () => C) {
    this.#instrument = instrument
    this.#make = make
  }

  /** The cell of these values, in the order of the instrument's labels: the same one for the same values, always. */
  at(...labels: readonly string[]): C {
    const key = labels.join('\n')
    const known = this.#cells.get(key)
    if (known !== undefined) return known.cell
    if (this.#cells.size >= maxSets) {
      this.#overflow ??= this.#make()
      return this.#overflow
    }
    const cell = this.#make()
    this.#cells.set(key, { labels, cell })
    return cell
  }

  read(): Reading {
    const points: Point[] = Array.from(this.#cells.values(), ({ labels, cell }) => ({ labels, value: cell.value }))
    if (this.#overflow !== undefined) points.push({ labels: undefined, value: this.#overflow.value })
    return { instrument: this.#instrument, points }
  }
}

export function counts(instrument: Instrument): Series<Count> {
  return new Series(instrument, () => new Count())
}
