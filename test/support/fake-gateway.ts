/** A gateway without sockets behind the two ports: it holds what a test gives it and writes down what it is told. */
import type { ConnectionFacts } from '../../src/base/facts.js'
import type {
  FilterMatch,
  GatewayControl,
  GatewayStatus,
  GatewayView,
  Readiness,
  RouteProblem,
  TraceRequest,
  TraceStatus,
} from '../../src/base/ports.js'

export class FakeGateway {
  /** every call of the control port: name and arguments */
  readonly calls: [string, ...unknown[]][] = []
  mode: 'on' | 'off' = 'off'
  until: string | undefined
  ready: Readiness = { ready: true, reasons: [] }
  live: ConnectionFacts[] = []
  filterAnswer: { matches: FilterMatch[] } | { problems: RouteProblem[] } = { matches: [] }
  /** undefined: there is no collector */
  packets: readonly string[] | undefined = []
  reloadAnswer: { ok: boolean; problems: readonly string[] } = { ok: true, problems: [] }
  /** thrown by everything that is asked */
  failure: Error | undefined

  readonly view: GatewayView = {
    status: async () => this.#answer(this.status()),
    readiness: async () => this.#answer(this.ready),
    trace: async () => this.#answer(this.traceStatus()),
    dryRunFilter: async (text) => {
      this.calls.push(['dryRunFilter', text])
      return this.#answer(this.filterAnswer)
    },
    connections: async () => this.#answer(this.live),
    collected: async (query) => {
      this.calls.push(['collected', query])
      return this.#answer(this.packets)
    },
  }

  readonly control: GatewayControl = {
    setTrace: async (request: TraceRequest) => {
      this.calls.push(['setTrace', request])
      this.mode = request.trace_mode
      return this.#answer(this.traceStatus())
    },
    setFilter: async (text, by) => {
      this.calls.push(['setFilter', text, by])
      return this.#answer(this.filterAnswer)
    },
    closeConnection: async (id, by) => {
      this.calls.push(['closeConnection', id, by])
      return this.#answer(this.live.some((facts) => facts.id === id))
    },
    reload: async (by) => {
      this.calls.push(['reload', by])
      return this.#answer(this.reloadAnswer)
    },
  }

  traceStatus(): TraceStatus {
    return {
      trace_mode: this.mode,
      until: this.until,
      secondsLeft: this.until === undefined ? undefined : 600,
      destination: ['hep_dest'],
      filter: 'tls_filter',
      filterSource: 'config',
      tracedConnections: 3,
      filterFailures: 1,
    }
  }

  /** Every optional part is there, so that a test sees what gets lost on the way. */
  status(): GatewayStatus {
    return {
      version: '1.2.3',
      node: 'v20.19.0',
      pid: 4711,
      startedAt: '2026-01-02T03:04:05.000Z',
      uptimeSeconds: 12.5,
      state: 'running',
      listeners: [
        { socket: 'tls:0.0.0.0:5061', advertised: 'sip.example.com:5061', connections: 2 },
        {
          socket: 'udp:10.0.0.4:5060',
          advertised: 'gw.internal:5060',
          connections: 1,
          datagrams: { keepalives: 5, notSip: 1, errors: 2 },
        },
      ],
      upstreams: [
        {
          uri: 'sip:10.0.0.5:5060;transport=tcp',
          role: 'upstream',
          state: 'down',
          priority: 1,
          weight: 1,
          lastError: 'refused',
          connections: 0,
          probes: { sent: 3, failed: 1, lastMs: 2.5 },
        },
      ],
      edge: {
        answered: { 200: 7, 483: 1 },
        responsesDropped: { 'not-ours': 2 },
        requestsDropped: { 'flow-gone': 1 },
        largeDatagrams: 3,
        registrationsWithoutPath: 2,
      },
      domains: [
        {
          name: 'default',
          role: 'server',
          certificates: [{ subject: '/CN=a', notAfter: '2027-01-01T00:00:00Z', daysLeft: 300, sha256: 'ab' }],
        },
      ],
      connections: {
        open: 2,
        inHandshake: 1,
        acceptedTotal: 5,
        connectedTotal: 4,
        closedTotal: 3,
        failures: { 'not-tls': 2 },
      },
      messages: { relayed: 10, lost: { 'send-timeout': 1 }, pings: 6 },
      trace: {
        ...this.traceStatus(),
        messagesWithoutCallId: 2,
        tracesLost: 1,
        keylogFile: { written: 40, lost: 5 },
      },
      destinations: [
        {
          id: 'hep_dest',
          address: 'tcp:10.0.0.2:9060',
          transport: 'tcp',
          state: 'waiting',
          queuedPackets: 1,
          queuedBytes: 300,
          sentPackets: 7,
          sentBytes: 2100,
          dropped: { 'queue-full': 4 },
          truncated: 1,
          reconnects: 2,
          lastError: 'connection refused',
          lastErrorAt: '2026-01-02T03:05:00.000Z',
        },
      ],
      collector: {
        listen: ['udp:127.0.0.1:9060'],
        packets: 9,
        bytes: 2700,
        packetsByType: { sip: 6, log: 3 },
        malformed: 3,
        malformedBy: { datagram: 1, framing: 0, packet: 2 },
        connections: 1,
        refusedConnections: 4,
      },
      reload: { at: '2026-01-02T03:06:00.000Z', ok: false, problems: ['socket: missing'] },
    }
  }

  #answer<T>(value: T): T {
    if (this.failure !== undefined) throw this.failure
    return value
  }
}

/** A traced TLS connection with everything known, key material included. */
export function liveConnection(id: string): ConnectionFacts {
  const certificate = {
    subject: '/CN=peer.example.com',
    issuer: '/CN=Example CA',
    serial: '0A',
    san: 'DNS:peer.example.com',
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2027-01-01T00:00:00Z',
    sha256: 'ab'.repeat(32),
  }
  return {
    id,
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: { ip: '192.0.2.1', port: 5061 },
    peer: { ip: '2001:db8::9', port: 50412 },
    proxiedBy: { ip: '192.0.2.7', port: 4000 },
    openedMicros: 1_767_323_045_000_000,
    domain: 'default',
    peerIdentities: ['peer.example.com'],
    trusted: true,
    sni: 'sip.example.com',
    hello: {
      sni: 'sip.example.com',
      alpn: ['sip'],
      versions: ['TLSv1.3'],
      ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
    },
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpn: 'sip',
      resumed: false,
      group: 'X25519',
      verify: 'ok',
      nameVerdict: undefined,
    },
    ownCertificate: { ...certificate, subject: '/CN=sip.example.com' },
    peerCertificate: certificate,
    keylog: [`CLIENT_HANDSHAKE_TRAFFIC_SECRET ${'5e'.repeat(32)} ${'c4'.repeat(48)}`],
    connectMs: undefined,
    handshakeMs: 12,
    bytesIn: 1000,
    bytesOut: 2000,
    messagesIn: 3,
    messagesOut: 4,
    relayedTo: '77',
    closed: undefined,
    trace: { secret: 'c4'.repeat(48) },
  }
}
