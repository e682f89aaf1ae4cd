/** A SIP client over TLS for tests: sends what it is told, hands out what comes back, message by message. */
import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { SipStream } from './sip-stream.js'

export class SipClient extends SipStream<TLSSocket> {
  /** Connects and shakes hands; rejects when the handshake fails. Certificates are checked only when `ca` is given. */
  static async connect(
    options: ConnectionOptions & { readonly port: number; readonly localAddress?: string },
  ): Promise<SipClient> {
    const socket = connect({ host: '127.0.0.1', rejectUnauthorized: options.ca !== undefined, ...options })
    await once(socket, 'secureConnect') // rejects on 'error'
    return new SipClient(socket)
  }
}
