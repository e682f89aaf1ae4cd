/**
 * From an accepted TCP socket to an established connection:
 *
 *     limits ─▶ PROXY header ─▶ ClientHello ─▶ TLS domain ─▶ handshake ─▶ policy ─▶ established
 *
 * One deadline covers all of it. The ClientHello is read first and put back, so that the domain, and
 * with it the certificate and the verification policy, is chosen before OpenSSL sees a byte.
 * Whatever goes wrong ends in ACCEPTED with FAILURE and its cause.
 */
import type { Socket } from 'node:net'
import type { TLSSocket, Server as TlsServer } from 'node:tls'
import { endpoint } from '../base/address.js'
import { channels } from '../base/channels.js'
import { elapsedMs } from '../base/clock.js'
import { type Failure, failure } from '../base/errors.js'
import type { HelloFacts } from '../base/facts.js'
import { contains, type Network, parseNetwork } from '../base/network.js'
import type { ServerDomainConfig, SocketConfig } from '../config/types.js'
import { handshakeCause, verifyCause } from './causes.js'
import { certificateFacts } from './certificate.js'
import { HelloReader } from './client-hello.js'
import { Connection } from './connection.js'
import type { Connections } from './connections.js'
import type { ServerDomain, TlsContexts } from './contexts.js'
import { sipDomains } from './peer.js'
import { ProxyReader } from './proxy-protocol.js'
import { tlsFacts } from './tls-facts.js'

export interface AcceptorOptions {
  readonly connections: Connections
  /** asked at every handshake, so that a reload takes effect at once */
  readonly contexts: () => TlsContexts
  readonly handshakeTimeoutMs: number
  /** gives the connection its handler; called after ACCEPTED and before anything is read */
  readonly onConnection: (connection: Connection) => void
}

export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #socket: SocketConfig
  readonly #proxySources: readonly Network[]

  constructor(socket: SocketConfig, options: AcceptorOptions) {
    this.#socket = socket
    this.#options = options
    this.#proxySources = socket.proxy_protocol.map((cidr) => parseNetwork(cidr)!) // the configuration checked it
  }

  /** `raw` must not be reading yet (`pauseOnConnect`). */
  accept(raw: Socket): void {
    const { connections } = this.#options
    const facts = connections.newFacts(
      'in',
      this.#socket.transport,
      this.#socket.side,
      endpoint(raw.localAddress, raw.localPort),
      endpoint(raw.remoteAddress, raw.remotePort),
      this.#socket.text,
    )
    const connection = new Connection(facts, connections)
    connection.adopt(raw)
    const from = facts.peer.ip
    const proxied = this.#proxySources.some((network) => contains(network, from))
    // A balancer brings many clients: the limit per address waits for the address of this one.
    const refusal = connections.exceeded() ?? (proxied ? undefined : connections.exceededFor(from))
    if (refusal !== undefined) {
      connection.refuse(refusal)
      return
    }
    new Arrival(connection, raw, proxied, this.#options)
  }
}

/** One socket on its way to being a connection. */
class Arrival {
  readonly connection: Connection
  readonly #raw: Socket
  readonly #options: AcceptorOptions
  readonly #deadline: NodeJS.Timeout
  #proxy: ProxyReader | undefined
  #hello: HelloReader | undefined
  domain: ServerDomain | undefined
  #watchesVerdict = false
  readonly startedMs = performance.now()

  constructor(connection: Connection, raw: Socket, proxied: boolean, options: AcceptorOptions) {
    this.connection = connection
    this.#raw = raw
    this.#options = options
    this.#deadline = setTimeout(() => this.refuse(this.#timeout()), options.handshakeTimeoutMs)
    if (proxied) this.#proxy = new ProxyReader()
    else if (connection.facts.transport === 'tls') this.#hello = new HelloReader()
    arrivals.set(raw, this)
    raw.on('close', onArrivalClose)
    if (this.#proxy === undefined && this.#hello === undefined) {
      this.#establish(raw)
      return
    }
    raw.on('data', onArrivalData)
    raw.on('end', onArrivalEnd)
    raw.resume()
  }

  read(chunk: Buffer): void {
    if (this.#proxy !== undefined) this.#readProxyHeader(this.#proxy, chunk)
    else this.#readHello(this.#hello as HelloReader, chunk)
  }

  /** The handshake failed, says OpenSSL or the socket. `peer` still knows the verdict on the certificate. */
  handshakeFailed(error: NodeJS.ErrnoException, peer: TLSSocket): void {
    const { facts } = this.connection
    const verdict = peer.authorizationError as unknown as string | null
    if (verdict === null || facts.tls === undefined) {
      this.refuse(handshakeCause(error))
      return
    }
    facts.tls = { ...facts.tls, verify: verdict }
    this.refuse(verifyCause(verdict))
  }

  handshakeDone(socket: TLSSocket): void {
    // For good: a bad record may come right behind the handshake, before the connection listens.
    socket.on('error', ignore)
    socket.allowHalfOpen = true
    const { facts } = this.connection
    const domain = this.domain as ServerDomain
    facts.handshakeMs = elapsedMs(this.startedMs)
    const x509 = domain.config.verify_cert || domain.config.require_cert ? socket.getPeerX509Certificate() : undefined
    if (x509 !== undefined && facts.peerCertificate === undefined) facts.peerCertificate = certificateFacts(x509)
    facts.tls = tlsFacts(socket, facts.peerCertificate !== undefined)
    if (x509 !== undefined && facts.tls.verify === 'ok') facts.peerIdentities = sipDomains(x509)
    facts.ownCertificate = domain.certificateFor(socket)
    const refusal = policyRefusal(domain.config, socket, facts.peerCertificate !== undefined)
    if (refusal === undefined) this.#establish(socket)
    else this.refuse(refusal)
  }

  /**
   * The tls.Server closes the socket by itself when a required certificate is not good: look at it
   * before. The first key-log line is the first time the TLSSocket can be seen.
   */
  watchVerdict(socket: TLSSocket): void {
    if (this.#watchesVerdict || this.domain?.config.require_cert !== true) return
    this.#watchesVerdict = true
    socket.prependOnceListener('secure', () => this.#beforeVerdict(socket))
  }

  #beforeVerdict(socket: TLSSocket): void {
    const x509 = socket.getPeerX509Certificate()
    if (x509 === undefined) return
    this.connection.facts.peerCertificate = certificateFacts(x509)
    this.connection.facts.tls = tlsFacts(socket, true)
  }

  refuse(reason: Failure): void {
    this.over()
    this.connection.refuse(reason)
  }

  over(): void {
    clearTimeout(this.#deadline)
    arrivals.delete(this.#raw)
  }

  #readProxyHeader(reader: ProxyReader, chunk: Buffer): void {
    const header = reader.push(chunk)
    if (header === 'more') return
    if ('cause' in header) {
      this.refuse(header)
      return
    }
    this.#proxy = undefined
    const { facts } = this.connection
    if (header.source !== undefined) {
      facts.proxiedBy = facts.peer
      this.#options.connections.renamed(facts.peer, header.source)
      facts.peer = header.source
      const refusal = this.#options.connections.exceededFor(facts.peer.ip)
      if (refusal !== undefined) {
        this.refuse(refusal)
        return
      }
    }
    const rest = reader.rest()
    if (facts.transport !== 'tls') {
      this.#stopReading(rest)
      this.#establish(this.#raw)
      return
    }
    this.#hello = new HelloReader()
    if (rest.length > 0) this.#readHello(this.#hello, rest)
  }

  #readHello(reader: HelloReader, chunk: Buffer): void {
    const hello = reader.push(chunk)
    if (hello === 'more') return
    if ('cause' in hello) this.refuse(hello)
    else this.#beginHandshake(hello, reader.taken())
  }

  #beginHandshake(hello: HelloFacts, taken: Buffer): void {
    const { facts } = this.connection
    facts.hello = hello
    facts.sni = hello.sni
    const domain = this.#options.contexts().serverFor(facts.local, hello.sni)
    if (domain === undefined) {
      this.refuse(failure('sni-unmatched', `no TLS domain serves ${hello.sni ?? 'a client that names no host'}`))
      return
    }
    this.domain = domain
    facts.domain = domain.name
    listenTo(domain.server)
    this.#stopReading(taken)
    // The TLSSocket copies this: a peer that closes in the handshake is gone, and is to be noticed.
    this.#raw.allowHalfOpen = false
    domain.server.emit('connection', this.#raw)
  }

  /** Gives back what was read; whoever takes the socket next finds it as if untouched. */
  #stopReading(taken: Buffer): void {
    const raw = this.#raw
    raw.removeListener('data', onArrivalData)
    raw.removeListener('end', onArrivalEnd)
    raw.pause()
    if (taken.length > 0) raw.unshift(taken)
  }

  #establish(socket: Socket): void {
    this.over()
    this.#raw.removeListener('close', onArrivalClose)
    this.connection.establish(socket, 'ACCEPTED')
    this.#options.onConnection(this.connection)
    this.connection.start()
  }

  #timeout(): Failure {
    const ms = this.#options.handshakeTimeoutMs
    if (this.#proxy !== undefined) return failure('handshake-timeout', `no whole PROXY protocol header in ${ms} ms`)
    if (this.domain === undefined) return failure('handshake-timeout', `no whole ClientHello in ${ms} ms`)
    return failure('handshake-timeout', `the handshake was not complete in ${ms} ms`)
  }
}

function policyRefusal(domain: ServerDomainConfig, socket: TLSSocket, hasCertificate: boolean): Failure | undefined {
  if (!hasCertificate) return domain.require_cert ? failure('client-cert-missing') : undefined
  const verdict = socket.authorizationError as unknown as string | null
  return domain.verify_cert && verdict !== null ? verifyCause(verdict) : undefined
}

const arrivals = new WeakMap<Socket, Arrival>()
const listened = new WeakSet<TlsServer>()

/** Once per TLS domain: handshakes report to the tls.Server, which serves many sockets. */
function listenTo(server: TlsServer): void {
  if (listened.has(server)) return
  listened.add(server)
  server.on('secureConnection', (socket: TLSSocket) => arrivalOf(socket)?.handshakeDone(socket))
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => arrivalOf(socket)?.handshakeFailed(error, socket))
  server.on('keylog', (line: Buffer, socket: TLSSocket) => {
    const arrival = arrivalOf(socket)
    if (arrival === undefined) return
    arrival.watchVerdict(socket)
    keepKeylog(arrival.connection, line)
  })
}

function keepKeylog(connection: Connection, line: Buffer): void {
  if (!channels.keylog.hasSubscribers) return
  const text = line.toString('latin1').trimEnd()
  connection.facts.keylog.push(text)
  channels.keylog.publish({ facts: connection.facts, line: text })
}

function ignore(): void {}

/** The TLSSocket knows the socket it was made from only as `_parent`, in every Node since 0.12; a test holds it. */
function arrivalOf(socket: TLSSocket): Arrival | undefined {
  const raw = (socket as unknown as { _parent: Socket | null })._parent
  return raw === null ? undefined : arrivals.get(raw)
}

function onArrivalData(this: Socket, chunk: Buffer): void {
  arrivals.get(this)?.read(chunk)
}

function onArrivalEnd(this: Socket): void {
  arrivals.get(this)?.refuse(failure('reset-in-handshake', 'the peer closed the connection before the handshake'))
}

/** `tlsClientError` knows more and comes in the same turn: give it the first word. */
function onArrivalClose(this: Socket): void {
  setImmediate(() => arrivals.get(this)?.refuse(failure('reset-in-handshake')))
}
