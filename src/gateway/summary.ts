/** What runs, in words for whoever started it. */
import { endpointText } from '../base/address.js'
import type { Transport } from '../base/facts.js'
import type { Parts } from './parts.js'

/** What listens where, with which certificates, and where SIP and traces go: a name, and lines for a person. */
export type Summary = Readonly<Record<string, readonly string[]>>

export function summaryOf(parts: Parts): Summary {
  const { gate, destinations } = parts.running
  const sockets = (transport: Transport): string[] =>
    [...parts.listeners, ...parts.datagrams]
      .filter(({ config }) => config.transport === transport)
      .map(({ address }) => endpointText(address))
  const certificates = (parts.contexts?.list() ?? [])
    .filter(({ role }) => role === 'server')
    .flatMap(({ name, certificates }) => certificates.map((one) => ({ name, ...one })))
  const { trace_mode, until } = gate.status()
  const sinks = destinations.status().map(({ id, address }) => `${id} (${address})`)
  return {
    'SIP over TLS': sockets('tls'),
    'SIP over TCP': sockets('tcp'),
    'SIP over UDP': sockets('udp'),
    certificates: certificates.map(({ name, subject, notAfter }) => `${name}: ${subject}, valid until ${notAfter}`),
    'relays to': parts.upstreams.map((upstream) => upstream.status().uri),
    'keeps connected': parts.edge?.trunkStatus().map(({ uri }) => uri) ?? [],
    'traces to': sinks.length === 0 ? ['nowhere: proto_tls.trace_destination is not set'] : sinks,
    tracing: [until === undefined ? trace_mode : `${trace_mode} until ${until}`],
    'HEP collector': parts.collector?.addresses ?? [],
    'HTTP API': parts.api === undefined ? [] : [parts.api.url],
  }
}
