/** How many of something each of several has, where none may have more than a share. */
export class Shares {
  readonly most: number
  readonly #counts = new Map<string, number>()

  constructor(most: number) {
    this.most = most
  }

  /** One for each of them; or for none, where one of them has its share already: then it is that one. */
  take(owners: readonly string[]): string | undefined {
    const full = owners.find((owner) => (this.#counts.get(owner) ?? 0) >= this.most)
    if (full === undefined) for (const owner of owners) this.#counts.set(owner, (this.#counts.get(owner) ?? 0) + 1)
    return full
  }

  release(owners: readonly string[]): void {
    for (const owner of owners) {
      const count = (this.#counts.get(owner) ?? 0) - 1
      if (count > 0) this.#counts.set(owner, count)
      else this.#counts.delete(owner)
    }
  }
}
