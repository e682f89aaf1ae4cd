/** A SIP server over TCP for tests: keeps every request with the bytes it came in, and answers 200. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Scope } from './scope.js'
import { sipAnswer, splitMessages, startLine } from './sip.js'

export class SipServer {
  readonly requests: Buffer[] = []
  readonly connections = new Set<Socket>()
  /** each request is answered with this; undefined: not at all */
  answer: ((request: Buffer) => Buffer) | undefined = sipAnswer

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.#accept(socket))
  }

  /** On a free port unless one is given. */
  static async start(scope: Scope, port = 0): Promise<SipServer> {
    const started = new SipServer(createServer())
    started.server.listen(port, '127.0.0.1')
    await once(started.server, 'listening')
    scope.after(() => started.stop())
    return started
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** for relay.upstream */
  get uri(): string {
    return `sip:127.0.0.1:${this.port};transport=tcp`
  }

  stop(): void {
    this.server.close()
    for (const socket of this.connections) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.connections.add(socket)
    socket.setNoDelay(true)
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      const split = splitMessages(Buffer.concat([rest, chunk]))
      rest = split.rest
      for (const request of split.messages) {
        this.requests.push(request)
        // What comes may be an answer to something that the test sent; nobody answers those.
        if (this.answer !== undefined && !startLine(request).startsWith('SIP/2.0 ')) socket.write(this.answer(request))
      }
    })
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => this.connections.delete(socket))
  }
}
