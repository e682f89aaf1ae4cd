/** The upstreams of a configuration; without any, the built-in responder is the one. */
import type { Config } from '../config/types.js'
import type { Probing } from '../relay/peer.js'
import { Responder } from '../relay/responder.js'
import { Upstream } from '../relay/upstreams.js'
import type { Parts } from './parts.js'

/** Those that are configured as before stay, with what is known of them. */
export async function upstreamsOf(config: Config, parts: Parts): Promise<readonly Upstream[]> {
  let wanted = config.relay.upstream
  if (wanted.length === 0) {
    parts.responder ??= await Responder.open(parts.connections.framerLimits, parts.log('relay'))
    wanted = [parts.responder.upstream]
  }
  const probing = config.relay.upstream.length === 0 ? undefined : probingOf(config)
  return wanted.map(
    (upstream) =>
      parts.upstreams.find(({ config }) => JSON.stringify(config) === JSON.stringify(upstream)) ??
      new Upstream(upstream, probing),
  )
}

/** Upstreams are probed in edge mode only: in a tunnel an OPTIONS of ours would need a connection of its own. */
function probingOf({ socket, relay }: Config): Probing | undefined {
  if (relay.options_interval === 0 || !socket.some(({ relay }) => relay === 'edge')) return undefined
  return { intervalMs: relay.options_interval * 1000, threshold: relay.options_threshold }
}
