/**
 * Opens connections outwards: TCP connect, PROXY header if asked, TLS handshake, verification, each
 * with its deadline. It resolves no names: the relay brings addresses. Reuse is not decided here.
 */
import type { X509Certificate } from 'node:crypto'
import { connect, isIP, type Socket } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { type Endpoint, endpoint, endpointText } from '../base/address.js'
import { channels } from '../base/channels.js'
import { elapsedMs } from '../base/clock.js'
import { type Failure, failure } from '../base/errors.js'
import type { Side, TlsFacts } from '../base/facts.js'
import { handshakeCause, verifyCause } from './causes.js'
import { certificateFacts } from './certificate.js'
import { Connection } from './connection.js'
import type { Connections } from './connections.js'
import type { ClientDomain, TlsContexts } from './contexts.js'
import type { ConnectionHandler } from './handler.js'
import { matchesIdentity, sipDomains } from './peer.js'
import { readInto } from './read-slab.js'
import { tlsFacts } from './tls-facts.js'

export interface Target {
  readonly address: Endpoint
  readonly transport: 'tcp' | 'tls'
  readonly side: Side
  /** the name the operator wrote: what the certificate must say (RFC 5922 §7.3), and the SNI */
  readonly host: string
  /** the connection it is opened for: in the events of both */
  readonly relayedTo: string | undefined
  /** bytes sent in clear before anything else */
  readonly proxyHeader: Buffer | undefined
}

export interface ConnectorOptions {
  readonly connections: Connections
  readonly contexts: () => TlsContexts
  readonly connectTimeoutMs: number
  readonly handshakeTimeoutMs: number
  readonly keepAlive: boolean
  readonly keepIdleSeconds: number
}

/** Far more targets than anybody has at a time. */
const maxIdentities = 1000

export class Connector {
  readonly #options: ConnectorOptions
  /** identities by target, as long as these TLS domains are in use: asked for with every message, and 1.3 µs to work out */
  readonly #identities = new Map<string, string>()
  #identitiesOf: TlsContexts | undefined

  constructor(options: ConnectorOptions) {
    this.#options = options
  }

  /** Returns at once; the handler hears `onConnected` or `onClosed`. Messages may be written meanwhile. */
  open(target: Target, handler: ConnectionHandler): Connection {
    const connection = this.#begin(target, handler)
    new Departure(connection, target, this.#options)
    return connection
  }

  /**
   * What a TLS connection to this target is made with, as text: connections with the same text may stand in
   * for each other (`ConnectionPool`). By value, so that a reload with the same material changes nothing.
   * Empty for TCP.
   */
  identityFor(target: Pick<Target, 'address' | 'transport' | 'host'>): string {
    if (target.transport === 'tcp') return ''
    const contexts = this.#options.contexts()
    if (contexts !== this.#identitiesOf || this.#identities.size >= maxIdentities) this.#identities.clear()
    this.#identitiesOf = contexts
    const { host, address } = target
    const key = `${host} ${address.ip} ${address.port}`
    let identity = this.#identities.get(key)
    if (identity === undefined) {
      identity = identityText(introduction(contexts, target))
      this.#identities.set(key, identity)
    }
    return identity
  }

  /** A connect that failed before there was an address: reported like any other. */
  failed(target: Omit<Target, 'address'> & { port: number }, handler: ConnectionHandler, reason: Failure): void {
    const address = { ip: '0.0.0.0', port: target.port }
    this.#begin({ ...target, address }, handler).refuse(reason)
  }

  #begin(target: Target, handler: ConnectionHandler): Connection {
    const { connections } = this.#options
    const facts = connections.newFacts('out', target.transport, target.side, undefined, target.address)
    facts.relayedTo = target.relayedTo
    const connection = new Connection(facts, connections)
    connection.handler = handler
    connection.publishStart()
    return connection
  }
}

/** One connect on its way. */
class Departure {
  readonly #connection: Connection
  readonly #target: Target
  readonly #options: ConnectorOptions
  readonly #raw: Socket
  readonly #startedMs = performance.now()
  #deadline: NodeJS.Timeout

  constructor(connection: Connection, target: Target, options: ConnectorOptions) {
    this.#connection = connection
    this.#target = target
    this.#options = options
    this.#deadline = setTimeout(
      () =>
        this.#refuse(
          failure(
            'connect-timeout',
            `${endpointText(target.address)} did not answer in ${options.connectTimeoutMs} ms`,
          ),
        ),
      options.connectTimeoutMs,
    )
    this.#raw = connect({
      host: target.address.ip,
      port: target.address.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: options.keepAlive,
      keepAliveInitialDelay: options.keepIdleSeconds * 1000,
      ...(target.transport === 'tcp' && { onread: readInto((chunk) => connection.read(chunk)) }),
    })
    connection.adopt(this.#raw)
    this.#raw.once('connect', () => this.#connected())
    this.#raw.once('close', () => clearTimeout(this.#deadline))
  }

  #connected(): void {
    clearTimeout(this.#deadline)
    const raw = this.#raw
    const { facts } = this.#connection
    facts.local = endpoint(raw.localAddress, raw.localPort)
    facts.connectMs = elapsedMs(this.#startedMs)
    if (this.#target.proxyHeader !== undefined) raw.write(this.#target.proxyHeader)
    if (this.#target.transport === 'tls') this.#beginHandshake()
    else this.#established(raw)
  }

  #beginHandshake(): void {
    const timeoutMs = this.#options.handshakeTimeoutMs
    this.#deadline = setTimeout(
      () => this.#refuse(failure('handshake-timeout', `the handshake was not complete in ${timeoutMs} ms`)),
      timeoutMs,
    )
    const { facts } = this.#connection
    const { domain, name, servername } = introduction(this.#options.contexts(), this.#target)
    facts.domain = domain.name
    facts.sni = servername === '' ? undefined : servername
    const socket = tlsConnect({
      socket: this.#raw,
      secureContext: domain.secureContext,
      servername,
      // Ours to judge: the event shall hold the certificate whatever the verdict.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    })
    socket.on('keylog', (line: Buffer) => this.#keepKeylog(line))
    // For good: a bad record may come right behind the handshake, when nobody else listens any more.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#refuse(handshakeCause(error)))
    const onEnd = (): void =>
      this.#refuse(failure('reset-in-handshake', 'the peer closed the connection in the handshake'))
    socket.once('end', onEnd)
    socket.once('secureConnect', () => {
      clearTimeout(this.#deadline)
      socket.removeListener('end', onEnd)
      this.#handshakeDone(socket, domain, name)
    })
  }

  #handshakeDone(socket: TLSSocket, domain: ClientDomain, name: string): void {
    const { facts } = this.#connection
    facts.handshakeMs = elapsedMs(this.#startedMs)
    const x509 = socket.getPeerX509Certificate()
    let nameVerdict: TlsFacts['nameVerdict']
    if (x509 !== undefined) {
      facts.peerCertificate = certificateFacts(x509)
      nameVerdict = judgeName(domain, x509, name)
    }
    facts.tls = tlsFacts(socket, x509 !== undefined, nameVerdict)
    if (x509 !== undefined && facts.tls.verify === 'ok') facts.peerIdentities = sipDomains(x509)
    facts.ownCertificate = domain.certificateFor(socket)
    const verdict = facts.tls.verify
    if (domain.config.verify_cert && verdict !== 'ok') {
      // Anonymous suites aside, a TLS server always sends a certificate.
      this.#refuse(
        verdict === 'none' ? failure('cert-invalid', 'the server sent no certificate') : verifyCause(verdict),
      )
    } else if (nameVerdict === 'mismatch' && domain.config.verify_name === 'enforce') {
      this.#refuse(failure('cert-name-mismatch', `the certificate of the peer does not name ${name}`))
    } else {
      this.#established(socket)
    }
  }

  #established(socket: Socket): void {
    this.#connection.establish(socket, 'CONNECTED')
    this.#connection.start()
  }

  #keepKeylog(line: Buffer): void {
    if (!channels.keylog.hasSubscribers) return
    const text = line.toString('latin1').trimEnd()
    const { facts } = this.#connection
    facts.keylog.push(text)
    channels.keylog.publish({ facts, line: text })
  }

  #refuse(reason: Failure): void {
    clearTimeout(this.#deadline)
    this.#connection.refuse(reason)
  }
}

/** How we introduce ourselves to a target, and the name we mean to reach there. */
interface Introduction {
  readonly domain: ClientDomain
  readonly name: string
  /** SNI; empty: none */
  readonly servername: string
}

function introduction(contexts: TlsContexts, { address, host }: Pick<Target, 'address' | 'host'>): Introduction {
  const domain = contexts.clientFor({ ...address, host })
  const name = domain.config.server_name ?? host
  // RFC 6066 §3: SNI is a host name, never an address.
  return { domain, name, servername: isIP(name) === 0 ? name : '' }
}

function identityText({ domain, name, servername }: Introduction): string {
  const { verify_cert, verify_name, verify_name_wildcard } = domain.config
  const certificates = domain.certificates.map(({ sha256 }) => sha256)
  const verified = verify_name === 'off' ? '' : name
  return JSON.stringify([
    domain.name,
    certificates,
    servername,
    verify_cert,
    verify_name,
    verified,
    verify_name_wildcard,
  ])
}

function judgeName({ config }: ClientDomain, x509: X509Certificate, name: string): TlsFacts['nameVerdict'] {
  if (config.verify_name === 'off') return undefined
  return matchesIdentity(x509, name, { allowWildcard: config.verify_name_wildcard }) ? 'ok' : 'mismatch'
}
