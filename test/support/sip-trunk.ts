/**
 * A SIP server on the edge side, played by the test: what the gateway connects to over TLS or TCP. It answers by itself,
 * and tells which message came over which connection.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls'
import type { TestCertificate } from './certificates.js'
import { listening } from './listening.js'
import type { Scope } from './scope.js'
import { headerOf, type RequestFields, sipAnswer, startLine } from './sip.js'
import { SipStream } from './sip-stream.js'
import { until } from './wait.js'

export interface Arrival {
  readonly message: Buffer
  readonly over: SipStream
}

export class SipTrunk {
  /** in the order they came, over TLS when their handshake was done; closed ones included */
  readonly connections: SipStream[] = []
  /** all requests in the order they came, over whatever connection */
  readonly arrivals: Arrival[] = []
  /** TCP connections so far, whatever became of them */
  accepted = 0
  /** what a request is answered with; undefined: none is */
  answer: ((request: Buffer) => Buffer) | undefined = sipAnswer
  /** hears of each connection when it is there */
  onConnection: ((stream: SipStream) => void) | undefined
  #taken = 0

  private constructor(
    readonly port: number,
    readonly host: string,
    readonly transport: 'tls' | 'tcp',
  ) {}

  /** On a free port unless one is given. */
  static async tcp(scope: Scope, host = '127.0.0.1', port = 0): Promise<SipTrunk> {
    const server = createServer({ noDelay: true })
    const trunk = new SipTrunk(await listening(scope, server, host, port), host, 'tcp')
    server.on('connection', (socket) => {
      trunk.accepted++
      trunk.#carry(new SipStream(socket))
    })
    return trunk
  }

  /** A failed handshake leaves no connection behind. */
  static async tls(
    scope: Scope,
    { chainPem, keyPem }: TestCertificate,
    options: TlsOptions = {},
    host = '127.0.0.1',
    port = 0,
  ): Promise<SipTrunk> {
    const server = createTlsServer({ cert: chainPem, key: keyPem, ...options })
    const trunk = new SipTrunk(await listening(scope, server, host, port), host, 'tls')
    server.on('connection', () => trunk.accepted++)
    server.on('tlsClientError', () => {}) // the gateway tells in its event
    server.on('secureConnection', (socket) => trunk.#carry(new SipStream(socket)))
    return trunk
  }

  /** `127.0.0.1:PORT`, as events name it */
  get address(): string {
    return `${this.host.includes(':') ? `[${this.host}]` : this.host}:${this.port}`
  }

  /** for a Request-URI, a Route, relay.trunk or relay.upstream */
  get uri(): string {
    return `sip:${this.address};transport=${this.transport}`
  }

  /** The connection that came as number `index`, waited for. */
  connection(index = 0): Promise<SipStream> {
    return until(`connection ${index} at the trunk`, () => this.connections[index])
  }

  /** The next request that was not taken yet. */
  async next(): Promise<Arrival> {
    const found = await until('a request at the trunk', () => this.arrivals[this.#taken])
    this.#taken++
    return found
  }

  /** The request with this Call-ID, waited for, whether or not it was taken. */
  arrival(callId: string): Promise<Arrival> {
    return until(`the request ${callId} at the trunk`, () =>
      this.arrivals.find(({ message }) => headerOf(message, 'Call-ID') === callId),
    )
  }

  #carry(stream: SipStream): void {
    this.connections.push(stream)
    this.onConnection?.(stream)
    stream.onMessage = (message) => this.#arrived({ message, over: stream })
  }

  #arrived(arrival: Arrival): void {
    const firstLine = startLine(arrival.message)
    if (firstLine.startsWith('SIP/2.0 ')) return
    this.arrivals.push(arrival)
    if (this.answer !== undefined && !firstLine.startsWith('ACK ')) arrival.over.send(this.answer(arrival.message))
  }
}

/** What the gateway showed at the handshake: the common name of its certificate, undefined without one. */
export function shownName({ socket }: SipStream): unknown {
  return (socket as TLSSocket).getPeerCertificate().subject?.CN
}

/** Sends a request from the core that the trunk answers, and returns it as it came there. */
export async function reached(trunk: SipTrunk, core: SipStream, fields: RequestFields): Promise<Arrival> {
  const { request, answer } = await core.request({ method: 'MESSAGE', transport: 'TCP', ...fields })
  assert.equal(startLine(answer), 'SIP/2.0 200 OK')
  return trunk.arrival(headerOf(request, 'Call-ID')!)
}
