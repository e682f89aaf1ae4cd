/**
 * What settings must agree on between them: names that refer to each other, sockets that collide, domains that serve
 * nothing, what one mode of relaying has and the other has not.
 */
import { isLoopback } from '../base/address.js'
import type { Transport } from '../base/facts.js'
import { nearest } from '../base/nearest.js'
import { socketMatches } from './match.js'
import type { Path, Problems } from './problems.js'
import { isModule } from './resolve.js'
import type { Surroundings } from './surroundings.js'
import type { Config } from './types.js'

/** Lists of `config` are compared with the file by index, so each is judged only when all of it was read. */
export function checkConsistency(config: Config, problems: Problems, around: Surroundings): void {
  if (config.socket.length === 0 && !problems.touch(['socket'])) {
    problems.add(['socket'], 'at least one socket is needed, such as tls:0.0.0.0:5061')
  }
  checkListeners(config, problems)
  checkHepIds(config, problems)
  checkFilterRoute(config, problems, around)
  checkNames(config.tls_mgm.server_domain, ['tls_mgm', 'server_domain'], problems)
  checkNames(config.tls_mgm.client_domain, ['tls_mgm', 'client_domain'], problems)
  checkServed(config, problems)
  checkModes(config, problems)
  checkUdpUpstreams(config, problems)
  checkUdpSockets(config, problems)
  checkTokens(config, problems)
}

interface Listener {
  readonly path: Path
  readonly udp: boolean
  readonly ip: string
  readonly port: number
}

/** Two sockets of one kind cannot have one port, unless on different addresses. */
function checkListeners(config: Config, problems: Problems): void {
  const listeners: Listener[] = []
  if (!problems.touch(['socket'])) {
    listeners.push(...config.socket.map((socket, i) => listener(['socket', i], socket)))
  }
  if (!problems.touch(['collector', 'listen'])) {
    listeners.push(...config.collector.listen.map((socket, i) => listener(['collector', 'listen', i], socket)))
  }
  if (config.api.listen !== undefined) {
    listeners.push(listener(['api', 'listen'], { transport: 'tcp', ...config.api.listen }))
  }
  listeners.forEach((later, i) => {
    const earlier = listeners.slice(0, i).find((other) => collide(later, other))
    if (earlier !== undefined) {
      const port = `${later.udp ? 'UDP' : 'TCP'} port ${later.port}`
      problems.add(later.path, `${port} is already taken by ${problems.pathText(earlier.path)}`)
    }
  })
}

function listener(path: Path, socket: { transport: Transport; ip: string; port: number }): Listener {
  return { path, udp: socket.transport === 'udp', ip: socket.ip, port: socket.port }
}

function collide(a: Listener, b: Listener): boolean {
  if (a.udp !== b.udp || a.port !== b.port || a.port === 0) return false
  return a.ip === b.ip || covers(a.ip, b.ip) || covers(b.ip, a.ip)
}

/** A socket on `::` takes IPv4 as well, one on 0.0.0.0 only that. */
function covers(all: string, ip: string): boolean {
  return all === '::' || (all === '0.0.0.0' && !ip.includes(':'))
}

function checkHepIds(config: Config, problems: Problems): void {
  const ids = config.proto_hep.hep_id
  if (problems.touch(['proto_hep', 'hep_id'])) return
  ids.forEach((id, i) => {
    const twin = ids
      .slice(0, i)
      .some((o) => o.id === id.id && o.host === id.host && o.port === id.port && o.transport === id.transport)
    if (twin) problems.add(['proto_hep', 'hep_id', i], `${id.id} with this address and transport is there twice`)
  })
  const names = ids.map((id) => id.id)
  const destinations = config.proto_tls.trace_destination
  destinations.forEach((name, i) => {
    const path = ['proto_tls', 'trace_destination', i]
    if (problems.touch(path)) return
    if (!names.includes(name)) problems.add(path, `no hep_id has the name ${name}${choices(name, names)}`)
    else if (destinations.indexOf(name) < i) problems.add(path, `${name} is there twice`)
  })
}

function checkFilterRoute(config: Config, problems: Problems, around: Surroundings): void {
  const path = ['proto_tls', 'trace_filter_route']
  const name = config.proto_tls.trace_filter_route
  if (name === undefined || problems.touch(path)) return
  if (isModule(name)) {
    if (!around.fileExists(name)) problems.add(path, `there is no file ${name}`)
  } else if (!Object.hasOwn(config.routes, name)) {
    problems.add(path, `no route under routes has the name ${name}${choices(name, Object.keys(config.routes))}`)
  }
}

function choices(name: string, known: readonly string[]): string {
  if (known.length === 0) return '; there is none at all'
  const near = nearest(name, known)
  return near === undefined ? `; there is ${known.join(', ')}` : `; did you mean ${near}?`
}

function checkNames(domains: readonly { readonly name: string }[], path: Path, problems: Problems): void {
  if (problems.touch(path)) return
  domains.forEach(({ name }, i) => {
    if (domains.findIndex((other) => other.name === name) < i) {
      problems.add([...path, i, 'name'], `another domain has the name ${name}`)
    }
  })
}

/** Without any server_domain the gateway makes a certificate of its own, which serves every socket. */
function checkServed(config: Config, problems: Problems): void {
  const domains = config.tls_mgm.server_domain
  if (domains.length === 0 || problems.touch(['tls_mgm', 'server_domain']) || problems.touch(['socket'])) return
  config.socket.forEach((socket, i) => {
    if (socket.transport !== 'tls') return
    const served = domains.some((domain) => domain.match_ip_address.some((match) => socketMatches(match, socket)))
    if (!served) problems.add(['socket', i], 'no tls_mgm.server_domain matches this socket')
  })
}

/** What only one mode of relaying has, and sockets of the other. */
function checkModes({ socket, relay }: Config, problems: Problems): void {
  if (problems.touch(['socket'])) return
  const edge = socket.find((s) => s.relay === 'edge')
  if (edge !== undefined && relay.proxy_protocol !== 'off') {
    const reason = 'in edge mode many clients share one connection'
    problems.add(['relay', 'proxy_protocol'], `needs tunnel mode: ${reason}, and ${edge.text} is in edge mode`)
  }
  if (edge === undefined && relay.trunk.length > 0) {
    problems.add(['relay', 'trunk'], 'needs edge mode, and no socket is in it: set relay.mode: edge')
  }
}

function checkUdpUpstreams({ socket, relay }: Config, problems: Problems): void {
  if (problems.touch(['socket']) || problems.touch(['relay', 'upstream'])) return
  const tunnel = socket.find((s) => s.relay === 'tunnel')
  const hasUdp = socket.some((s) => s.transport === 'udp')
  relay.upstream.forEach(({ transport }, i) => {
    if (transport !== 'udp') return
    const path = ['relay', 'upstream', i]
    if (tunnel !== undefined) problems.add(path, `udp needs edge mode, and ${tunnel.text} is in tunnel mode`)
    else if (!hasUdp) problems.add(path, 'udp needs a socket to send from: add one such as udp:10.0.0.4:5060')
  })
}

function checkTokens({ api }: Config, problems: Problems): void {
  if (problems.touch(['api', 'token']) || problems.touch(['api', 'tokens'])) return
  const { listen, token, tokens } = api
  if (listen !== undefined && !isLoopback(listen.ip) && token === undefined && tokens.length === 0) {
    const advice = 'set api.token or api.tokens, or listen on 127.0.0.1'
    problems.add(['api', 'listen'], `others than this machine can reach it: ${advice}`)
  }
  tokens.forEach(({ name, sha256 }, i) => {
    const earlier = tokens.slice(0, i)
    const path = ['api', 'tokens', i]
    if (name === 'api.token') problems.add([...path, 'name'], 'api.token is the name of the token in api.token')
    if (earlier.some((other) => other.name === name)) {
      problems.add([...path, 'name'], `another token has the name ${name}`)
    }
    const twin = earlier.find((other) => other.sha256 === sha256)
    if (twin !== undefined) problems.add([...path, 'sha256'], `this is the token of ${twin.name}`)
  })
}

/** UDP has no connections, which tunnels, PROXY protocol and RFC 5626 are made of. */
function checkUdpSockets({ socket }: Config, problems: Problems): void {
  if (problems.touch(['socket'])) return
  socket.forEach(({ transport, side, relay, proxy_protocol }, i) => {
    if (transport !== 'udp') return
    const path = ['socket', i]
    if (relay === 'tunnel') problems.add(path, 'udp needs edge mode: set relay.mode: edge, or relay: edge here')
    if (side === 'edge')
      problems.add([...path, 'side'], 'udp is for the core side only: phones and trunks use tls or tcp')
    if (proxy_protocol.length > 0) problems.add([...path, 'proxy_protocol'], 'udp carries no PROXY protocol header')
  })
}
