/** One end of a connection that carries SIP, over TCP or TLS: sends what it is told, hands out what comes, message by message. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Scope } from './scope.js'
import { headerOf, type RequestFields, sipAnswer, sipRequest, splitMessages } from './sip.js'
import { SipInbox } from './sip-inbox.js'
import { within } from './wait.js'

export class SipStream<S extends Socket = Socket> {
  /** CRLFs received between messages: pongs */
  crlfs = 0
  /** our own end, as the gateway should see it: `127.0.0.1:50123` */
  readonly address: string
  /** the end of the gateway */
  readonly remoteAddress: string
  readonly closed: Promise<void>
  /** hears of each message as it comes */
  onMessage: ((message: Buffer) => void) | undefined
  readonly #inbox = new SipInbox()
  #rest: Buffer = Buffer.alloc(0)

  constructor(readonly socket: S) {
    this.address = `${socket.localAddress}:${socket.localPort}`
    this.remoteAddress = `${socket.remoteAddress}:${socket.remotePort}`
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      const split = splitMessages(Buffer.concat([this.#rest, chunk]))
      this.received.push(...split.messages)
      this.crlfs += split.crlfs
      this.#rest = split.rest
      for (const message of split.messages) this.onMessage?.(message)
    })
    // Not `once(socket, 'close')`, which an 'error' before it would reject.
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    void this.closed.then(() => {
      this.#inbox.over = true
    })
    socket.on('error', () => {}) // `closed` follows
  }

  /** A connection over clear TCP that lives as long as the test; from another loopback address if one is given. */
  static async tcp(scope: Scope, port: number, localAddress?: string): Promise<SipStream> {
    const socket = connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) })
    scope.after(() => void socket.destroy())
    await once(socket, 'connect')
    return new SipStream(socket)
  }

  /** every message received so far, also those that were taken */
  get received(): Buffer[] {
    return this.#inbox.received
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes)
  }

  /** The next message that was not taken yet. */
  next(deadlineMs?: number): Promise<Buffer> {
    return this.#inbox.next(deadlineMs)
  }

  /** Sends a request and waits for the answer to it. */
  async request(fields: RequestFields | Buffer = {}): Promise<{ request: Buffer; answer: Buffer }> {
    const request = Buffer.isBuffer(fields) ? fields : sipRequest(fields)
    this.send(request)
    for (;;) {
      const answer = await this.next()
      if (headerOf(answer, 'Call-ID') === headerOf(request, 'Call-ID')) return { request, answer }
    }
  }

  /** Answers a request that came here; returns what was sent. */
  answer(request: Buffer, status?: string, headers?: readonly string[]): Buffer {
    const answer = sipAnswer(request, status, headers)
    this.send(answer)
    return answer
  }

  async close(): Promise<void> {
    this.socket.end()
    await within('the connection to close', this.closed)
  }
}
