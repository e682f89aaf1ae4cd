/**
 * Node's own TLS with a hand on the bytes below it: what it writes can be changed on the way, and records of
 * one's own making can follow. For tests of what no TLS library would send.
 */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, TLSSocket, type TLSSocketOptions } from 'node:tls'
import type { Scope } from './scope.js'

/** Given what TLS writes, and how many times it did before; returns what is sent. */
export type Tap = (bytes: Buffer, writesBefore: number) => Buffer

export interface TappedTls {
  readonly tcp: Socket
  readonly tls: TLSSocket
}

const asItIs: Tap = (bytes) => bytes

/** A client that has begun its handshake. Whatever becomes of it is no error. */
export async function tappedClient(
  scope: Scope,
  port: number,
  { tap = asItIs, ...options }: ConnectionOptions & { readonly tap?: Tap } = {},
): Promise<TappedTls> {
  const tcp = connectTcp({ port, host: '127.0.0.1', noDelay: true })
  tcp.on('error', () => {}) // a gateway that refuses may reset
  scope.after(() => void tcp.destroy())
  await once(tcp, 'connect')
  const tls = connectTls({
    socket: through(tcp, tap),
    servername: 'sip.example.com',
    rejectUnauthorized: false,
    ...options,
  })
  tls.on('error', () => {}) // 'close' follows
  return { tcp, tls }
}

/** The server's side on an accepted connection. */
export function tappedServer(tcp: Socket, options: TLSSocketOptions, tap: Tap): TLSSocket {
  tcp.on('error', () => {})
  const tls = new TLSSocket(through(tcp, tap), { ...options, isServer: true })
  tls.on('error', () => {}) // 'close' follows
  return tls
}

function through(tcp: Socket, tap: Tap): Duplex {
  let writes = 0
  const duplex = new Duplex({
    read: () => void tcp.resume(),
    write(chunk: Buffer, _encoding, done) {
      tcp.write(tap(chunk, writes++), () => done())
    },
    final(done) {
      tcp.end(done)
    },
  })
  tcp.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) tcp.pause()
  })
  tcp.on('end', () => duplex.push(null))
  tcp.on('close', () => duplex.destroy())
  return duplex
}
