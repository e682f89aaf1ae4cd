/**
 * One connection, accepted or opened by us, clear or TLS: the only owner of its socket from the first
 * byte to CLOSED. It frames what arrives, answers keep-alives, queues what is sent before the
 * handshake is over, and publishes the events of its life. It never decides where a message goes.
 *
 *     opening ──▶ open ──▶ ending ──▶ closed        refuse(), fail(), the peer: straight to closed
 *
 * Every path ends in exactly one CLOSED, published after everything else.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { noteArrival, publishConnection, publishReceived } from '../base/channels.js'
import { type Cause, causeEntry, causeSentence, type Failure, failure } from '../base/errors.js'
import type { CertificateFacts, ConnectionEvent, ConnectionEventName, ConnectionFacts } from '../base/facts.js'
import { type FramerLimits, SipFramer } from '../sip/framer.js'
import { handshakeCause, socketCause } from './causes.js'
import { chainFacts } from './chain.js'
import type { ConnectionHandler } from './handler.js'
import type { MessageCounters } from './message-counters.js'
import { readTurn } from './read-turn.js'

type State = 'opening' | 'open' | 'ending' | 'closed'

/** Why reading is paused; several reasons may hold at once. */
export const pauseReasons = {
  /** the other leg cannot take more */
  relay: 1,
  /** our answers to keep-alives are not being read */
  pongs: 2,
  /** what came last is still being written to the other leg (tls_async 0) */
  write: 4,
} as const
type PauseReason = (typeof pauseReasons)[keyof typeof pauseReasons]

/** After our FIN the peer has this long to send its own. */
const lingerMs = 5000

const crlf = Buffer.from('\r\n')
const crlfCrlf = Buffer.from('\r\n\r\n')

/** What all connections share, as one of them sees it. `Connections` is that. */
export interface ConnectionHome {
  readonly framerLimits: FramerLimits
  /** messages that may wait for a handshake: tls_async_max_postponed_chunks */
  readonly maxPostponed: number
  readonly messages: MessageCounters
  readonly counters: { pings: number }
  readonly watch: {
    readonly nowMs: number
    wrote(connection: Connection): void
    incomplete(connection: Connection): void
  }
  opened(connection: Connection): void
  established(connection: Connection): void
  closed(connection: Connection): void
  /** calls `flush` at the end of this turn of the event loop */
  flushSoon(connection: Connection): void
}

export class Connection {
  readonly facts: ConnectionFacts
  /** for the watch: when bytes last moved, and since when a message is incomplete or a write stuck; 0: not */
  lastActiveMs: number
  incompleteSinceMs = 0
  stuckSinceMs = 0
  stuckAtBytes = 0
  inSendWatch = false
  checkedWireBytes = 0
  checkedPlainBytes = 0

  readonly #openedMs = performance.now()
  readonly #all: ConnectionHome
  readonly #framer: SipFramer
  #state: State = 'opening'
  #handler: ConnectionHandler | undefined
  #raw: Socket | undefined
  #socket: OwnedSocket | undefined
  /** it has failed, for this; the last word on why it closed */
  #failure: Failure | undefined
  /** why it will have ended if nothing fails on the way */
  #ending: Failure | undefined
  #pausedFor = 0
  #turn = -1
  /** pings of the peer to be answered */
  #pongs = 0
  /** since when the answer to our own ping is awaited, or a message last showed that the peer lives */
  #pongDueSinceMs = 0
  #peerEnded = false
  #postponed: Buffer[] = []
  #postponedMessages = 0
  #postponedEnd = false
  /** written in this turn of the event loop, to leave in one go at its end */
  #outgoing: Buffer[] = []
  #outgoingMessages = 0
  /** messages written since the system had taken everything */
  #untakenMessages = 0
  #whenTaken: (() => void) | undefined
  #linger: NodeJS.Timeout | undefined

  constructor(facts: ConnectionFacts, all: ConnectionHome) {
    this.facts = facts
    this.#all = all
    this.lastActiveMs = all.watch.nowMs
    this.#framer = new SipFramer(all.framerLimits, this)
    all.opened(this)
  }

  get state(): State {
    return this.#state
  }

  set handler(handler: ConnectionHandler) {
    this.#handler = handler
  }

  /** Takes the raw socket, before any handshake. From now on its errors and its close are ours. */
  adopt(raw: Socket): void {
    this.#raw = raw
    this.#own(raw)
    raw.on('error', onSocketError)
    raw.on('close', onRawClose)
  }

  /** The handshake is over (or there is none): `socket` is what carries SIP. Nothing is read before `start`. */
  establish(socket: Socket, event: 'ACCEPTED' | 'CONNECTED'): void {
    const raw = this.#socket
    if (raw !== undefined && raw !== socket) {
      raw.removeListener('close', onRawClose)
      socket.on('error', onSocketError)
      socket.on('close', onFinalClose)
    }
    this.#own(socket)
    this.#state = 'open'
    this.lastActiveMs = this.#all.watch.nowMs
    this.#all.established(this)
    this.#publish(event, undefined, event === 'ACCEPTED' ? 'connection accepted' : 'connection established')
  }

  /** Sends what waited and begins to read. The handler is set. */
  start(): void {
    const socket = this.#socket
    if (socket === undefined) return
    socket.on('drain', onDrain)
    socket.on('end', onEnd)
    socket.on('data', onData)
    if (this.#pausedFor === 0) socket.resume()
    else socket.pause()
    if (this.facts.direction === 'in') return
    this.#sendPostponed()
    this.#handler?.onConnected()
  }

  /** Set-up failed: ACCEPTED or CONNECTED with FAILURE, then CLOSED. */
  refuse(reason: Failure): void {
    if (this.#state !== 'opening' || this.#failure !== undefined) return
    this.#failure = reason
    this.#publish(this.facts.direction === 'in' ? 'ACCEPTED' : 'CONNECTED', reason.cause, reason.message)
    this.#abandon()
  }

  /** Something went wrong on a connection that had begun to carry messages: ERROR, then CLOSED. */
  fail(reason: Failure): void {
    if (this.#failure !== undefined || this.#state === 'closed') return
    this.#failure = reason
    this.#publish('ERROR', reason.cause, reason.message)
    this.#abandon()
  }

  /** Orderly end: what was written still leaves, then FIN; the peer may finish what it is sending. */
  end(cause: Cause, message?: string): void {
    if (this.#state === 'opening') {
      if (this.facts.direction === 'out' && this.#postponedMessages > 0) {
        this.#postponedEnd = true
        return
      }
      this.close(cause, message)
      return
    }
    if (this.#state !== 'open') return
    this.#ending ??= this.#peerEnded ? failure('peer-closed') : failure(cause, message)
    this.flush()
    this.#state = 'ending'
    this.#linger = setTimeout(() => this.#abandon(), lingerMs)
    this.#linger.unref()
    this.#socket?.end()
  }

  /** Ends without waiting for the peer; bytes already given to the system still leave. */
  close(cause: Cause, message?: string): void {
    if (this.#state === 'closed') return
    if (this.#state === 'opening' && this.#failure === undefined) {
      this.refuse(failure(cause, message))
      return
    }
    this.#ending ??= failure(cause, message)
    this.#abandon()
  }

  /**
   * Sends bytes that hold `messages` whole SIP messages. Before the handshake is over they wait;
   * afterwards all that is written in one turn of the event loop leaves in one write at its end: a peer
   * that sends a TLS record for each message would otherwise cost a system call for each.
   * `whenTaken` is called once the system has taken the bytes. False: the connection is ending and takes
   * nothing any more.
   */
  write(bytes: Buffer, messages: number, whenTaken?: () => void): boolean {
    if (this.#state === 'opening') {
      whenTaken?.()
      return this.#postpone(bytes, messages)
    }
    if (this.#state !== 'open') return false
    // Somebody may wait for what was written before in this turn.
    if (whenTaken !== undefined) this.#whenTaken = whenTaken
    this.#send(bytes, messages)
    return true
  }

  /** The end of the turn: what was written goes to the socket. */
  flush(): void {
    const pieces = this.#outgoing
    const socket = this.#socket
    if (pieces.length === 0 || socket === undefined) return
    this.#outgoing = []
    if (socket.writableLength === 0) this.#untakenMessages = 0
    this.#untakenMessages += this.#outgoingMessages
    this.#all.messages.sent += this.#outgoingMessages
    this.#outgoingMessages = 0
    if (pieces.length > 1) socket.cork()
    for (let i = 0; i < pieces.length - 1; i++) socket.write(pieces[i] as Buffer)
    const roomLeft = socket.write(pieces[pieces.length - 1] as Buffer, this.#whenTaken)
    if (pieces.length > 1) socket.uncork()
    this.#whenTaken = undefined
    if (!this.inSendWatch) this.#all.watch.wrote(this)
    if (!roomLeft) this.#handler?.onBlocked()
  }

  /** Messages that wait for the handshake, with the bytes: for the next upstream. The queue is empty afterwards. */
  takePostponed(): { bytes: Buffer[]; messages: number } {
    const taken = { bytes: this.#postponed, messages: this.#postponedMessages }
    this.#postponed = []
    this.#postponedMessages = 0
    return taken
  }

  /** Bytes received on the wire: with TLS, records and all. */
  get wireBytesIn(): number {
    return this.#raw?.bytesRead ?? 0
  }

  /** Bytes written and not yet taken by the system. */
  get unsentBytes(): number {
    return this.#socket?.writableLength ?? 0
  }

  /** For those who look: messages that wait for the handshake, and how long a write has not been taken. */
  get queue(): { unsentBytes: number; postponedMessages: number; stuckMs: number } {
    return {
      unsentBytes: this.unsentBytes,
      postponedMessages: this.#postponedMessages,
      stuckMs: this.stuckSinceMs === 0 ? 0 : Math.round(this.#all.watch.nowMs - this.stuckSinceMs),
    }
  }

  /** Leaf first; empty: none came, there is no TLS, or it is not open. Read from the socket each time: few look. */
  peerChain(): CertificateFacts[] {
    const leaf = this.#socket instanceof TLSSocket ? this.#socket.getPeerX509Certificate() : undefined
    return leaf === undefined ? [] : chainFacts(leaf)
  }

  /** Bytes taken by the system so far: what the send watch compares. */
  get takenBytes(): number {
    const socket = this.#socket
    return socket === undefined ? 0 : (socket.bytesWritten ?? 0) - socket.writableLength
  }

  /** We do not read: what the peer sent waits in the system. */
  get paused(): boolean {
    return this.#pausedFor !== 0
  }

  pause(reason: PauseReason): void {
    if (this.#pausedFor === 0 && this.#state !== 'opening') this.#socket?.pause()
    this.#pausedFor |= reason
  }

  resume(reason: PauseReason): void {
    if (this.#pausedFor === 0) return
    this.#pausedFor &= ~reason
    if (this.#pausedFor !== 0) return
    this.#pongDueSinceMs = performance.now()
    if (this.#state !== 'opening') this.#socket?.resume()
  }

  /**
   * Keep-alive as the client of the flow (RFC 5626 §4.4.1): CRLFCRLF, answered by one CRLF. One at a time:
   * while the answer is awaited this does nothing, so that two answers never meet and look like a ping.
   */
  ping(): void {
    if (this.#state !== 'open' || this.#framer.awaitsPong) return
    this.#framer.awaitsPong = true
    this.#pongDueSinceMs = performance.now()
    this.#send(crlfCrlf, 0)
  }

  /**
   * Monotonic ms since when the peer owes a sign of life; 0: it owes none. A whole message is one too,
   * though no pong: RFC 5626 would take down a trunk that sends calls but knows no keep-alives. While
   * reading is paused the answer may lie in our own socket buffer.
   */
  get awaitingPongSinceMs(): number {
    return this.#framer.awaitsPong && this.#pausedFor === 0 ? this.#pongDueSinceMs : 0
  }

  publishStart(): void {
    this.#publish('CONNECT_START', undefined, 'connecting')
  }

  // ── FramerSink ──

  get callIdStart(): number {
    return this.#framer.callIdStart
  }

  get callIdEnd(): number {
    return this.#framer.callIdEnd
  }

  onMessage(buf: Buffer, start: number, bodyStart: number, end: number): void {
    this.facts.messagesIn++
    publishReceived(this.facts, buf, start, end, this.#framer.callIdStart, this.#framer.callIdEnd)
    if (this.#framer.awaitsPong) this.#pongDueSinceMs = this.#all.watch.nowMs
    this.incompleteSinceMs = 0 // what may follow in this read is another message, with a time of its own
    this.#handler?.onMessage(buf, start, bodyStart, end)
  }

  onPing(): void {
    this.#pongs++
  }

  onCrlf(): void {
    this.#handler?.onCrlf()
  }

  // ── the socket's own events ──

  read(chunk: Buffer): void {
    if (this.#state !== 'open' && this.#state !== 'ending') return
    noteArrival()
    this.facts.bytesIn += chunk.length
    this.lastActiveMs = this.#all.watch.nowMs
    const framer = this.#framer
    const fault = framer.push(chunk, !framer.incomplete || this.#turn !== readTurn())
    if (this.#pongs > 0) this.#answerPings()
    this.#handler?.onReadEnd()
    if (fault !== undefined) {
      this.fail(fault)
    } else if (framer.incomplete) {
      this.#turn = readTurn()
      if (this.incompleteSinceMs === 0) this.#all.watch.incomplete(this)
    }
  }

  drained(): void {
    this.#untakenMessages = 0
    this.resume(pauseReasons.pongs)
    this.#handler?.onDrain()
  }

  peerEnded(): void {
    this.#peerEnded = true
    if (this.#framer.incomplete) {
      this.#ending ??= failure('peer-closed', 'the peer closed the connection in the middle of a message')
    }
    this.#handler?.onPeerEnd()
    if (this.#state === 'open' && this.#handler === undefined) this.end('peer-closed')
  }

  socketFailed(error: NodeJS.ErrnoException): void {
    if (this.#state === 'opening') {
      this.refuse(socketCause(error))
      return
    }
    // After our own FIN a reset is how many peers hang up: not a failure of its own.
    if (this.#state === 'ending') return
    // In TLS 1.3 a server judges our certificate after our handshake is over: its alert comes here.
    this.fail(error.code?.startsWith('ERR_SSL_') === true ? handshakeCause(error) : failure('peer-reset', lost(error)))
  }

  /** The raw socket closed before a handshake was over. */
  rawClosed(): void {
    if (this.#state !== 'opening' || this.#failure !== undefined) {
      this.finallyClosed()
      return
    }
    // OpenSSL's own word on why comes in the same turn, from the TLS socket.
    setImmediate(() => {
      this.refuse(failure('reset-in-handshake'))
      this.finallyClosed()
    })
  }

  finallyClosed(): void {
    if (this.#state === 'closed') return
    clearTimeout(this.#linger)
    this.#state = 'closed'
    const reason = this.#closeReason()
    const facts = this.facts
    facts.closed = {
      cause: reason.cause,
      by: causeEntry(reason.cause).closedBy,
      message: reason.message,
      durationMs: Math.round(performance.now() - this.#openedMs), // not by the wall clock, which may be set
    }
    // After an orderly end everything was taken. When the socket failed its own count is gone: what the
    // watch saw last has to do.
    this.#loseUntaken(this.#socket?.writableFinished !== true && this.stuckSinceMs !== 0, reason.cause)
    this.#socket = undefined
    this.#raw = undefined
    // The relay first: a leg that ends takes its other leg along, and CLOSED is the last word of each.
    this.#handler?.onClosed()
    this.#handler = undefined
    this.#all.closed(this)
    this.#publish(
      'CLOSED',
      reason.cause,
      reason.message,
      causeEntry(reason.cause).fate === 'ended' ? 'SUCCESS' : 'FAILURE',
    )
  }

  #closeReason(): Failure {
    const reason = this.#failure ?? this.#ending
    if (reason !== undefined) return reason
    return this.#peerEnded ? failure('peer-closed') : failure('peer-reset', 'the connection was lost')
  }

  #own(socket: Socket): void {
    const owned = socket as OwnedSocket
    owned[owner] = this
    this.#socket = owned
  }

  #abandon(): void {
    this.flush()
    const socket = this.#socket
    this.#loseUntaken(this.unsentBytes > 0, this.#closeReason().cause)
    if (this.#state === 'open') this.#state = 'ending' // takes nothing any more
    if (socket === undefined || socket.closed) this.finallyClosed()
    else socket.destroy()
  }

  /** What the system has not taken when we give up is lost; what it has taken, nobody can tell. */
  #loseUntaken(someAreUntaken: boolean, cause: Cause): void {
    this.#all.messages.lose((someAreUntaken ? this.#untakenMessages : 0) + this.#outgoingMessages, cause)
    this.#untakenMessages = 0
    this.#outgoingMessages = 0
    this.#outgoing = []
  }

  #send(bytes: Buffer, messages: number): void {
    this.facts.bytesOut += bytes.length
    this.facts.messagesOut += messages
    this.lastActiveMs = this.#all.watch.nowMs
    this.#outgoingMessages += messages
    const pieces = this.#outgoing
    const last = pieces[pieces.length - 1]
    if (last === undefined) this.#all.flushSoon(this)
    // Edge mode writes the messages of one turn side by side into a slab: one piece for the socket, not many.
    if (last !== undefined && liesBehind(bytes, last)) {
      pieces[pieces.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length)
    } else {
      pieces.push(bytes)
    }
  }

  #postpone(bytes: Buffer, messages: number): boolean {
    if (this.#failure !== undefined) return false
    this.#postponed.push(bytes)
    this.#postponedMessages += messages
    this.#all.messages.postponed += messages
    const most = this.#all.maxPostponed
    if (this.#postponedMessages > most) {
      this.fail(failure('postponed-overflow', `more than ${most} messages waited for the connection`))
    }
    return true
  }

  #sendPostponed(): void {
    const { bytes, messages } = this.takePostponed()
    const last = bytes.pop()
    if (last === undefined) return
    for (const piece of bytes) this.#send(piece, 0)
    this.#send(last, messages)
    if (this.#postponedEnd) this.end('relay-closed')
  }

  /** RFC 5626 §3.5.1: one CRLF for each CRLFCRLF; all of one read in one write, and no reading while they are not taken. */
  #answerPings(): void {
    const pongs = this.#pongs
    this.#pongs = 0
    this.#all.counters.pings += pongs
    if (this.#state !== 'open') return
    this.#send(pongs === 1 ? crlf : Buffer.alloc(2 * pongs, crlf), 0)
    // Whoever pings and does not read the answers is not read either.
    if (this.#socket?.writableNeedDrain === true) this.pause(pauseReasons.pongs)
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

function liesBehind(bytes: Buffer, before: Buffer): boolean {
  return bytes.byteOffset === before.byteOffset + before.length && bytes.buffer === before.buffer
}

function lost(error: NodeJS.ErrnoException): string {
  return error.code === undefined ? error.message : `${causeSentence('peer-reset')} (${error.code})`
}

// One function for all sockets instead of a closure for each: 3 kB less per connection.
const owner = Symbol('connection')
type OwnedSocket = Socket & { [owner]: Connection }

function onData(this: Socket, chunk: Buffer): void {
  ;(this as OwnedSocket)[owner].read(chunk)
}
function onDrain(this: Socket): void {
  ;(this as OwnedSocket)[owner].drained()
}
function onEnd(this: Socket): void {
  ;(this as OwnedSocket)[owner].peerEnded()
}
function onSocketError(this: Socket, error: NodeJS.ErrnoException): void {
  ;(this as OwnedSocket)[owner].socketFailed(error)
}
function onFinalClose(this: Socket): void {
  ;(this as OwnedSocket)[owner].finallyClosed()
}
function onRawClose(this: Socket): void {
  ;(this as OwnedSocket)[owner].rawClosed()
}
