/**
 * What the live connections are made of: versions, ciphers, weak clients. One walk over all of them, in slices, so
 * that calls do not wait for it.
 */

import type { ConnectionFacts } from '../../base/facts.js'
import type { Breakdown } from '../../base/live.js'
import { Slices } from '../../base/slices.js'
import { isDeprecated } from '../../base/tls-versions.js'

const examplesKept = 5

export async function breakdownOf(
  connections: Iterable<ConnectionFacts>,
  traced: (facts: ConnectionFacts) => boolean,
): Promise<Breakdown> {
  const counts = new Counts()
  const slices = new Slices()
  for (const facts of connections) {
    counts.add(facts, traced(facts))
    if (slices.isOver) await slices.next()
  }
  return counts.breakdown()
}

class Counts {
  readonly #versions = new Map<string, number>()
  readonly #ciphers = new Map<string, number>()
  readonly #transports = new Map<string, number>()
  readonly #weak = new Map<string, { count: number; examples: Set<string> }>()
  readonly #directions = { in: 0, out: 0 }
  #traced = 0

  add(facts: ConnectionFacts, traced: boolean): void {
    const { direction, transport, side, tls, peer } = facts
    countOne(this.#transports, transport)
    // Over UDP there is nothing that was opened in a direction.
    if (transport !== 'udp') this.#directions[direction]++
    if (traced) this.#traced++
    if (tls === undefined || side !== 'edge') return
    countOne(this.#versions, tls.version)
    countOne(this.#ciphers, tls.cipher)
    if (isWeak(facts)) this.#addWeak(tls.version, peer.ip)
  }

  breakdown(): Breakdown {
    return {
      versions: Object.fromEntries(this.#versions),
      ciphers: Object.fromEntries(this.#ciphers),
      directions: this.#directions,
      transports: Object.fromEntries(this.#transports),
      weak: Array.from(this.#weak, ([version, { count, examples }]) => ({ version, count, examples: [...examples] })),
      traced: this.#traced,
    }
  }

  #addWeak(version: string, ip: string): void {
    const weak = this.#weak.get(version) ?? { count: 0, examples: new Set<string>() }
    this.#weak.set(version, weak)
    weak.count++
    if (weak.examples.size < examplesKept) weak.examples.add(ip)
  }
}

/** Weak by its own doing: with TLS 1.2, only if the ClientHello offered nothing better. */
function isWeak({ tls, hello }: ConnectionFacts): boolean {
  if (tls === undefined || tls.version === 'TLSv1.3') return false
  return isDeprecated(tls.version) || hello?.versions[0] === 'TLSv1.2'
}

function countOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
