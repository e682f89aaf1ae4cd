/**
 * All legs of edge mode: by the id that a branch or a flow token names, and by the address of their
 * peer. It opens and closes nothing.
 */
import { type Endpoint, endpointText } from '../base/address.js'
import type { ConnectionFacts, Side, Transport } from '../base/facts.js'
import type { FlowTokens } from './flow.js'
import { type Carrier, Leg, type LegListener } from './leg.js'
import type { OwnAddresses } from './own-addresses.js'
import { OwnName } from './own-name.js'

export class Legs {
  readonly #own: OwnAddresses
  readonly #tokens: FlowTokens
  readonly #byId = new Map<string, Leg>()
  readonly #byPeer = new Map<string, Leg>()

  readonly #names = new Map<string, OwnName>()
  readonly #listener: LegListener

  constructor(own: OwnAddresses, tokens: FlowTokens, listener: LegListener) {
    this.#own = own
    this.#tokens = tokens
    this.#listener = listener
  }

  /** A leg for a carrier that is open. `alias`: ask the peer to reuse it (RFC 5923). */
  add(carrier: Carrier, alias: boolean): Leg {
    const { id, side, transport, peer } = carrier.facts
    const leg = new Leg(carrier, this.#nameOn(carrier.facts, alias), this.#tokens, this.#listener)
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

  /** One for all legs of a socket; where we do not listen each has its own. */
  #nameOn({ side, transport, local }: ConnectionFacts, alias: boolean): OwnName {
    const listens = this.#own.at(side, transport, local)
    if (listens === undefined) return new OwnName({ host: local.ip, port: local.port }, transport, false, alias)
    const key = `${transport} ${listens.host} ${listens.port} ${alias}`
    let name = this.#names.get(key)
    if (name === undefined) {
      name = new OwnName(listens, transport, true, alias)
      this.#names.set(key, name)
    }
    return name
  }
}

function peerKey(side: Side, transport: Transport, peer: Endpoint): string {
  return `${side} ${transport}:${endpointText(peer)}`
}
