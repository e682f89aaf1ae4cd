/** A TCP server that keeps what it gets byte for byte and answers nothing by itself. */
import { createServer, type Socket } from 'node:net'
import { listening } from './listening.js'
import type { Scope } from './process.js'
import { until } from './wait.js'

export class ByteServer {
  /** in the order they came */
  readonly sockets: Socket[] = []
  /** new connections are read */
  reads = true
  readonly #received = new Map<Socket, Buffer[]>()

  private constructor(
    readonly port: number,
    /** for relay.upstream */
    readonly uri: string,
  ) {}

  /** `allowHalfOpen`: its own end of a connection stays open when the other one is closed. */
  static async start(scope: Scope, { host = '127.0.0.1', allowHalfOpen = false } = {}): Promise<ByteServer> {
    const server = createServer({ allowHalfOpen, noDelay: true })
    const port = await listening(scope, server, host)
    const name = host.includes(':') ? `[${host}]` : host
    const started = new ByteServer(port, `sip:${name}:${port};transport=tcp`)
    server.on('connection', (socket) => started.#accept(socket))
    return started
  }

  /** The connection that came as number `index`, waited for. */
  connection(index = 0): Promise<Socket> {
    return until(`connection ${index} at the upstream`, () => this.sockets[index], 30_000)
  }

  /** Everything one connection brought so far. */
  received(index = 0): Buffer {
    const socket = this.sockets[index]
    return Buffer.concat((socket && this.#received.get(socket)) ?? [])
  }

  #accept(socket: Socket): void {
    const chunks: Buffer[] = []
    this.sockets.push(socket)
    this.#received.set(socket, chunks)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    if (!this.reads) socket.pause()
  }
}
