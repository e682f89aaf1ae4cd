/**
 * All legs of edge mode: by the id that a branch or a flow token names, and by the address of their
 * peer. It opens and closes nothing.
 */
import { type Endpoint, endpointText } from '../base/address.js'
import type { Side, Transport } from '../base/facts.js'
import type { HostPort } from '../config/types.js'
import type { FlowTokens } from './flow.js'
import { type Carrier, Leg } from './leg.js'
import type { OwnAddresses } from './own-addresses.js'

export class Legs {
  readonly #own: OwnAddresses
  readonly #tokens: FlowTokens
  readonly #byId = new Map<string, Leg>()
  readonly #byPeer = new Map<string, Leg>()

  constructor(own: OwnAddresses, tokens: FlowTokens) {
    this.#own = own
    this.#tokens = tokens
  }

  /** A leg for a carrier that is open. `alias`: ask the peer to reuse it (RFC 5923). */
  add(carrier: Carrier, alias: boolean): Leg {
    const { id, side, transport, local, peer } = carrier.facts
    const listens = this.#own.at(side, transport, local)
    const leg = new Leg(carrier, listens ?? hostPort(local), this.#tokens, { listening: listens !== undefined, alias })
    this.#byId.set(id, leg)
    this.#byPeer.set(peerKey(side, transport, peer), leg)
    return leg
  }

  remove(leg: Leg): void {
    const { id, side, transport, peer } = leg.facts
    this.#byId.delete(id)
    const key = peerKey(side, transport, peer)
    if (this.#byPeer.get(key) === leg) this.#byPeer.delete(key)
  }

  /** The open leg of that id. */
  get(id: string): Leg | undefined {
    const leg = this.#byId.get(id)
    return leg?.open === true ? leg : undefined
  }

  /** An open leg whose peer has that address. */
  to(side: Side, transport: Transport, peer: Endpoint): Leg | undefined {
    const leg = this.#byPeer.get(peerKey(side, transport, peer))
    return leg?.open === true ? leg : undefined
  }
}

function hostPort({ ip, port }: Endpoint): HostPort {
  return { host: ip, port }
}

function peerKey(side: Side, transport: Transport, peer: Endpoint): string {
  return `${side} ${transport}:${endpointText(peer)}`
}
