/**
 * A TLS upstream behind a gate: TCP connects at once, the handshake goes on when the gate is opened. So a test has
 * all the time it wants with a connection that is being opened.
 */
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { clientDomain, sceneCa } from './domains.js'
import { listening } from './listening.js'
import type { Scope } from './process.js'

export class GatedUpstream {
  /** everything that came over TLS, connection by connection */
  readonly received: Buffer[][] = []
  readonly #sockets: Socket[] = []
  readonly #waiting: Socket[] = []
  #open = false

  private constructor(
    readonly port: number,
    private readonly tls: ReturnType<typeof createTlsServer>,
  ) {}

  static async start(scope: Scope): Promise<GatedUpstream> {
    const { chainPem, keyPem } = sceneCa.issue({ dns: ['localhost'] })
    const server = createServer({ pauseOnConnect: true })
    const upstream = new GatedUpstream(await listening(scope, server), createTlsServer({ cert: chainPem, key: keyPem }))
    server.on('connection', (socket) => upstream.#arrived(socket))
    upstream.tls.on('secureConnection', (socket: TLSSocket) => {
      const chunks: Buffer[] = []
      upstream.received.push(chunks)
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      socket.on('error', () => {}) // peers may leave as they like
    })
    return upstream
  }

  /** for relay.upstream */
  get uri(): string {
    return `sip:127.0.0.1:${this.port};transport=tls`
  }

  /** for tls_mgm.client_domain */
  domain(dir: string): ReturnType<typeof clientDomain> {
    return clientDomain(dir, this.port, { server_name: 'localhost' })
  }

  /** connections that wait for the gate */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Lets the handshakes of those who wait, and of those who will come, go on. */
  open(): void {
    this.#open = true
    for (const socket of this.#waiting.splice(0)) this.tls.emit('connection', socket)
  }

  close(): void {
    this.#open = false
  }

  /** Resets all its connections, those that wait for the gate too. */
  drop(): void {
    this.#waiting.length = 0
    for (const socket of this.#sockets.splice(0)) socket.resetAndDestroy()
  }

  /** The bytes of the connection that shook hands as number `index`. */
  bytes(index = 0): Buffer {
    return Buffer.concat(this.received[index] ?? [])
  }

  #arrived(socket: Socket): void {
    this.#sockets.push(socket)
    if (this.#open) this.tls.emit('connection', socket)
    else this.#waiting.push(socket)
  }
}
