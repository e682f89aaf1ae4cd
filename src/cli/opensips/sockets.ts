/** `socket=` and `listen=` lines → our sockets. What OpenSIPS listens on and we do not is noted. */
import { isIP, isIPv6 } from 'node:net'
import { contains, parseNetwork } from '../../base/network.js'
import type { Draft } from './draft.js'
import type { Notes } from './notes.js'
import type { Assignment } from './statements.js'
import type { Token } from './tokens.js'

/** `advertised`: `advertised_address` and `advertised_port`, for sockets without an `AS` of their own. */
export function addSocket({ value, at }: Assignment, advertised: string | undefined, draft: Draft, notes: Notes): void {
  const [written = '', ...params] = spelled(value).split(' ')
  const note = (text: string): void => notes.add(at, `socket ${written}: ${text}`)
  const [, scheme = '', ip = '', port] = form.exec(written) ?? []
  const transport = scheme.toLowerCase()
  const problem = refusal(transport, ip, port)
  if (problem !== undefined) {
    note(`left out: ${problem}`)
    return
  }
  const as = readParams(params, note) ?? advertised
  const host = isIPv6(ip) ? `[${ip}]` : ip
  const address = `${transport}:${host}${port === undefined ? '' : `:${port}`}`
  const socket = as === undefined ? address : `${address} AS ${as}`
  if (transport === 'tls' || (as === undefined && isPrivate(ip))) draft.socket.push(socket)
  else {
    if (transport === 'tcp') draft.socket.push({ socket, side: 'edge' })
    note(transport === 'tcp' ? exposedTcp : exposedUdp)
  }
}

/** As one text: spaces only where they separate. */
function spelled(tokens: readonly Token[]): string {
  const parts = tokens.map(({ value, start }, i) => (i > 0 && tokens[i - 1]!.end < start ? ` ${value}` : value))
  return parts.join('').replace(/ ?([:,]) ?/g, '$1')
}

/** An IPv6 address stands in brackets, or has no port behind it. */
const form = /^(\w+):(\*|\[[^\]]*\]|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*|[^:]+)(?::(.+))?$/i

const otherTransports: Readonly<Record<string, string>> = {
  ws: 'hepgate has no WebSocket',
  wss: 'hepgate has no WebSocket',
  hep_udp: 'to receive HEP, see collector.listen',
  hep_tcp: 'to receive HEP, see collector.listen',
  hep_tls: 'to receive HEP, see collector.listen',
}

function refusal(transport: string, ip: string, port: string | undefined): string | undefined {
  if (Object.hasOwn(otherTransports, transport)) return otherTransports[transport]
  if (!['tls', 'tcp', 'udp'].includes(transport)) return 'hepgate knows tls, tcp and udp'
  if (ip !== '*' && isIP(bare(ip)) === 0) return 'write the address itself, not a name or an interface'
  if (port !== undefined && !/^\d+$/.test(port)) return 'write a socket for each port'
  return undefined
}

const withValue = /^(?:as|use_workers|use_children|use_auto_scaling_profile|tag|tos)$/

/** What stands behind the address. Returns the value of AS. */
function readParams(params: readonly string[], note: (text: string) => void): string | undefined {
  let as: string | undefined
  for (let i = 0; i < params.length; i++) {
    const name = params[i]!.toLowerCase()
    const value = withValue.test(name) ? params[++i] : undefined
    if (name === 'as') as = value
    else note(paramNote(name, value))
  }
  return as
}

function paramNote(name: string, value: string | undefined): string {
  if (name.includes('proxy')) {
    return `${name}: name the load balancers whose header is believed in proxy_protocol of the socket`
  }
  const written = value === undefined ? name : `${name} ${value}`
  return name.startsWith('use_')
    ? `${written} is left out: one process serves every socket`
    : `${written} is left out: there is nothing like it here`
}

// Clear sockets are of the core side, where everybody is believed: none becomes one that strangers can reach.
const exposedTcp =
  'others than your servers can reach it, so it is written with side: edge, where nobody is believed. Your servers need ' +
  'a socket of their own; if they alone reach this one, take side: edge away'
const exposedUdp =
  'left out: hepgate speaks udp with your own servers only, and others can reach this address. If they cannot, write it'

/** RFC 1918, 4193, 3927 and 4291, and loopback: what strangers do not reach. */
const privateNetworks = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '169.254.0.0/16'],
  ...['::1', 'fc00::/7', 'fe80::/10'],
].map((text) => parseNetwork(text)!)

function isPrivate(ip: string): boolean {
  return ip !== '*' && privateNetworks.some((network) => contains(network, bare(ip)))
}

function bare(ip: string): string {
  return ip.replace(/^\[(.*)\]$/, '$1')
}
