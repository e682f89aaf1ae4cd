/**
 * What one remote address and our UDP socket say to each other: to the relay, a connection that is open
 * from its first moment. Every write is one datagram that leaves at once or is lost; nothing waits here,
 * so there is nothing to hold back either. It owns no socket and never decides where a message goes.
 *
 *     open ──▶ closed        by its socket (idle, too many), by whoever calls end(), close() or fail()
 *
 * It begins with ACCEPTED when the peer spoke first, else with CONNECT_START and CONNECTED, and ends
 * in exactly one CLOSED.
 */

import type { Endpoint } from '../base/address.js'
import { noteArrival, publishConnection, publishReceived } from '../base/channels.js'
import { type Cause, causeEntry, type Failure, failure } from '../base/errors.js'
import type { ConnectionEvent, ConnectionEventName, ConnectionFacts, Direction, Side } from '../base/facts.js'
import type { SipDatagram } from '../sip/datagram.js'
import type { ConnectionHandler } from './handler.js'
import type { MessageCounters } from './message-counters.js'

/** What all associations share with each other and with the connections, as one of them sees it. */
export interface AssociationHome {
  readonly messages: MessageCounters
  newFacts(direction: Direction, transport: 'udp', side: Side, local: Endpoint, peer: Endpoint): ConnectionFacts
  opened(association: Association): void
  closed(association: Association): void
}

/** The socket below, as its associations see it. */
export interface AssociationSocket {
  /** monotonic ms */
  readonly now: () => number
  /** sends one datagram; `ip` as the socket spells it */
  send(bytes: Buffer, ip: string, peer: Endpoint): void
  closed(association: Association): void
}

export class Association {
  readonly facts: ConnectionFacts
  /** the peer's address as its socket spells it: mapped into IPv6, with its zone */
  readonly wireIp: string
  /** monotonic ms: when anything, and when something of ours last went by */
  lastActiveMs: number
  lastWrittenMs = Number.NEGATIVE_INFINITY
  /** Call-ID of the message in `onMessage`, offsets in the same buffer; both 0 if it has none. */
  callIdStart = 0
  callIdEnd = 0
  /** for those who watch connections: the system takes a datagram whole or not at all */
  readonly unsentBytes = 0

  readonly #openedMs: number
  readonly #home: AssociationHome
  readonly #socket: AssociationSocket
  #state: 'open' | 'closed' = 'open'
  #handler: ConnectionHandler | undefined

  /** Its handler is to be set before it is given anything. */
  constructor(facts: ConnectionFacts, wireIp: string, home: AssociationHome, socket: AssociationSocket) {
    this.facts = facts
    this.wireIp = wireIp
    this.#home = home
    this.#socket = socket
    this.#openedMs = this.lastActiveMs = socket.now()
    // No certificate can come over UDP: the side alone decides.
    facts.trusted = facts.side === 'core'
    home.opened(this)
    if (facts.direction === 'in') {
      this.#publish('ACCEPTED', undefined, 'first message from this peer over UDP')
    } else {
      this.#publish('CONNECT_START', undefined, 'first message to this peer over UDP')
      this.#publish('CONNECTED', undefined, 'ready: UDP has no handshake')
    }
  }

  get state(): 'open' | 'closed' {
    return this.#state
  }

  set handler(handler: ConnectionHandler) {
    this.#handler = handler
  }

  /**
   * Sends one message as one datagram, at once. Whether it arrives UDP never tells; what the system refuses
   * is counted as lost. False: closed, nothing is sent any more. `whenTaken` as in `Connection`.
   */
  write(bytes: Buffer, messages: number, whenTaken?: () => void): boolean {
    if (this.#state === 'closed') return false
    const { facts } = this
    facts.bytesOut += bytes.length
    facts.messagesOut += messages
    this.lastActiveMs = this.lastWrittenMs = this.#socket.now()
    this.#home.messages.sent += messages
    this.#socket.send(bytes, this.wireIp, facts.peer)
    whenTaken?.()
    return true
  }

  /** Datagrams come from one socket for all peers: it is read on, and who is too slow loses some. */
  pause(): void {}
  resume(): void {}

  /** Nothing is under way that an orderly end could wait for. */
  end(cause: Cause, message?: string): void {
    this.close(cause, message)
  }

  close(cause: Cause, message?: string): void {
    this.#over(failure(cause, message))
  }

  /** Something went wrong: ERROR, then CLOSED. */
  fail(reason: Failure): void {
    if (this.#state === 'closed') return
    this.#publish('ERROR', reason.cause, reason.message)
    this.#over(reason)
  }

  // ── for its socket ──

  /** A datagram of this peer: `read` says where its message lies in `buf`. */
  receive(buf: Buffer, read: SipDatagram): void {
    this.#take(buf, read)
    this.#handler?.onMessage(buf, read.start, read.bodyStart, read.end)
    this.#handler?.onReadEnd()
  }

  /** The same for one that must not be passed on: `onTruncated` answers it. */
  receiveTruncated(buf: Buffer, read: SipDatagram, onTruncated: TruncatedHandler): void {
    this.#take(buf, read)
    onTruncated(this, buf, read.start, read.bodyStart, read.end)
    this.#handler?.onReadEnd()
  }

  /** A keep-alive: the peer wants this to go on. */
  touch(): void {
    this.lastActiveMs = this.#socket.now()
  }

  #take(buf: Buffer, read: SipDatagram): void {
    noteArrival()
    this.facts.bytesIn += buf.length
    this.facts.messagesIn++
    this.callIdStart = read.callIdStart
    this.callIdEnd = read.callIdEnd
    publishReceived(this.facts, buf, read.start, read.end, read.callIdStart, read.callIdEnd)
    this.touch()
  }

  #over({ cause, message }: Failure): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    const { closedBy, fate } = causeEntry(cause)
    const durationMs = Math.round(this.#socket.now() - this.#openedMs)
    this.facts.closed = { cause, by: closedBy, message, durationMs }
    const handler = this.#handler
    this.#handler = undefined
    this.#socket.closed(this) // first: whoever asks for this peer in `onClosed` gets another
    handler?.onClosed()
    this.#home.closed(this)
    this.#publish('CLOSED', cause, message, fate === 'ended' ? 'SUCCESS' : 'FAILURE')
  }

  #publish(
    name: ConnectionEventName,
    cause: Cause | undefined,
    message: string,
    status: ConnectionEvent['status'] = cause === undefined ? 'SUCCESS' : 'FAILURE',
  ): void {
    publishConnection({ name, status, cause, message, facts: this.facts })
  }
}

/** A request of which bytes are missing: buf[start, end), to be answered 400 (RFC 3261 §18.3) and nothing else. */
export type TruncatedHandler = (
  association: Association,
  buf: Buffer,
  start: number,
  bodyStart: number,
  end: number,
) => void
