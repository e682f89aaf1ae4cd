/** One listening socket. Says where it listens, hands accepted sockets to its acceptor, stops when told. */
import { createServer, type Server } from 'node:net'
import { type Endpoint, endpoint } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import { listenProblem } from '../base/listen-problem.js'
import type { ListenerStatus } from '../base/status.js'
import type { SocketConfig } from '../config/types.js'
import { Acceptor, type AcceptorOptions } from './acceptor.js'

/** Connections the system may hold before we accept them; OpenSIPS's 10 loses clients when a site reconnects at once. */
const backlog = 4096

export interface ListenerOptions extends AcceptorOptions {
  readonly keepAlive: boolean
  readonly keepIdleSeconds: number
  /** a connection came and the system could not give it to us */
  readonly onAcceptError: (error: Error) => void
}

export class Listener {
  readonly config: SocketConfig
  readonly #server: Server

  private constructor(config: SocketConfig, options: ListenerOptions) {
    this.config = config
    const acceptor = new Acceptor(config, options)
    this.#server = createServer(
      {
        pauseOnConnect: true,
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: options.keepAlive,
        keepAliveInitialDelay: options.keepIdleSeconds * 1000,
      },
      (socket) => acceptor.accept(socket),
    )
  }

  /** Throws a UsageError that says which socket and why. */
  static async open(config: SocketConfig, options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(config, options)
    const server = listener.#server
    await new Promise<void>((done, fail) => {
      server.once('error', (error) => {
        fail(new UsageError(`${config.text}: ${listenProblem('tcp', config, error)}`, { cause: error }))
      })
      server.listen({ host: config.ip, port: config.port, backlog, ipv6Only: config.ip !== '::' }, done)
    })
    server.removeAllListeners('error')
    // The connection is lost, the listener stays. (Out of file descriptors, libuv closes what comes and tells nobody.)
    server.on('error', options.onAcceptError)
    return listener
  }

  /** Where it listens in fact: port 0 has become a number. */
  get address(): Endpoint {
    const bound = this.#server.address()
    return bound !== null && typeof bound === 'object' ? endpoint(bound.address, bound.port) : this.config
  }

  status(): Promise<ListenerStatus> {
    const { text, advertise } = this.config
    const advertised = advertise === undefined ? undefined : `${advertise.host}:${advertise.port}`
    return new Promise((done) =>
      this.#server.getConnections((_error, connections = 0) => done({ socket: text, advertised, connections })),
    )
  }

  /** Accepts no more; connections that are open stay. */
  stop(): void {
    this.#server.close()
  }
}
