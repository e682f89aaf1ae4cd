/** The cast of edge mode before a core that speaks UDP: phones over TLS, an upstream over UDP, others that know the gateway. */
import { edgeName, type Registered } from './edge-cast.js'
import { freePort } from './ports.js'
import { type Scene, type SceneConfig, startScene } from './scene.js'
import { lastFirst, type Scope } from './scope.js'
import { headerOf, sipAnswer, sipRequest } from './sip.js'
import type { SipClient } from './sip-client.js'
import { SipDatagrams } from './sip-datagrams.js'

export interface UdpCast {
  readonly scene: Scene
  /** the UDP socket for the core */
  readonly corePort: number
  readonly upstream: SipDatagrams
  /** A phone that has shaken hands. */
  phone(): Promise<SipClient>
  /** A phone that registered at the upstream, and the Path by which it can be called. */
  registered(): Promise<Registered>
  /** Another server of the core, which the gateway never heard of. */
  coreServer(): Promise<SipDatagrams>
}

export async function startUdpCast(test: Scope, config: SceneConfig = {}): Promise<UdpCast> {
  const scope = lastFirst(test)
  const upstream = await SipDatagrams.start(scope)
  const [edgePort, corePort] = [await freePort(), await freePort()]
  const scene = await startScene(scope, {
    ...config,
    socket: [`tls:127.0.0.1:${edgePort} AS ${edgeName}:${edgePort}`, `udp:127.0.0.1:${corePort}`],
    // Probes of ours would come between the messages a test waits for.
    relay: { mode: 'edge', upstream: [upstream.uri], options_interval: 0 },
  })
  const phone = () => scene.client({ port: edgePort })
  return {
    scene,
    corePort,
    upstream,
    phone,
    coreServer: () => SipDatagrams.start(scope),
    registered: async () => {
      const client = await phone()
      client.send(sipRequest({ method: 'REGISTER', uri: 'sip:example.com' }))
      const register = await upstream.next()
      upstream.send(sipAnswer(register), corePort)
      await client.next()
      return { phone: client, path: headerOf(register, 'Path')! }
    },
  }
}
