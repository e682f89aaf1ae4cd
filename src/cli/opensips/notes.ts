/** What a person has to look at after an import: what was left out, what means something else here, what is missing. */
import { oneLine } from '../one-line.js'

export class Notes {
  readonly #notes: { readonly at: number; readonly text: string }[] = []

  /** `at`: offset into the source */
  add(at: number, text: string): void {
    this.#notes.push({ at, text })
  }

  /** About the file as a whole; comes behind the others. */
  addGeneral(text: string): void {
    this.#notes.push({ at: Number.POSITIVE_INFINITY, text })
  }

  /** In the order of the file, those of one place once. One line each: what a file says must not end a comment. */
  lines(place: (at: number) => string): string[] {
    const sorted = this.#notes.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    return [...new Set(sorted.map(({ at, text }) => oneLine(Number.isFinite(at) ? `${place(at)}: ${text}` : text)))]
  }
}
