/** The HTTP server below the API, with TLS where it has a certificate: how long and how many, and who is let go. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { plainIp } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import { Shares } from './shares.js'

/** The certificate the API shows. */
export interface ApiIdentity {
  /** PEM, the leaf first */
  readonly chain: string
  /** PEM. SECRET */
  readonly key: string
}

/** A person, a script, a load balancer's check, a scraper each: nobody needs more, besides those who watch. */
const maxConnections = 256
const handshakeTimeoutMs = 10_000
const requestTimeoutMs = 10_000
/** Node looks every 30 s unless told otherwise. */
const timeoutCheckMs = 2_000
const idleTimeoutMs = 30_000
const closeGraceMs = 1_000

export interface HttpServerOptions {
  /** undefined: without TLS */
  readonly identity: ApiIdentity | undefined
  /** event streams at the same time, which stay for hours */
  readonly viewers: number
  /** Who is counted as one. */
  readonly peerKey: (ip: string) => string
}

export function httpServer(handler: RequestListener, { identity, viewers, peerKey }: HttpServerOptions): Server {
  const limits = {
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: timeoutCheckMs,
  }
  const server =
    identity === undefined
      ? createServer(limits, handler)
      : createSecureServer(
          { ...limits, ...secureOptions(identity), handshakeTimeout: handshakeTimeoutMs, ALPNProtocols: ['http/1.1'] },
          handler,
        )
  server.setTimeout(idleTimeoutMs)
  server.maxConnections = maxConnections + viewers
  shareConnections(server, Math.floor(server.maxConnections / 4), peerKey)
  return server
}

/** Who only holds connections needs no token for that, and shall not keep out the person on call. */
function shareConnections(server: Server, most: number, peerKey: (ip: string) => string): void {
  const shares = new Shares(most)
  // before TLS, which costs us more than the client
  server.on('connection', (socket) => {
    const owner = [peerKey(plainIp(socket.remoteAddress ?? ''))]
    if (shares.take(owner) !== undefined) socket.destroy()
    else socket.once('close', () => shares.release(owner))
  })
}

/** Throws UsageError for what OpenSSL does not take. */
export function checkIdentity(identity: ApiIdentity): void {
  try {
    createSecureContext(secureOptions(identity))
  } catch (error) {
    throw new UsageError(`api.certificate: OpenSSL does not take it with its key: ${(error as Error).message}`)
  }
}

/** For handshakes from now on; connections that are open keep theirs. */
export function useIdentity(server: Server, identity: ApiIdentity): void {
  ;(server as SecureServer).setSecureContext(secureOptions(identity))
}

/** RFC 9325 §3.1.1: nothing below TLS 1.2. */
function secureOptions({ chain, key }: ApiIdentity) {
  return { cert: chain, key, minVersion: 'TLSv1.2' as const }
}

/** An answer that is not over, such as a stream of events, may have nothing to say for longer than the idle time. */
export function allowQuietStreams(app: FastifyInstance): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.raw.on('timeout', endUnread)
  })
}

/** What was said and is not taken for so long never will be. */
function endUnread(socket: Socket): void {
  if (socket.writableLength > 0) socket.destroy()
}

/** Answers what was asked, for a moment. Streams have no end of their own: theirs is cut. */
export async function closeGently(app: FastifyInstance): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), closeGraceMs)
  await app.close()
  clearTimeout(deadline)
}
