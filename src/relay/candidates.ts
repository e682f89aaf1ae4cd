/** Walks the upstream list address by address, once: what to try next when a connect failed. */
import type { Endpoint } from '../base/address.js'
import type { Failure } from '../base/errors.js'
import type { Upstream } from './upstreams.js'

export type Candidate =
  | { readonly upstream: Upstream; readonly address: Endpoint }
  /** its name could not be resolved */
  | { readonly upstream: Upstream; readonly failure: Failure }

export class Candidates {
  readonly #upstreams: readonly Upstream[]
  #next = 0
  #addresses: Endpoint[] = []

  constructor(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams
  }

  /** At once where no name needs resolving; undefined when there is none left. */
  next(): Candidate | undefined | Promise<Candidate | undefined> {
    const address = this.#addresses.shift()
    if (address !== undefined) return { upstream: this.#upstreams[this.#next - 1] as Upstream, address }
    const upstream = this.#upstreams[this.#next++]
    if (upstream === undefined) return undefined
    const found = upstream.addresses()
    return found instanceof Promise
      ? found.then((addresses) => this.#begin(upstream, addresses))
      : this.#begin(upstream, found)
  }

  #begin(upstream: Upstream, found: readonly Endpoint[] | Failure): Candidate {
    if ('cause' in found) return { upstream, failure: found }
    const [address, ...rest] = found
    this.#addresses = rest
    return { upstream, address: address as Endpoint }
  }
}
