/**
 * One carrier of SIP as edge mode sees it, a connection or a UDP association: what to call ourselves
 * on it, its flow token, who waits for it, and for what it waits. It decides nothing about messages.
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

/** An upstream or a trunk, as far as its connections tell of it. */
export interface LegPeer {
  connected(): void
  disconnected(): void
  failed(reason: Failure): void
}

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
  /** the upstream or trunk it leads to, which keeps account of its connections */
  peer: LegPeer | undefined
  /** RFC 5923: its client asked for reuse, and was heard */
  aliased = false
  /** the peer has nothing more to send: it is answered, and gets no requests any more */
  leaving = false
  /** it takes no more for now */
  blocked = false
  readonly #tokens: FlowTokens
  #token: string | undefined
  /** why it is not read: so many of its messages wait for something */
  #holds = 0
  /** messages that came in one read with one that is held, and after it: no more than that read brought */
  readonly #behind: Behind[] = []
  /** sources that are held while this leg is blocked */
  readonly #waiting = new Set<Leg>()
  /** sources that are held until what they sent has left */
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

  /** From now on it counts as a connection of this peer, and of no other. */
  belongTo(peer: LegPeer | undefined): void {
    if (peer === this.peer) return
    this.peer?.disconnected()
    this.peer = peer
    peer?.connected()
  }

  /** New messages may be sent. */
  get open(): boolean {
    return this.carrier.state === 'open'
  }

  fail(reason: Failure): void {
    this.carrier.fail(reason)
  }

  /** One message of it, to be handed on now. Set by whoever listens to the leg. */
  deliver: (buf: Buffer, start: number, bodyStart: number, end: number) => void = () => {}

  /** A message came: handed on at once, or behind those that wait already. The bytes stay as they are. */
  receive(buf: Buffer, start: number, bodyStart: number, end: number): void {
    if (this.#holds === 0 && this.#behind.length === 0) this.deliver(buf, start, bodyStart, end)
    else this.#behind.push({ buf, start, bodyStart, end })
  }

  /** It is not read until `release` was called as often. Datagrams come from one socket for all: they go on. */
  hold(): void {
    if (this.facts.transport === 'udp') return
    if (this.#holds++ === 0) this.carrier.pause(pauseReasons.relay)
  }

  release(): void {
    if (this.facts.transport === 'udp' || --this.#holds > 0) return
    // In a turn of its own: whoever releases may be in the middle of another message.
    if (this.#behind.length > 0) setImmediate(this.#catchUp)
    else this.carrier.resume(pauseReasons.relay)
  }

  /** It is blocked, and this source is what fills it: held until there is room. */
  holdBack(source: Leg): void {
    if (this.#waiting.has(source)) return
    this.#waiting.add(source)
    source.hold()
  }

  /** There is room again, or it is closed: its sources are read on. */
  letGo(): void {
    this.blocked = false
    releaseAll(this.#waiting)
  }

  /** tls_async 0: the source is held until the system has taken what is written now. */
  writeHolding(source: Leg, bytes: Buffer): boolean {
    if (this.#untaken.has(source)) return this.carrier.write(bytes, 1)
    this.#untaken.add(source)
    source.hold()
    const taken = this.carrier.write(bytes, 1, this.#whenTaken)
    if (!taken) this.#whenTaken()
    return taken
  }

  /** It is closed: nobody waits for it any more, and what it sent before is handed on. */
  closed(): void {
    this.letGo()
    this.#whenTaken()
    for (const { buf, start, bodyStart, end } of this.#behind.splice(0)) this.deliver(buf, start, bodyStart, end)
  }

  readonly #whenTaken = (): void => releaseAll(this.#untaken)

  /** What came in one read behind a message that was held: in its order, until one of them is held again. */
  readonly #catchUp = (): void => {
    while (this.#holds === 0) {
      const next = this.#behind.shift()
      if (next === undefined) {
        this.carrier.resume(pauseReasons.relay)
        return
      }
      this.deliver(next.buf, next.start, next.bodyStart, next.end)
    }
  }
}

interface Behind {
  readonly buf: Buffer
  readonly start: number
  readonly bodyStart: number
  readonly end: number
}

function releaseAll(sources: Set<Leg>): void {
  if (sources.size === 0) return
  const held = [...sources]
  sources.clear()
  for (const source of held) source.release()
}
