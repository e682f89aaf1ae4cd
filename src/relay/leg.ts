/**
 * One carrier of SIP as edge mode sees it, a connection or a UDP association: what to call ourselves
 * on it, its flow token, who waits for it, and for what it waits. It decides nothing about messages.
 */
import type { Failure } from '../base/errors.js'
import type { ConnectionFacts } from '../base/facts.js'
import { type Connection, pauseReasons } from '../tls/connection.js'
import type { FlowTokens } from './flow.js'
import type { OwnName } from './own-name.js'

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

/** Who takes what comes on legs. */
export interface LegListener {
  received(leg: Leg, buf: Buffer, start: number, bodyStart: number, end: number): void
}

export class Leg {
  readonly carrier: Carrier
  readonly facts: ConnectionFacts
  /** how we call ourselves on it */
  readonly own: OwnName
  /** the upstream or trunk it leads to, which keeps account of its connections */
  peer: LegPeer | undefined
  /** RFC 5923: its client asked for reuse, and was heard */
  aliased = false
  /** the peer has nothing more to send: it is answered, and gets no requests any more */
  leaving = false
  /** it takes no more for now */
  blocked = false
  readonly #tokens: FlowTokens
  readonly #listener: LegListener
  #token: string | undefined
  /** why it is not read: so many of its messages wait for something */
  #holds = 0
  /** messages that came in one read with one that is held, and after it: no more than that read brought */
  #behind: Behind[] | undefined
  /** sources that are held while this leg is blocked */
  #waiting: Set<Leg> | undefined
  /** sources that are held until what they sent has left */
  #untaken: Set<Leg> | undefined

  constructor(carrier: Carrier, own: OwnName, tokens: FlowTokens, listener: LegListener) {
    this.carrier = carrier
    this.facts = carrier.facts
    this.own = own
    this.#tokens = tokens
    this.#listener = listener
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

  /** A message came: handed on at once, or behind those that wait already. The bytes stay as they are. */
  receive(buf: Buffer, start: number, bodyStart: number, end: number): void {
    if (this.#holds === 0 && this.#behind === undefined) {
      this.#listener.received(this, buf, start, bodyStart, end)
      return
    }
    this.#behind ??= []
    this.#behind.push({ buf, start, bodyStart, end })
  }

  /** It is not read until `release` was called as often. Datagrams come from one socket for all: they go on. */
  hold(): void {
    if (this.facts.transport === 'udp') return
    if (this.#holds++ === 0) this.carrier.pause(pauseReasons.relay)
  }

  release(): void {
    if (this.facts.transport === 'udp' || --this.#holds > 0) return
    // In a turn of its own: whoever releases may be in the middle of another message.
    if (this.#behind === undefined) this.carrier.resume(pauseReasons.relay)
    else setImmediate(() => this.#catchUp())
  }

  /** It is blocked, and this source is what fills it: held until there is room. */
  holdBack(source: Leg): void {
    this.#waiting ??= new Set()
    if (this.#waiting.has(source)) return
    this.#waiting.add(source)
    source.hold()
  }

  /** There is room again, or it is closed: its sources are read on. */
  letGo(): void {
    this.blocked = false
    const waiting = this.#waiting
    this.#waiting = undefined
    releaseAll(waiting)
  }

  /** tls_async 0: the source is held until the system has taken what is written now. */
  writeHolding(source: Leg, bytes: Buffer): boolean {
    this.#untaken ??= new Set()
    if (this.#untaken.has(source)) return this.carrier.write(bytes, 1)
    this.#untaken.add(source)
    source.hold()
    const taken = this.carrier.write(bytes, 1, () => this.#whenTaken())
    if (!taken) this.#whenTaken()
    return taken
  }

  /** It is closed: nobody waits for it any more, and what it sent before is handed on. */
  closed(): void {
    this.letGo()
    this.#whenTaken()
    const behind = this.#behind ?? []
    this.#behind = undefined
    for (const { buf, start, bodyStart, end } of behind) this.#listener.received(this, buf, start, bodyStart, end)
  }

  #whenTaken(): void {
    const untaken = this.#untaken
    this.#untaken = undefined
    releaseAll(untaken)
  }

  /** What came in one read behind a message that was held: in its order, until one of them is held again. */
  #catchUp(): void {
    while (this.#holds === 0) {
      const next = this.#behind?.shift()
      if (next === undefined) {
        this.#behind = undefined
        this.carrier.resume(pauseReasons.relay)
        return
      }
      this.#listener.received(this, next.buf, next.start, next.bodyStart, next.end)
    }
  }
}

interface Behind {
  readonly buf: Buffer
  readonly start: number
  readonly bodyStart: number
  readonly end: number
}

function releaseAll(held: Set<Leg> | undefined): void {
  if (held !== undefined) for (const source of held) source.release()
}
