/** A SIP client over TLS for tests: sends what it is told, hands out what comes back, message by message. */
import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { headerOf, type RequestFields, sipRequest, splitMessages } from './sip.js'
import { until, within } from './wait.js'

export class SipClient {
  /** every message received so far, also those that were taken */
  readonly received: Buffer[] = []
  /** CRLFs received between messages: pongs */
  crlfs = 0
  /** our own end, as the gateway should see it: `127.0.0.1:50123` */
  readonly address: string
  readonly closed: Promise<void>
  #taken = 0
  #rest: Buffer = Buffer.alloc(0)

  private constructor(readonly socket: TLSSocket) {
    this.address = `${socket.localAddress}:${socket.localPort}`
    socket.on('data', (chunk: Buffer) => {
      const split = splitMessages(Buffer.concat([this.#rest, chunk]))
      this.received.push(...split.messages)
      this.crlfs += split.crlfs
      this.#rest = split.rest
    })
    // Not `once(socket, 'close')`, which an 'error' before it would reject.
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => {}) // `closed` follows
  }

  /** Connects and shakes hands; rejects when the handshake fails. Certificates are checked only when `ca` is given. */
  static async connect(
    options: ConnectionOptions & { readonly port: number; readonly localAddress?: string },
  ): Promise<SipClient> {
    const socket = connect({ host: '127.0.0.1', rejectUnauthorized: options.ca !== undefined, ...options })
    await once(socket, 'secureConnect') // rejects on 'error'
    return new SipClient(socket)
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  /** The next message that was not taken yet. */
  async next(deadlineMs?: number): Promise<Buffer> {
    await until('a SIP message', () => this.received.length > this.#taken || this.socket.destroyed, deadlineMs)
    const message = this.received[this.#taken]
    if (message === undefined) throw new Error('the connection was closed before a SIP message came')
    this.#taken++
    return message
  }

  /** Sends a request and waits for the answer to it. */
  async request(fields: RequestFields = {}): Promise<{ request: Buffer; answer: Buffer }> {
    const request = sipRequest(fields)
    this.send(request)
    for (;;) {
      const answer = await this.next()
      if (headerOf(answer, 'Call-ID') === headerOf(request, 'Call-ID')) return { request, answer }
    }
  }

  async close(): Promise<void> {
    this.socket.end()
    await within('the client connection to close', this.closed)
  }
}
