/** A server behind the gateway, played by the test: it takes what the gateway connects to it, and says nothing by itself. */
import { createServer } from 'node:net'
import { listening } from './listening.js'
import type { Scope } from './scope.js'
import { SipStream } from './sip-stream.js'
import { until } from './wait.js'

export class SipCore {
  /** in the order they came, closed ones included */
  readonly connections: SipStream[] = []

  private constructor(readonly port: number) {}

  /** On a free port unless one is given. */
  static async start(scope: Scope, port = 0): Promise<SipCore> {
    const server = createServer()
    const core = new SipCore(await listening(scope, server, '127.0.0.1', port))
    server.on('connection', (socket) => core.connections.push(new SipStream(socket)))
    return core
  }

  /** for relay.upstream */
  get uri(): string {
    return `sip:127.0.0.1:${this.port};transport=tcp`
  }

  /** The connection that came as number `index`, waited for. */
  connection(index = 0): Promise<SipStream> {
    return until(`connection ${index} at the core`, () => this.connections[index])
  }
}
