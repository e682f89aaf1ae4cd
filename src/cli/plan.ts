/** What a configuration would run, as plain data and as text for a person. Holds no secret. */
import { endpointText } from '../base/address.js'
import type { DomainStatus } from '../base/status.js'
import { upstreamDefaults } from '../config/schema.js'
import type { Config, RelayMode } from '../config/types.js'
import { rows } from './rows.js'

export interface Plan {
  readonly sockets: readonly {
    readonly socket: string
    readonly side: string
    readonly relay: RelayMode
    readonly proxy_protocol: readonly string[]
  }[]
  readonly api: string | undefined
  readonly collector: readonly string[]
  readonly state_dir: string
  /** empty: a self-signed certificate is made at the first start */
  readonly server_domains: readonly DomainStatus[]
  readonly client_domains: readonly DomainStatus[]
  readonly upstreams: readonly { readonly uri: string; readonly priority: number; readonly weight: number }[]
  readonly trunks: readonly { readonly uri: string; readonly keepalive: number; readonly options: number }[]
  /** domains whose calls are trusted */
  readonly trusted: readonly string[]
  readonly trace: {
    readonly on: boolean
    readonly filter: string | undefined
    /** of what is traced, in memory */
    readonly message_bytes: number
  }
  readonly destinations: readonly {
    readonly id: string
    readonly address: string
    readonly form: string
    /** named by trace_destination */
    readonly traced: boolean
  }[]
  readonly routes: readonly string[]
}

export function planOf(config: Config, domains: readonly DomainStatus[]): Plan {
  const { api, collector, proto_tls, proto_hep, relay, routes, trust } = config
  return {
    sockets: config.socket.map(({ text, side, relay, proxy_protocol }) => ({
      socket: text,
      side,
      relay,
      proxy_protocol,
    })),
    api: api.listen && `${api.certificate === undefined ? 'http' : 'https'}://${endpointText(api.listen)}`,
    collector: collector.listen.map((listen) => `${listen.transport}:${endpointText(listen)}`),
    state_dir: config.state_dir,
    server_domains: domains.filter(({ role }) => role === 'server'),
    client_domains: domains.filter(({ role }) => role === 'client'),
    upstreams: relay.upstream.map(({ uri, priority, weight }) => ({ uri, priority, weight })),
    trunks: relay.trunk.map(({ uri, keepalive, options }) => ({ uri, keepalive, options })),
    trusted: trust.domains,
    trace: {
      on: proto_tls.trace_on,
      filter: proto_tls.trace_filter_route,
      message_bytes: config.live.message_bytes,
    },
    destinations: proto_hep.hep_id.map(({ id, transport, host, port, form }) => ({
      id,
      address: `${transport}:${endpointText({ ip: host, port })}`,
      form,
      traced: proto_tls.trace_destination.includes(id),
    })),
    routes: Object.keys(routes),
  }
}

export function planText(plan: Plan): string {
  return rows([
    ['listens on', plan.sockets.map(socketText)],
    ['HTTP API', [plan.api ?? 'off']],
    ['HEP collector', plan.collector.length === 0 ? ['off'] : plan.collector],
    [
      'certificates',
      plan.server_domains.length === 0
        ? [`self-signed, kept in ${plan.state_dir}`]
        : plan.server_domains.flatMap(domainLines),
    ],
    ['client domains', plan.client_domains.flatMap(domainLines)],
    ['relays to', plan.upstreams.length === 0 ? ['the built-in SIP responder'] : plan.upstreams.map(upstreamText)],
    ['trunks', plan.trunks.map(trunkText)],
    ['trusts', plan.trusted],
    ['traces', [traceText(plan)]],
    ['destinations', plan.destinations.map(destinationText)],
    ['routes', plan.routes],
  ])
}

function socketText({ socket, side, relay, proxy_protocol }: Plan['sockets'][number]): string {
  const proxied = proxy_protocol.length === 0 ? '' : `, PROXY protocol from ${proxy_protocol.join(', ')}`
  return `${socket} (${side} side, ${relay} mode${proxied})`
}

function upstreamText({ uri, priority, weight }: Plan['upstreams'][number]): string {
  const isUsual = priority === upstreamDefaults.priority && weight === upstreamDefaults.weight
  return isUsual ? uri : `${uri} (priority ${priority}, weight ${weight})`
}

function trunkText({ uri, keepalive, options }: Plan['trunks'][number]): string {
  const kept = keepalive === 0 ? 'no keep-alives' : `keep-alive every ${keepalive} s`
  return `${uri} (${kept}, ${options === 0 ? 'no OPTIONS' : `OPTIONS every ${options} s`})`
}

function domainLines({ name, certificates }: DomainStatus): string[] {
  if (certificates.length === 0) return [`${name}: no certificate`]
  return certificates.map(({ subject, notAfter, daysLeft }) => {
    const expiry = daysLeft < 0 ? `expired ${notAfter}` : `expires ${notAfter}, in ${daysLeft} days`
    return `${name}: ${subject}, ${expiry}`
  })
}

function traceText({ trace, destinations }: Plan): string {
  const isSent = destinations.some(({ traced }) => traced)
  if (!isSent && trace.message_bytes === 0) {
    return 'nothing: trace_destination names no destination, and live.message_bytes is 0'
  }
  const filter = trace.filter === undefined ? 'every connection' : `by the filter ${trace.filter}`
  const kept = isSent ? '' : ', for the dashboard and the API only: trace_destination names no destination'
  return `${filter}${trace.on ? '' : ', once it is switched on (hepgate trace on)'}${kept}`
}

function destinationText({ id, address, form, traced }: Plan['destinations'][number]): string {
  return `${id}: ${address}, events as ${form}${traced ? '' : ' (not named by trace_destination)'}`
}
