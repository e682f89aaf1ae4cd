/**
 * Our Record-Route (RFC 3261 §16.6 step 4, RFC 5658): when one is wanted, and what its values say. A value
 * of an edge leg may hold its flow token, sealed for the call; a value of a core leg names its server, so
 * that the requests of a dialog come back to where the dialog lives.
 *
 *     <sip:10.0.0.4:5060;transport=tcp;lr>, <sip:TOKEN@sip.example.com:5061;transport=tls;lr;seal=5f0c…>
 *      the leg it leaves on                  the leg it came on
 */
import { isIP } from 'node:net'
import { field, type SipMessage } from '../sip/message.js'
import { SipUri } from '../sip/uri.js'
import type { Via } from '../sip/via.js'
import type { CallSeals } from './call-seal.js'
import type { Leg } from './leg.js'
import { ownUser, sealParameter } from './routes.js'

export interface RecordRouteOptions {
  readonly seals: CallSeals
  /** names the server that a core leg leads to; '' where there is only one. `via`: the topmost of what came on the leg */
  readonly serverKey: (leg: Leg, via: Via | undefined) => string
  /** relay.flow_token */
  readonly flowToken: 'auto' | 'always' | 'ob'
}

export class RecordRoute {
  readonly #options: RecordRouteOptions
  readonly #uri = new SipUri()

  constructor(options: RecordRouteOptions) {
    this.#options = options
  }

  /**
   * Requests that begin a dialog (RFC 3261 §12.1, RFC 3515 §2.4.4), and those of a subscription wherever in it:
   * its route set comes from the NOTIFY (RFC 6665 §4.3, §4.4.1).
   */
  isWanted(message: SipMessage): boolean {
    switch (message.method) {
      case 'INVITE':
      case 'REFER':
        return !message.toHasTag()
      case 'SUBSCRIBE':
      case 'NOTIFY':
        return true
      default:
        return false
    }
  }

  /**
   * The values, the topmost that of the leg it leaves on: two where side or transport change, and between two
   * phones, each of which needs its own token. `byFlow`: the request was sent to `target` for its token;
   * `secure`: it is one for sips:.
   */
  values(message: SipMessage, via: Via, source: Leg, target: Leg, byFlow: boolean, secure: boolean): string {
    const towards = this.#value(message, target, undefined, byFlow, secure)
    const back = this.#value(message, source, via, this.#wantsToken(message, source), secure)
    const same = source.facts.side === target.facts.side && source.facts.transport === target.facts.transport
    return same && towards === back ? back : `${towards}, ${back}`
  }

  #value(message: SipMessage, leg: Leg, via: Via | undefined, withToken: boolean, secure: boolean): string {
    const { facts } = leg
    const { hostPort, uriTail, listening } = leg.own
    // TLS ends here: on a clear leg to our own servers nobody could follow a sips: URI.
    const scheme = secure && (facts.side === 'edge' || facts.transport === 'tls') ? 'sips' : 'sip'
    if (facts.side === 'edge') {
      if (!withToken) return `<${scheme}:${hostPort}${uriTail}>`
      const seal = this.#options.seals.seal(leg.token, message)
      return `<${scheme}:${leg.token}@${hostPort}${uriTail}${sealParameter}${seal}>`
    }
    const key = this.#options.serverKey(leg, via)
    const user = key === '' && listening ? '' : `${ownUser(key)}@`
    return `<${scheme}:${user}${hostPort}${uriTail}>`
  }

  /** RFC 5626 §5.1: the token, when later requests can reach the client no other way. */
  #wantsToken(message: SipMessage, { facts }: Leg): boolean {
    switch (this.#options.flowToken) {
      case 'always':
        return true
      case 'ob':
        return this.#readsContact(message) && this.#uri.ob
      case 'auto':
        return facts.direction === 'in' && !(facts.peerIdentities.length > 0 && this.#canBeConnectedTo(message))
    }
  }

  /**
   * A server that came with a certificate says itself where it can be reached: by a Record-Route of its own, or
   * by a Contact that is a name. A phone may have a certificate too, and an address behind NAT.
   */
  #canBeConnectedTo(message: SipMessage): boolean {
    if (message.first(field.recordRoute) >= 0) return true
    return this.#readsContact(message) && !this.#uri.ob && isIP(this.#uri.host()) === 0
  }

  #readsContact(message: SipMessage): boolean {
    const line = message.first(field.contact)
    return line >= 0 && this.#uri.readAddress(message.buf, message.valueStart(line), message.valueEnd(line))
  }
}
