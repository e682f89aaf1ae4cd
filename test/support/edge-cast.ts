/**
 * The cast of edge mode with every part but the gateway played by the test: phones over TLS, one server of the core that
 * the gateway connects to over TCP, others that connect to the gateway, and a HEP collector that is told everything.
 */
import type { Socket } from 'node:net'
import { addressOf } from './listening.js'
import { freePort } from './ports.js'
import { type Scene, type SceneConfig, startScene } from './scene.js'
import { lastFirst, type Scope } from './scope.js'
import { headerOf, sipRequest } from './sip.js'
import type { SipClient } from './sip-client.js'
import { SipCore } from './sip-core.js'
import { SipStream } from './sip-stream.js'
import { until } from './wait.js'

/** what the TLS socket is advertised as */
export const edgeName = 'sip.example.com'

export interface EdgeCast {
  readonly scene: Scene
  /** the TLS socket for phones */
  readonly edgePort: number
  /** the TCP and the UDP socket for the core: one port number */
  readonly corePort: number
  /** the upstream */
  readonly upstream: SipCore
  /** the connection that the gateway opened to it at start, and sends on */
  readonly core: SipStream
  /** A phone that has shaken hands. */
  phone(options?: object): Promise<SipClient>
  /** Another server of the core, connected to our TCP socket. */
  coreServer(): Promise<SipStream>
}

/** Starts the cast. What `config` says of a section is merged into the usual one; its sockets are added to the usual ones. */
export async function startEdgeCast(test: Scope, config: SceneConfig = {}): Promise<EdgeCast> {
  const scope = lastFirst(test)
  const upstream = await SipCore.start(scope)
  const [edgePort, corePort] = [await freePort(), await freePort()]
  const scene = await startScene(scope, {
    ...config,
    socket: [
      `tls:127.0.0.1:${edgePort} AS ${edgeName}:${edgePort}`,
      `tcp:127.0.0.1:${corePort}`,
      `udp:127.0.0.1:${corePort}`,
      ...((config.socket as unknown[] | undefined) ?? []),
    ],
    // Probes of ours would come between the messages a test waits for.
    relay: { mode: 'edge', upstream: [upstream.uri], options_interval: 0, ...(config.relay as object | undefined) },
  })
  return {
    scene,
    edgePort,
    corePort,
    upstream,
    core: await connected(scene, upstream),
    phone: (options) => scene.client({ port: edgePort, ...options }),
    coreServer: () => SipStream.tcp(scope, corePort),
  }
}

/** On a busy machine the first connect may take too long and be given up: the one that counts is the one that stands. */
function connected({ gateway }: Scene, { uri, connections }: SipCore): Promise<SipStream> {
  return until('the connection to the upstream', async () => {
    const { upstreams } = await gateway.status()
    const stands = upstreams.some((one) => one.uri === uri && one.connections > 0)
    return stands && connections.findLast(({ socket }) => !socket.destroyed)
  })
}

/** A phone that registered at the upstream, and the Path by which it can be called. */
export interface Registered {
  readonly phone: SipClient
  readonly path: string
}

export async function registered(cast: Pick<EdgeCast, 'phone' | 'core'>, options: object = {}): Promise<Registered> {
  const phone = await cast.phone(options)
  return { phone, path: await pathTo(phone, cast.core) }
}

/** What our servers learn from a REGISTER: the way to that phone, for a Route. */
export async function pathTo(phone: SipStream, core: SipStream): Promise<string> {
  phone.send(sipRequest({ method: 'REGISTER', uri: 'sip:example.com' }))
  const register = await core.next()
  core.answer(register)
  await phone.next()
  return headerOf(register, 'Path')!
}

/** The flow token in a Path or Record-Route. */
export function tokenIn(uri: string): string {
  return /sips?:([^@]+)@/.exec(uri)![1]!
}

/** A connection goes without a word, as when a phone loses its network, and the gateway knows. */
export async function lost(scene: Scene, socket: Socket): Promise<void> {
  const peer = addressOf(socket)
  socket.resetAndDestroy()
  await scene.event('CLOSED', { peer })
}

/**
 * Sees that nothing but a marker comes out at `to` of what `from` sends: on one way messages keep their order, so what
 * was sent before the marker would come before it.
 */
export async function nothingMoreComes(from: SipStream, to: SipStream): Promise<void> {
  const marker = sipRequest({ method: 'MESSAGE', uri: 'sip:marker@example.com' })
  from.send(marker)
  const came = await to.next()
  if (headerOf(came, 'Call-ID') !== headerOf(marker, 'Call-ID')) throw new Error(`this came as well:\n${came}`)
}
