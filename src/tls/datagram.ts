/**
 * One UDP socket that carries SIP: hands each datagram to the association of its peer, begins those that
 * are new, ends those that are idle or too many. What holds no SIP message is counted and begins nothing;
 * no error of the network ends the socket. It never decides where a message goes.
 */
import { createSocket, type RemoteInfo, type Socket, type SocketType } from 'node:dgram'
import { isIPv6 } from 'node:net'
import { type Endpoint, endpoint, familyOf, isWildcard } from '../base/address.js'
import { type Cause, UsageError } from '../base/errors.js'
import type { Direction } from '../base/facts.js'
import { inetBytes, inetText } from '../base/inet.js'
import { listenProblem } from '../base/listen-problem.js'
import type { ListenerStatus } from '../base/status.js'
import type { SocketConfig } from '../config/types.js'
import { SipDatagram } from '../sip/datagram.js'
import { Association, type AssociationHome, type AssociationSocket, type TruncatedHandler } from './association.js'

export interface DatagramOptions {
  readonly home: AssociationHome
  /** gives an association its handler; called before anything is handed to it or written */
  readonly onAssociation: (association: Association) => void
  readonly onTruncated: TruncatedHandler
  readonly maxMessageBytes: number
  /** ms without traffic after which an association ends; 0: never */
  readonly idleMs: number
  /** told of each message sent that is larger than `largeBytes` */
  readonly onLarge: (bytes: number, peer: Endpoint) => void
  /** RFC 3261 §18.1.1: more may not fit into one packet on the way, and fragments get lost */
  readonly largeBytes?: number
  /** told at most once a minute; `sinceStart` counts those it was not told as well */
  readonly onError: (error: Error, sinceStart: number) => void
  /** monotonic ms */
  readonly now?: () => number
}

export interface DatagramCounters {
  /** CRLFs, NULs or nothing at all */
  keepalives: number
  /** held no SIP message, or came from port 0 */
  notSip: number
  /** what the system would not send, or said of the socket */
  errors: number
}

export const defaultLargeBytes = 1300

/** A core has a handful of servers; who makes more of them forges addresses. */
export const maxAssociations = 1024

/** RFC 3261 §17.1.1.2, 64 × T1 = 32 s, and as long again: so long an answer may be on its way. */
const answerMs = 64_000

/** Sends of one turn of the event loop, or not yet taken by a network that is slower than we are. */
const maxUnsent = 4096

/** A burst of messages must survive one slow turn of the event loop; the kernel may grant less. */
const bufferBytes = 4 * 1024 * 1024

const tooManyUnsent = new Error(`${maxUnsent} datagrams wait to be sent`)

const tickMs = 1000
const errorEveryMs = 60_000

export class DatagramListener implements AssociationSocket {
  readonly config: SocketConfig
  readonly counters: DatagramCounters = { keepalives: 0, notSip: 0, errors: 0 }
  readonly now: () => number
  readonly #options: DatagramOptions
  readonly #largeBytes: number
  readonly #socket: Socket
  readonly #type: SocketType
  readonly #read: SipDatagram
  readonly #associations = new Map<string, Association>()
  readonly #timer: NodeJS.Timeout
  #address: Endpoint
  #unsent = 0
  #nextErrorMs = Number.NEGATIVE_INFINITY
  #state: 'open' | 'stopping' | 'closed' = 'open'

  private constructor(config: SocketConfig, options: DatagramOptions) {
    this.config = config
    this.now = options.now ?? (() => performance.now())
    this.#options = options
    this.#largeBytes = options.largeBytes ?? defaultLargeBytes
    this.#address = config
    this.#type = isIPv6(config.ip) ? 'udp6' : 'udp4'
    this.#read = new SipDatagram(options.maxMessageBytes)
    this.#socket = createSocket({
      type: this.#type,
      ipv6Only: this.#type === 'udp6' && config.ip !== '::',
      lookup: asItIs,
    })
    this.#socket.on('message', (bytes, from) => this.#receive(bytes, from))
    this.#timer = setInterval(() => this.#endIdle(), tickMs)
    this.#timer.unref()
  }

  /** Throws a UsageError that says which socket and why. */
  static async open(config: SocketConfig, options: DatagramOptions): Promise<DatagramListener> {
    const listener = new DatagramListener(config, options)
    const socket = listener.#socket
    await new Promise<void>((done, fail) => {
      socket.once('error', (error) => {
        listener.stop()
        fail(new UsageError(`${config.text}: ${listenProblem('udp', config, error)}`, { cause: error }))
      })
      socket.bind({ port: config.port, address: config.ip, exclusive: true }, done)
    })
    socket.removeAllListeners('error')
    socket.on('error', (error) => listener.#complain(error))
    const { address, port } = socket.address()
    listener.#address = endpoint(address, port)
    enlarge(() => socket.setRecvBufferSize(bufferBytes))
    enlarge(() => socket.setSendBufferSize(bufferBytes))
    return listener
  }

  /** Where it listens in fact: port 0 has become a number. */
  get address(): Endpoint {
    return this.#address
  }

  status(): ListenerStatus {
    const { text, advertise } = this.config
    const advertised = advertise === undefined ? undefined : `${advertise.host}:${advertise.port}`
    return { socket: text, advertised, connections: this.#associations.size, datagrams: { ...this.counters } }
  }

  /** An IPv4 socket sends to no IPv6 address, nor the other way round unless it listens on `::`. */
  reaches(ip: string): boolean {
    return familyOf(ip) === (this.#type === 'udp6' ? 'ipv6' : 'ipv4') || this.config.ip === '::'
  }

  /** The one that is there, or a new one: open, unless the socket was stopped and is closed. `peer.port` is not 0. */
  associationTo(peer: Endpoint): Association {
    const wireIp = this.#wireIp(peer.ip)
    return this.#associations.get(key(wireIp, peer.port)) ?? this.#begin('out', wireIp, peer.port)
  }

  /** Nobody new is heard; associations that are open go on, and the socket closes with the last. */
  stop(): void {
    if (this.#state !== 'open') return
    this.#state = 'stopping'
    this.#closeIfUnused()
  }

  // ── for its associations ──

  send(bytes: Buffer, ip: string, peer: Endpoint): void {
    if (bytes.length > this.#largeBytes) this.#options.onLarge(bytes.length, peer)
    if (this.#unsent >= maxUnsent) {
      this.#lose('send-timeout', tooManyUnsent)
      return
    }
    this.#unsent++
    this.#socket.send(bytes, peer.port, ip, this.#sent)
  }

  closed(association: Association): void {
    this.#associations.delete(key(association.wireIp, association.facts.peer.port))
    this.#closeIfUnused()
  }

  /** The callback of every send: one function for all, no closure for each. */
  readonly #sent = (error: Error | null): void => {
    this.#unsent--
    if (error !== null) this.#lose(codeOf(error) === 'EMSGSIZE' ? 'message-too-large' : 'unreachable', error)
  }

  #receive(bytes: Buffer, { address, port }: RemoteInfo): void {
    const known = this.#associations.get(key(address, port))
    const content = this.#read.read(bytes)
    switch (content) {
      case 'message':
        this.#peer(known, address, port)?.receive(bytes, this.#read)
        return
      case 'truncated':
        this.#peer(known, address, port)?.receiveTruncated(bytes, this.#read, this.#options.onTruncated)
        return
      case 'keepalive':
        this.counters.keepalives++
        known?.touch()
        return
      default:
        this.counters.notSip++
    }
  }

  /** Who sent a message; undefined: nobody who is to be heard. */
  #peer(known: Association | undefined, address: string, port: number): Association | undefined {
    if (known !== undefined) return known
    if (this.#state !== 'open') return undefined
    // Nobody can be answered there: Node throws at the attempt.
    if (port === 0) {
      this.counters.notSip++
      return undefined
    }
    return this.#begin('in', address, port)
  }

  #begin(direction: Direction, wireIp: string, port: number): Association {
    if (this.#associations.size >= maxAssociations) this.#makeRoom()
    const { home, onAssociation } = this.#options
    const facts = home.newFacts(
      direction,
      'udp',
      this.config.side,
      this.#localFor(wireIp, port),
      endpoint(wireIp, port),
    )
    const association = new Association(facts, wireIp, home, this)
    this.#associations.set(key(wireIp, port), association)
    onAssociation(association)
    if (this.#state === 'closed') association.close('shutdown')
    return association
  }

  /**
   * Addresses over UDP are forged for nothing. So first goes who was silent longest among those we wrote
   * nothing to of late; whose answers we may be waiting for goes last, and of them first who was written
   * to longest ago.
   */
  #makeRoom(): void {
    const answersSinceMs = this.now() - answerMs
    let silent: Association | undefined
    let answering: Association | undefined
    for (const one of this.#associations.values()) {
      if (one.lastWrittenMs < answersSinceMs) {
        if (silent === undefined || one.lastActiveMs < silent.lastActiveMs) silent = one
      } else if (answering === undefined || one.lastWrittenMs < answering.lastWrittenMs) {
        answering = one
      }
    }
    const leastNeeded = silent ?? answering
    leastNeeded?.close('limit-reached', `more than ${maxAssociations} peers on ${this.config.text}`)
  }

  #endIdle(): void {
    const { idleMs } = this.#options
    if (idleMs === 0) return
    const sinceMs = this.now() - idleMs
    for (const association of this.#associations.values()) {
      if (association.lastActiveMs <= sinceMs) association.close('idle')
    }
  }

  /** Our own end as the peer sees it; of a socket on all addresses, the one the system sends from. */
  #localFor(wireIp: string, port: number): Endpoint {
    const { ip } = this.config
    return isWildcard(ip) ? endpoint(sourceTowards(this.#type, wireIp, port) ?? ip, this.#address.port) : this.#address
  }

  /** As the system writes it: canonical, and on an IPv6 socket IPv4 mapped into IPv6. */
  #wireIp(ip: string): string {
    if (!isIPv6(ip)) return this.#type === 'udp6' ? `::ffff:${ip}` : ip
    const bytes = inetBytes(ip)
    return inetText(bytes, 0, bytes.length as 4 | 16)
  }

  #lose(cause: Cause, error: Error): void {
    this.#options.home.messages.lose(1, cause)
    this.#complain(error)
  }

  #complain(error: Error): void {
    this.counters.errors++
    const now = this.now()
    if (now < this.#nextErrorMs) return
    this.#nextErrorMs = now + errorEveryMs
    this.#options.onError(error, this.counters.errors)
  }

  #closeIfUnused(): void {
    if (this.#state !== 'stopping' || this.#associations.size > 0) return
    this.#state = 'closed'
    clearInterval(this.#timer)
    this.#socket.close()
  }
}

function key(wireIp: string, port: number): string {
  return `${port} ${wireIp}`
}

/**
 * Which address the system sends from, towards that peer: only a connected socket knows. Sends nothing.
 * undefined: there is no route, or no descriptor left to ask with.
 */
function sourceTowards(type: SocketType, wireIp: string, port: number): string | undefined {
  const probe = createSocket({ type, lookup: asItIs })
  probe.on('error', ignore)
  try {
    probe.connect(port, wireIp, ignore)
    const { address } = probe.address()
    return isWildcard(address) ? undefined : address
  } catch {
    return undefined
  } finally {
    probe.close()
  }
}

/** Instead of the lookup of Node, which takes a turn of the event loop even for an address. */
function asItIs(
  ip: string,
  _options: unknown,
  done: (error: NodeJS.ErrnoException | null, ip: string, family: number) => void,
): void {
  done(null, ip, isIPv6(ip) ? 6 : 4)
}

function ignore(): void {}

/** Best effort: some systems refuse more than their limit instead of granting less. */
function enlarge(set: () => void): void {
  try {
    set()
  } catch {
    // the system's own size has to do
  }
}

function codeOf(error: Error): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
