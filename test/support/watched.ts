/** What the live view is given in its tests: a healthy gateway, connections, samples, and a viewer that remembers. */
import { createParser } from 'eventsource-parser'
import type { ConnectionFacts } from '../../src/base/facts.js'
import type { Delta, Sample, Snapshot, Viewer } from '../../src/base/live.js'
import type { DestinationStatus, GatewayStatus, UpstreamStatus } from '../../src/base/status.js'

export const secretLine = `CLIENT_RANDOM ${'c1'.repeat(32)} ${'5e'.repeat(48)}`

let ids = 0

/** An accepted TLS 1.3 connection of the edge side after its handshake. */
export function liveFacts(changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
  const n = ids++
  return {
    id: String(318027461591040n + BigInt(n)),
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: { ip: '192.0.2.1', port: 5061 },
    peer: { ip: `203.0.${(n >> 8) & 255}.${n & 255}`, port: 50_000 },
    proxiedBy: undefined,
    listener: 'tls:0.0.0.0:5061',
    openedMicros: 1_800_000_000_000_000 + n,
    domain: 'default',
    sni: 'sip.example.com',
    hello: { sni: 'sip.example.com', alpn: ['sip'], versions: ['TLSv1.3', 'TLSv1.2'], ja4: 't13d1516h2_8daaf6152771' },
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpn: 'sip',
      resumed: false,
      group: 'X25519',
      verify: 'none',
      nameVerdict: undefined,
    },
    ownCertificate: undefined,
    peerCertificate: undefined,
    peerIdentities: [],
    trusted: false,
    users: [],
    keylog: [secretLine],
    connectMs: undefined,
    handshakeMs: 12.4,
    bytesIn: 100,
    bytesOut: 200,
    messagesIn: 1,
    messagesOut: 2,
    relayedTo: undefined,
    closed: undefined,
    trace: undefined,
    span: undefined,
    ...changes,
  }
}

/** Nothing in it needs attention. */
export function healthyStatus(changes: Partial<GatewayStatus> = {}): GatewayStatus {
  return {
    version: '1.2.3',
    node: 'v20.19.0',
    pid: 4711,
    startedAt: '2027-01-15T08:00:00.000Z',
    uptimeSeconds: 60,
    state: 'running',
    listeners: [{ socket: 'tls:0.0.0.0:5061', advertised: undefined, connections: 1 }],
    upstreams: [upstreamStatus()],
    domains: [],
    connections: {
      open: 1,
      limit: 10_000,
      inHandshake: 0,
      acceptedTotal: 10,
      connectedTotal: 5,
      closedTotal: 3,
      failures: {},
    },
    messages: { relayed: 100, postponed: 0, lost: {}, pings: 0 },
    edge: undefined,
    trace: {
      trace_mode: 'off',
      until: undefined,
      secondsLeft: undefined,
      destination: ['homer'],
      filter: undefined,
      filterSource: undefined,
      scope: undefined,
      picked: [],
      tracedConnections: 0,
      filterFailures: 0,
      messagesWithoutCallId: 0,
      tracesLost: 0,
      keylogFile: undefined,
    },
    destinations: [destinationStatus()],
    collector: undefined,
    api: undefined,
    reload: undefined,
    ...changes,
  }
}

export function upstreamStatus(changes: Partial<UpstreamStatus> = {}): UpstreamStatus {
  return {
    uri: 'sip:10.0.0.5:5060;transport=tcp',
    role: 'upstream',
    state: 'up',
    priority: 1,
    weight: 1,
    lastError: undefined,
    connections: 1,
    probes: undefined,
    ...changes,
  }
}

export function destinationStatus(changes: Partial<DestinationStatus> = {}): DestinationStatus {
  return {
    id: 'homer',
    address: 'tcp:10.0.0.2:9060',
    transport: 'tcp',
    state: 'connected',
    paused: false,
    queuedPackets: 0,
    queuedBytes: 0,
    sentPackets: 0,
    sentBytes: 0,
    sentByType: {},
    dropped: {},
    truncated: 0,
    reconnects: 0,
    lastError: undefined,
    lastErrorAt: undefined,
    ...changes,
  }
}

/** A quiet second. */
export function quietSample(t: number, changes: Partial<Sample> = {}): Sample {
  return {
    t,
    open: 1,
    in_handshake: 0,
    handshakes_ok: 0,
    handshakes_failed: 0,
    failed_by: {},
    opened: 0,
    closed: 0,
    messages: 0,
    messages_lost: 0,
    hep: {},
    loop_ms: 0,
    ...changes,
  }
}

export type WatchedEvent = { readonly id: string } & (
  | { readonly event: 'snapshot'; readonly data: Snapshot }
  | { readonly event: 'delta'; readonly data: Delta }
)

/** Reads what it is sent as a browser would. */
export class RememberingViewer implements Viewer {
  readonly events: WatchedEvent[] = []
  comments = 0
  ended: string | undefined
  /** what `send` answers */
  takes = true
  /** thrown by `send` */
  failure: Error | undefined
  readonly #parser = createParser({
    onEvent: ({ id, event, data }) => this.events.push({ id, event, data: JSON.parse(data) } as WatchedEvent),
    onComment: () => this.comments++,
  })

  send(text: string): boolean {
    if (this.failure !== undefined) throw this.failure
    this.#parser.feed(text)
    return this.takes
  }

  end(reason: string): void {
    if (this.ended !== undefined) throw new Error('ended twice')
    this.ended = reason
  }

  get snapshots(): Snapshot[] {
    return this.events.filter(({ event }) => event === 'snapshot').map(({ data }) => data as Snapshot)
  }

  get deltas(): Delta[] {
    return this.events.filter(({ event }) => event === 'delta').map(({ data }) => data as Delta)
  }

  get lastDelta(): Delta | undefined {
    return this.deltas.at(-1)
  }

  get lastId(): string | undefined {
    return this.events.at(-1)?.id
  }
}
