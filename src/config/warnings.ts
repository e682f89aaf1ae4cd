/**
 * What of a good configuration is probably not meant, with its place in the file. Nothing is refused for it:
 * `hepgate check` says it, and the gateway runs.
 */
import { LineCounter, parseDocument } from 'yaml'
import { isLoopback, isWildcard } from '../base/address.js'
import { type Problem, Problems } from './problems.js'
import type { Config, SocketConfig, UpstreamConfig } from './types.js'

/** `text`: what `config` was read from. */
export function configWarnings(config: Config, text: string): readonly Problem[] {
  const lines = new LineCounter()
  const warnings = new Problems(parseDocument(text, { lineCounter: lines }), lines)
  warnOfOpenCore(config, warnings)
  warnOfOneWay(config, warnings)
  warnOfLoops(config, warnings)
  warnOfIdleTrust(config, warnings)
  return warnings.sorted()
}

/** Edge mode believes what comes from the core side, and a clear socket asks nobody who they are. */
function warnOfOpenCore({ socket }: Config, warnings: Problems): void {
  socket.forEach((s, i) => {
    if (!isCore(s) || s.transport === 'tls' || !isWildcard(s.ip)) return
    const advice = 'listen on an address that only your servers can reach'
    warnings.add(['socket', i], `whoever reaches it is believed to be one of your servers: ${advice}`)
  })
}

/** Requests of the core go to phones over what connections there are, or over those it can open to us. */
function warnOfOneWay({ socket, relay }: Config, warnings: Problems): void {
  if (!socket.some((s) => s.relay === 'edge')) return
  const open = new Set(socket.filter(isCore).map((s) => s.transport))
  relay.upstream.forEach(({ transport }, i) => {
    if (open.has(transport)) return
    open.add(transport) // told once
    const example = transport === 'tls' ? '{ socket: "tls:IP:5071", side: core }' : `${transport}:IP:5060`
    const what = `servers can reach phones only over connections the gateway opened to them`
    warnings.add(['relay', 'upstream', i], `no ${transport} socket on the core side: ${what}; add ${example}`)
  })
}

/** A wildcard address leaves its port to nobody else on this machine. */
function warnOfLoops({ socket, relay }: Config, warnings: Problems): void {
  relay.upstream.forEach((upstream, i) => {
    const own = socket.find((s) => isReachedAt(s, upstream))
    if (own === undefined) return
    warnings.add(['relay', 'upstream', i], `that is ${own.text}, a socket of the gateway: what goes there comes back`)
  })
}

function isReachedAt({ transport, ip, port }: SocketConfig, upstream: UpstreamConfig): boolean {
  if (port !== upstream.port || (transport === 'udp') !== (upstream.transport === 'udp')) return false
  const { host } = upstream
  const isLocal = host === 'localhost' || isLoopback(host) || isWildcard(host)
  return ip === host || (isWildcard(ip) ? isLocal : isLoopback(ip) && host === 'localhost')
}

/** Trust rests on verified certificates; a ring for trusted calls rests on trust. */
function warnOfIdleTrust({ trust, tls_mgm, relay }: Config, warnings: Problems): void {
  const { server_domain, client_domain } = tls_mgm
  // Without any client_domain the certificates of trunks are verified.
  const verifies =
    (client_domain.length === 0 && relay.trunk.length > 0) ||
    [...server_domain, ...client_domain].some(({ verify_cert }) => verify_cert)
  if (trust.domains.length > 0 && !verifies) {
    const why = 'no server_domain and no client_domain has verify_cert: 1'
    warnings.add(['trust', 'domains'], `no peer will ever be trusted: ${why}`)
  }
  if (trust.domains.length === 0 && trust.alert_info !== undefined) {
    const who = 'every call that your own servers send without the header of trust.header'
    warnings.add(['trust', 'alert_info'], `without trust.domains nobody outside is trusted, and the ring is for ${who}`)
  }
}

function isCore({ side, relay }: SocketConfig): boolean {
  return side === 'core' && relay === 'edge'
}
