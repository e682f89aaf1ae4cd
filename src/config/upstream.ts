/** Upstream servers: `sip:host[:port][;transport=tcp|tls|udp]`, `sips:host[:port]`, `tcp:host:port`, `tls:host[:port]`, `udp:host:port`. */
import { sipPort } from '../base/address.js'
import { parseServer, type ServerKind } from './server-uri.js'
import type { UpstreamConfig } from './types.js'

export const upstreamForm =
  'sip:HOST[:PORT][;transport=tcp|tls|udp], sips:HOST[:PORT], tcp:HOST:PORT, tls:HOST[:PORT] or udp:HOST:PORT'

const upstream: ServerKind<UpstreamConfig['transport']> = {
  noun: 'an upstream',
  form: upstreamForm,
  transports: ['tcp', 'tls', 'udp'],
}

/** An upstream as it is written, priority and weight left open. */
export type WrittenUpstream = Omit<UpstreamConfig, 'priority' | 'weight'>

/** Throws a `UsageError`. `tlsPort` is the port of a tls upstream without one. */
export function parseUpstream(text: string, tlsPort: number): WrittenUpstream {
  // RFC 3261 §19.1.2 would have UDP where no transport is named. Over TCP nothing is cut to pieces (§18.1.1), and a
  // server that is gone is noticed.
  const { host, port, transport = 'tcp' } = parseServer(text, upstream)
  return { uri: text, host, port: port ?? (transport === 'tls' ? tlsPort : sipPort), transport }
}
