/** Edge mode that asks its upstreams by OPTIONS, often and with little patience, and servers that answer as told. */
import { type Scene, type SceneConfig, startScene } from './scene.js'
import type { Scope } from './scope.js'
import { sipAnswer, startLine } from './sip.js'
import type { SipServer } from './sip-server.js'

export const probeThreshold = 2
const often = { mode: 'edge', options_interval: 1, options_timeout: 1000, options_threshold: probeThreshold }

export function startProbing(test: Scope, upstream: readonly unknown[], config: SceneConfig = {}): Promise<Scene> {
  return startScene(test, { ...config, relay: { ...often, upstream, ...(config.relay as object | undefined) } })
}

export function isProbe(message: Buffer): boolean {
  return startLine(message).startsWith('OPTIONS ')
}

/** From now on probes get this answer, or none; everything else gets 200. */
export function answerProbes(server: SipServer, status: string | undefined): void {
  server.answer = (request) => {
    if (!isProbe(request)) return sipAnswer(request)
    return status === undefined ? Buffer.alloc(0) : sipAnswer(request, status)
  }
}

/** Waits until the upstream with this place in the list is in that state. */
export async function isIn(scene: Scene, state: 'up' | 'down', index = 0) {
  const { upstreams } = await scene.status(
    `upstream ${index} is ${state}`,
    ({ upstreams }) => upstreams[index]?.state === state,
  )
  return upstreams[index]!
}

/** the status of `GET /readyz` */
export async function readiness({ gateway }: Scene): Promise<number> {
  return (await fetch(`${gateway.apiUrl}/readyz`)).status
}
