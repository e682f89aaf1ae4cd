/** Ids of connections whose messages the tap delivered lately: who asks whether a trace is one of ours. */

/** Two generations: as many connections as a busy gateway traces within the minutes a trace may be on its way. */
const maxYoung = 32_768

export class OwnConnections {
  #young = new Set<string>()
  #old = new Set<string>()

  has(id: string): boolean {
    return this.#young.has(id) || this.#old.has(id)
  }

  add(id: string): void {
    this.#young.add(id)
    if (this.#young.size < maxYoung) return
    this.#old = this.#young
    this.#young = new Set()
  }
}
