/** The two kinds of places edge mode sends to: our upstreams, and whatever a Route or Request-URI names. */
import type { Failure } from '../base/errors.js'
import { type Candidate, Candidates } from './candidates.js'
import type { Hop, Hops } from './outbound.js'
import type { Peer } from './peer.js'
import type { Destination, Question, Resolver } from './resolver.js'
import type { Upstream } from './upstreams.js'

/** Upstreams in their order, each with all its addresses. */
export class UpstreamHops implements Hops {
  /** the one that the order of the call begins with; undefined: something else chose */
  readonly first: Upstream | undefined
  /** the one tried last */
  upstream: Upstream | undefined
  readonly #candidates: Candidates

  /** `inOrder`: as `UpstreamList.order` gave them. */
  constructor(upstreams: readonly Upstream[], inOrder = false) {
    this.first = inOrder ? upstreams[0] : undefined
    this.#candidates = new Candidates(upstreams)
  }

  next(): Hop | Failure | undefined | Promise<Hop | Failure | undefined> {
    const found = this.#candidates.next()
    return found instanceof Promise ? found.then((later) => this.#hop(later)) : this.#hop(found)
  }

  /** The upstream keeps account of its failures itself. */
  failed(): void {}

  #hop(found: Candidate | undefined): Hop | Failure | undefined {
    if (found === undefined) return undefined
    const { upstream } = found
    this.upstream = upstream
    if ('failure' in found) {
      unresolved(upstream, found.failure)
      return found.failure
    }
    const { transport, host } = upstream.config
    return { address: found.address, transport, host, side: 'core', peer: upstream }
  }
}

/** Where RFC 3263 says that a URI leads, on the edge side. */
export class ResolvedHops implements Hops {
  readonly host: string
  readonly #resolver: Resolver
  readonly #question: Question
  readonly #peer: Peer | undefined
  #rest: readonly Destination[] | undefined
  #next = 0

  constructor(resolver: Resolver, question: Question, peer?: Peer) {
    this.#resolver = resolver
    this.host = question.host
    this.#question = question
    this.#peer = peer
  }

  next(): Hop | Failure | undefined | Promise<Hop | Failure | undefined> {
    if (this.#rest !== undefined) return this.#take()
    const found = this.#resolver.resolve(this.#question)
    return found instanceof Promise ? found.then((later) => this.#begin(later)) : this.#begin(found)
  }

  failed({ address, transport, host }: Hop): void {
    if (transport !== 'udp') this.#resolver.failed({ address, transport, host })
  }

  #begin(found: readonly Destination[] | Failure): Hop | Failure | undefined {
    if ('cause' in found) {
      this.#rest = []
      unresolved(this.#peer, found)
      return found
    }
    this.#rest = found
    return this.#take()
  }

  #take(): Hop | undefined {
    const destination = this.#rest?.[this.#next++]
    return destination && { ...destination, side: 'edge', peer: this.#peer }
  }
}

/** A connection that stands needs no name. */
function unresolved(peer: Peer | undefined, reason: Failure): void {
  if (peer?.connections === 0) peer.failed(reason)
}
