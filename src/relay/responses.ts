/**
 * Where a response goes: our Via off, and to the leg that its branch names (RFC 3261 §16.7, §18.2.2). One that
 * belongs to nobody is dropped, counted and traced.
 */
import { endpointText, sipPort } from '../base/address.js'
import { checkResponse } from '../sip/check.js'
import { field, type SipMessage } from '../sip/message.js'
import { hostText } from '../sip/values.js'
import type { Branches } from './branch.js'
import type { Complaints } from './complaints.js'
import type { EdgeCounters, ResponseDrop } from './edge-counters.js'
import type { Leg } from './leg.js'
import type { Legs } from './legs.js'
import type { Passage } from './passage.js'
import type { Prober } from './prober.js'
import type { Rewrite } from './rewrite.js'
import { knownTransport } from './routes.js'

export interface ResponsesOptions {
  readonly passage: Passage
  readonly rewrite: Rewrite
  readonly legs: Legs
  readonly branches: Branches
  readonly prober: Prober
  readonly counters: EdgeCounters
  readonly complaints: Complaints
  readonly tlsPort: number
  /** trace.probes */
  readonly traceProbes: boolean
}

export class Responses {
  readonly #options: ResponsesOptions
  readonly #passage: Passage

  constructor(options: ResponsesOptions) {
    this.#options = options
    this.#passage = options.passage
  }

  /** The response under way, which came on `source`. */
  take(source: Leg): void {
    if (checkResponse(this.#passage.message, this.#passage.via) !== undefined) {
      this.#dropResponse(source, 'malformed')
      return
    }
    const { buf } = this.#passage.message
    const { branchStart, branchEnd } = this.#passage.via
    const id = this.#options.branches.source(buf, branchStart, branchEnd, source.facts.side)
    if (id === undefined) {
      if (!this.#isOfProbe(source)) this.#dropResponse(source, 'not-ours')
      return
    }
    const target = this.#options.legs.get(id) ?? this.#legBySentBy(source)
    if (target === undefined) {
      this.#dropResponse(source, 'flow-gone')
      return
    }
    if (!this.#passage.via.hasMore && this.#passage.message.next(this.#passage.message.first(field.via)) < 0) {
      // RFC 3261 §16.7 step 3: no Via but ours means that it was meant for us, and we asked nothing.
      this.#dropResponse(source, 'malformed')
      return
    }
    if (target.facts.side === 'edge') this.#noteRegistration(source)
    this.#passage.send(
      source,
      target,
      this.#options.rewrite.response(this.#passage.message, this.#passage.via, source, target),
    )
  }

  /** Does the response tell a phone how its REGISTER ended? */
  #noteRegistration({ facts }: Leg): void {
    const { message } = this.#passage
    if (message.status < 200 || message.cseqMethod() !== 'REGISTER') return
    this.#options.counters.registrationAnswered(message.status)
    if (!isWithoutPath(message)) return
    this.#options.counters.registrationsWithoutPath++
    this.#options.complaints.registrationWithoutPath(endpointText(facts.peer))
  }

  #isOfProbe(source: Leg): boolean {
    const { buf, status } = this.#passage.message
    const { branchStart, branchEnd } = this.#passage.via
    if (branchStart < 0 || !this.#options.prober.answered(buf.toString('latin1', branchStart, branchEnd), status))
      return false
    if (this.#options.traceProbes) this.#passage.traceIn(source, source.facts)
    return true
  }

  /**
   * RFC 3261 §18.2.2: the connection is gone, but the Via below ours says where its request came from. Only
   * towards our own servers: nobody outside can make us send anything anywhere by what it writes there.
   */
  #legBySentBy(source: Leg): Leg | undefined {
    const via = this.#passage.via
    if (source.facts.side === 'core' || !this.#passage.readViaBelow()) return undefined
    const { buf } = this.#passage.message
    const transport = knownTransport(buf.toString('latin1', via.transportStart, via.transportEnd).toLowerCase())
    if (transport === undefined) return undefined
    const ip =
      via.receivedStart >= 0
        ? buf.toString('latin1', via.receivedStart, via.receivedEnd)
        : hostText(buf, via.hostStart, via.hostEnd)
    // RFC 3581 §4: rport is for UDP; on a stream it is the port of the connection that is gone.
    const rport = transport === 'udp' ? via.rport : 0
    const port = rport || via.port || (transport === 'tls' ? this.#options.tlsPort : sipPort)
    const target = this.#options.legs.to('core', transport, { ip, port })
    this.#passage.readVia()
    return target
  }

  #dropResponse(source: Leg, reason: ResponseDrop): void {
    this.#passage.traceIn(source, source.facts)
    this.#options.counters.responseDropped(reason)
  }
}

/** RFC 3327 §5.3: a registrar that keeps the Path repeats it. One whose answer names no Contact has nothing to keep. */
function isWithoutPath(message: SipMessage): boolean {
  return message.status < 300 && message.first(field.path) < 0 && message.first(field.contact) >= 0
}
