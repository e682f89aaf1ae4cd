/**
 * One carrier of SIP as edge mode sees it, a connection or a UDP association: what to call ourselves
 * on it, its flow token, who waits for it. It decides nothing about messages.
 */
import { endpointText } from '../base/address.js'
import type { Failure } from '../base/errors.js'
import type { ConnectionFacts } from '../base/facts.js'
import type { HostPort } from '../config/types.js'
import { type Connection, pauseReasons } from '../tls/connection.js'
import type { FlowTokens } from './flow.js'

/** What a leg needs of the socket below it. */
export type Carrier = Pick<
  Connection,
  'facts' | 'write' | 'pause' | 'resume' | 'unsentBytes' | 'callIdStart' | 'callIdEnd' | 'end' | 'fail'
> & { readonly state: Connection['state'] }

export interface LegOptions {
  readonly listening: boolean
  /** ask the peer to reuse this connection for its own requests (RFC 5923) */
  readonly alias: boolean
}

export class Leg {
  readonly carrier: Carrier
  readonly facts: ConnectionFacts
  /** how the peer reaches us: `sip.example.com:5061` */
  readonly ownHostPort: string
  /** `Via: SIP/2.0/TLS sip.example.com:5061;branch=`, to be followed by the branch */
  readonly viaHead: string
  /** what a Via of ours ends with, behind the branch: `;rport`, `;alias`, nothing */
  readonly viaTail: string
  /** `;transport=tls;lr`: how our Route, Record-Route and Path URIs of this leg end */
  readonly uriTail: string
  /** a socket of ours listens at `ownHostPort`; else it is our end of this connection, and gone with it */
  readonly listening: boolean
  /** RFC 5923: its client asked for reuse, and was heard */
  aliased = false
  /** the peer has nothing more to send: it is answered, and gets no requests any more */
  leaving = false
  /** it takes no more for now */
  blocked = false
  readonly #tokens: FlowTokens
  #token: string | undefined
  /** sources that are not read while this leg is blocked */
  readonly #waiting = new Set<Leg>()
  /** sources that are not read until what they sent has left */
  readonly #untaken = new Set<Leg>()

  constructor(carrier: Carrier, own: HostPort, tokens: FlowTokens, { listening, alias }: LegOptions) {
    this.carrier = carrier
    this.listening = listening
    this.facts = carrier.facts
    this.#tokens = tokens
    const { transport } = carrier.facts
    this.ownHostPort = endpointText({ ip: own.host, port: own.port })
    this.viaHead = `Via: SIP/2.0/${transport.toUpperCase()} ${this.ownHostPort};branch=`
    // RFC 3581 §3: over UDP the answer shall come back to the port it was sent from.
    this.viaTail = `${transport === 'udp' ? ';rport' : ''}${alias ? ';alias' : ''}`
    this.uriTail = `;transport=${transport};lr`
  }

  /** `sip:sip.example.com:5061;transport=tls`: where requests for the gateway itself reach it. */
  get contactUri(): string {
    return `sip:${this.ownHostPort};transport=${this.facts.transport}`
  }

  /** Names this flow in our Path and Record-Route (RFC 5626 §5.2). */
  get token(): string {
    const { id, transport, local, peer } = this.facts
    this.#token ??= this.#tokens.token({ connId: id, transport, local, peer })
    return this.#token
  }

  /** New messages may be sent. */
  get open(): boolean {
    return this.carrier.state === 'open'
  }

  fail(reason: Failure): void {
    this.carrier.fail(reason)
  }

  /** It is blocked, and this source is what fills it: not read until there is room. */
  holdBack(source: Leg): void {
    if (this.#waiting.has(source)) return
    this.#waiting.add(source)
    source.carrier.pause(pauseReasons.relay)
  }

  /** There is room again, or it is closed: its sources are read on. */
  letGo(): void {
    this.blocked = false
    resumeAll(this.#waiting, pauseReasons.relay)
  }

  /** tls_async 0: the source is not read until the system has taken what is written now. */
  writeHolding(source: Leg, bytes: Buffer): boolean {
    this.#untaken.add(source)
    source.carrier.pause(pauseReasons.write)
    return this.carrier.write(bytes, 1, this.#whenTaken)
  }

  /** It is closed: nobody waits for it any more. */
  closed(): void {
    this.letGo()
    this.#whenTaken()
  }

  readonly #whenTaken = (): void => resumeAll(this.#untaken, pauseReasons.write)
}

function resumeAll(sources: Set<Leg>, reason: (typeof pauseReasons)['relay' | 'write']): void {
  if (sources.size === 0) return
  const waiting = [...sources]
  sources.clear()
  for (const source of waiting) source.carrier.resume(reason)
}
