/** A trunk as status shows it: a peer on the edge side that is kept connected. Its addresses are found by RFC 3263. */
import { isIPv6 } from 'node:net'
import { endpointText } from '../base/address.js'
import type { UpstreamStatus } from '../base/status.js'
import type { TrunkConfig } from '../config/types.js'
import { Peer, type Probing } from './peer.js'

export class Trunk extends Peer {
  readonly config: TrunkConfig

  constructor(config: TrunkConfig, probing?: Probing) {
    super(`sip:${hostPort(config)}`, probing)
    this.config = config
  }

  /** Nothing is chosen among trunks: the core names the one it wants. Hence no priority, no weight. */
  status(): UpstreamStatus {
    return { uri: this.config.uri, role: 'trunk', priority: 0, weight: 0, ...this.peerStatus }
  }
}

function hostPort({ host, port }: TrunkConfig): string {
  if (port !== undefined) return endpointText({ ip: host, port })
  return isIPv6(host) ? `[${host}]` : host
}
