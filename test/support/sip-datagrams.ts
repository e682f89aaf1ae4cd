/** One end of SIP over UDP: each message is a datagram. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Scope } from './scope.js'
import { SipInbox } from './sip-inbox.js'

export class SipDatagrams extends SipInbox {
  private constructor(private readonly socket: Socket) {
    super()
    socket.on('message', (bytes) => this.received.push(bytes))
  }

  /** On a free port of loopback, to its end of the test. */
  static async start(scope: Scope): Promise<SipDatagrams> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 })
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    scope.after(() => void socket.close())
    return new SipDatagrams(socket)
  }

  get port(): number {
    return this.socket.address().port
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** for relay.upstream */
  get uri(): string {
    return `sip:${this.address};transport=udp`
  }

  send(bytes: string | Buffer, port: number): void {
    this.socket.send(bytes, port, '127.0.0.1')
  }
}
