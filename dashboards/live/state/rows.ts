/**
 * Rows of a table as the event stream keeps them: by id, changed in place. Components read `version` to be drawn
 * again; 5,000 rows and 2,000 new counters are one pass over the counters and one number that changes.
 */
import { type Signal, signal } from '@preact/signals'
import type { Page } from '../../../src/base/live.js'

export class Rows<T> {
  readonly #idOf: (row: T) => string
  readonly #rows = new Map<string, T>()
  /** grows with every change; read it in a component (`rows.version.value`) to follow the rows */
  readonly version: Signal<number> = signal(0)
  /** all that match, also those that were not sent; undefined: nothing has come yet */
  readonly total: Signal<number | undefined> = signal(undefined)

  constructor(idOf: (row: T) => string) {
    this.#idOf = idOf
  }

  get size(): number {
    return this.#rows.size
  }

  get(id: string): T | undefined {
    return this.#rows.get(id)
  }

  values(): T[] {
    return [...this.#rows.values()]
  }

  replace({ rows, total }: Page<T>): void {
    this.#rows.clear()
    this.#put(rows)
    this.total.value = total
    this.version.value += 1
  }

  apply(change: { readonly rows: readonly T[]; readonly removed: readonly string[]; readonly total: number }): void {
    for (const id of change.removed) this.#rows.delete(id)
    this.#put(change.rows)
    this.total.value = change.total
    this.version.value += 1
  }

  /** Replaces single rows by what `change` makes of them. */
  patch<C>(changes: readonly C[], idOf: (change: C) => string, patched: (row: T, change: C) => T): void {
    for (const change of changes) {
      const id = idOf(change)
      const row = this.#rows.get(id)
      if (row !== undefined) this.#rows.set(id, patched(row, change))
    }
  }

  /** Nothing is known: another question was asked. */
  clear(): void {
    this.#rows.clear()
    this.total.value = undefined
    this.version.value += 1
  }

  #put(rows: readonly T[]): void {
    for (const row of rows) this.#rows.set(this.#idOf(row), row)
  }
}
