/** What a gateway may tell over the API, twice: with everything that is optional, and with nothing of it. */
import type {
  AuditEntry,
  CallDetail,
  CallRow,
  CertificateView,
  ConnectionDetail,
  ConnectionRow,
  Delta,
  DomainView,
  MessageView,
  Overview,
  Sample,
  Snapshot,
} from '../../src/base/live.js'
import type { DestinationTest, DryRun, FilterView } from '../../src/base/ports.js'
import type { DestinationStatus, GatewayStatus, TraceStatus } from '../../src/base/status.js'

/** What one kind of gateway tells. Values are of one moment, so that tests can compare. */
export interface Samples {
  readonly trace: Omit<TraceStatus, 'trace_mode' | 'until' | 'secondsLeft'>
  readonly status: Omit<GatewayStatus, 'trace'> & { readonly trace: Omit<GatewayStatus['trace'], keyof TraceStatus> }
  readonly filter: FilterView
  readonly dryRun: DryRun
  readonly overview: Omit<Overview, 'status'>
  readonly history: readonly Sample[]
  connection(id: string): ConnectionRow
  connectionDetail(id: string): ConnectionDetail
  call(id: string): CallRow
  callDetail(id: string): CallDetail
  readonly domains: readonly DomainView[]
  readonly audit: readonly AuditEntry[]
  readonly test: DestinationTest
}

const at = '2026-01-02T03:04:05.000Z'
const later = '2026-01-02T03:14:05.000Z'

const certificate: CertificateView = {
  subject: '/CN=peer.example.com',
  issuer: '/CN=Example CA',
  serial: '0A',
  san: 'DNS:peer.example.com',
  not_before: '2026-01-01T00:00:00Z',
  not_after: '2027-01-01T00:00:00Z',
  sha256: 'ab'.repeat(32),
}

const ja4 = 't13d1516h2_8daaf6152771_e5627efa2ab1'

function fullConnection(conn_id: string): ConnectionRow {
  return {
    ...bareConnection(conn_id),
    state: 'closed',
    proxied_by: '192.0.2.7:4000',
    listener: 'tls:0.0.0.0:5061',
    domain: 'default',
    tls_version: 'TLSv1.3',
    tls_cipher: 'TLS_AES_256_GCM_SHA384',
    tls_sni: 'sip.example.com',
    tls_alpn: 'sip',
    tls_resumed: false,
    tls_group: 'X25519',
    ja4,
    verify: 'ok',
    own_certificate: { ...certificate, subject: '/CN=sip.example.com' },
    peer_certificate: certificate,
    peer_identities: ['peer.example.com'],
    trusted: true,
    connect_ms: 1.5,
    handshake_ms: 12.25,
    relayed_to: '77',
    users: ['alice@example.com'],
    traced: true,
    closed: { at: later, cause: 'peer-closed', by: 'peer', message: 'the peer closed it', duration_ms: 600_000 },
  }
}

function bareConnection(conn_id: string): ConnectionRow {
  return {
    conn_id,
    state: 'handshake',
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: '192.0.2.1:5061',
    peer: '[2001:db8::9]:50412',
    opened_at: at,
    peer_identities: [],
    bytes_in: 1000,
    bytes_out: 2000,
    msgs_in: 3,
    msgs_out: 4,
    users: [],
    traced: false,
  }
}

const bareMessage: MessageView = {
  n: 1,
  at: '2026-01-02T03:04:05.678901Z',
  micros: 1_767_323_045_678_901,
  kind: 'event',
  transport: 'tls',
  source: '203.0.113.9:50412',
  destination: '192.0.2.1:5061',
  bytes: 600,
  summary: 'INVITE sip:bob@example.com SIP/2.0',
  retransmission: false,
}

const fullMessage: MessageView = {
  ...bareMessage,
  kind: 'sip',
  conn_id: '12',
  direction: 'in',
  side: 'edge',
  call_id: 'a84b4c76',
  method: 'INVITE',
  status: 183,
  cseq: '1 INVITE',
  retransmission: true,
  agent: 'gw-2',
  text: 'INVITE sip:bob@example.com SIP/2.0\r\n\r\n',
}

function bareCall(call_id: string): CallRow {
  return {
    call_id,
    state: 'trying',
    started_at: at,
    last_at: later,
    messages: 1,
    retransmissions: 0,
    errors: 0,
    conn_ids: [],
    agents: [],
  }
}

function fullCall(call_id: string): CallRow {
  return {
    ...bareCall(call_id),
    method: 'INVITE',
    from: 'alice@example.com',
    to: 'bob@example.com',
    state: 'answered',
    status: 200,
    ring_ms: 120.5,
    answer_ms: 3000.25,
    conn_ids: ['12', '77'],
    agents: ['gw-2'],
  }
}

const fullDestination: DestinationStatus = {
  id: 'hep_dest',
  address: 'tcp:10.0.0.2:9060',
  transport: 'tcp',
  state: 'waiting',
  paused: true,
  queuedPackets: 1,
  queuedBytes: 300,
  sentPackets: 7,
  sentBytes: 2100,
  sentByType: { sip: 5, log: 2 },
  dropped: { 'queue-full': 4 },
  truncated: 1,
  reconnects: 2,
  lastError: 'connection refused',
  lastErrorAt: at,
}

const bareDestination: DestinationStatus = {
  ...fullDestination,
  state: 'connected',
  paused: false,
  dropped: {},
  lastError: undefined,
  lastErrorAt: undefined,
}

const bareStatus: Samples['status'] = {
  version: '1.2.3',
  node: 'v20.19.0',
  pid: 4711,
  startedAt: at,
  uptimeSeconds: 12.5,
  state: 'running',
  listeners: [{ socket: 'tls:0.0.0.0:5061', advertised: undefined, connections: 2 }],
  upstreams: [
    {
      uri: 'sip:10.0.0.5:5060;transport=tcp',
      role: 'upstream',
      state: 'unknown',
      priority: 1,
      weight: 1,
      lastError: undefined,
      connections: 0,
      probes: undefined,
    },
  ],
  edge: undefined,
  domains: [],
  connections: {
    open: 2,
    limit: 10_000,
    inHandshake: 1,
    acceptedTotal: 5,
    connectedTotal: 4,
    closedTotal: 3,
    failures: {},
  },
  messages: { relayed: 10, postponed: 1, lost: {}, pings: 6 },
  trace: { messagesWithoutCallId: 2, tracesLost: 1, keylogFile: undefined },
  destinations: [bareDestination],
  collector: undefined,
  api: undefined,
  reload: undefined,
}

const fullStatus: Samples['status'] = {
  ...bareStatus,
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
      role: 'trunk',
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
    registrations: { 200: 8, 401: 9, 403: 1 },
    responsesDropped: { 'not-ours': 2 },
    requestsDropped: { 'flow-gone': 1 },
    largeDatagrams: 3,
    registrationsWithoutPath: 2,
  },
  domains: [
    {
      name: 'default',
      role: 'server',
      certificates: [{ subject: '/CN=a', notAfter: '2027-01-01T00:00:00Z', daysLeft: 300.5, sha256: 'ab' }],
    },
  ],
  connections: { ...bareStatus.connections, failures: { 'not-tls': 2 } },
  messages: { relayed: 10, postponed: 3, lost: { 'send-timeout': 1 }, pings: 6 },
  trace: { messagesWithoutCallId: 2, tracesLost: 1, keylogFile: { written: 40, lost: 5 } },
  destinations: [fullDestination],
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
  api: { refusedTokens: 4 },
  reload: { at, ok: false, problems: ['socket: missing'] },
}

const bareSample: Sample = {
  t: 1_767_323_045,
  open: 3,
  in_handshake: 1,
  handshakes_ok: 2,
  handshakes_failed: 1,
  failed_by: {},
  opened: 3,
  closed: 1,
  messages: 40,
  messages_lost: 0,
  hep: {},
  loop_ms: 21.5,
}

export const fullSamples: Samples = {
  trace: {
    destination: ['hep_dest'],
    filter: 'tls_filter',
    filterSource: 'config',
    scope: { peer: ['203.0.113.0/24'], sni: '*.example.com', user: 'alice', call_id: 'a84b4c76' },
    picked: [
      { conn_id: '12', until: later },
      { conn_id: '13', until: undefined },
    ],
    tracedConnections: 3,
    filterFailures: 1,
  },
  status: fullStatus,
  filter: { name: 'tls_filter', source: 'config', text: 'exit;' },
  dryRun: {
    total: 7,
    traced: 1,
    matches: [
      { id: '12', peer: '203.0.113.9:50412', sni: 'a.example', traced: true, why: 'exit at line 2' },
      { id: '13', peer: '203.0.113.10:50413', sni: undefined, traced: false, why: 'drop at line 4' },
    ],
  },
  overview: {
    at,
    attention: [
      { level: 'critical', code: 'upstream-down', message: 'It is down.', view: 'overview', search: 'side:core' },
      { level: 'info', code: 'weak-clients', message: 'Some are weak.', view: 'connections' },
    ],
    breakdown: {
      versions: { 'TLSv1.3': 2 },
      ciphers: { TLS_AES_256_GCM_SHA384: 2 },
      directions: { in: 2, out: 1 },
      transports: { tls: 2, tcp: 1 },
      weak: [{ version: 'TLSv1', count: 1, examples: ['203.0.113.9:50412'] }],
      traced: 1,
    },
  },
  history: [{ ...bareSample, failed_by: { 'not-tls': 1 }, hep: { hep_dest: { sent: 4, dropped: 1, queued: 2 } } }],
  connection: fullConnection,
  connectionDetail: (id) => ({
    ...fullConnection(id),
    own_chain: [certificate, { ...certificate, subject: '/CN=Example CA' }],
    peer_chain: [certificate],
    hello: { versions: ['TLSv1.3', 'TLSv1.2'], alpn: ['sip'], ja4 },
    verify_name: 'mismatch',
    queue: { unsent_bytes: 17, postponed_messages: 2, stuck_ms: 30.5 },
    events: [
      { at, event: 'ACCEPTED', status: 'SUCCESS', message: 'handshake done' },
      { at: later, event: 'CLOSED', status: 'FAILURE', cause: 'peer-reset', message: 'reset by the peer' },
    ],
    messages: [fullMessage, bareMessage],
    call_ids: ['a84b4c76'],
    has_keys: true,
  }),
  call: fullCall,
  callDetail: (id) => ({
    ...fullCall(id),
    flow: [fullMessage, bareMessage],
    legs: [fullConnection('12'), bareConnection('77')],
    forgotten: 2,
  }),
  domains: [
    {
      name: 'default',
      role: 'server',
      certificates: [{ ...certificate, days_left: 300.5, connections: 2 }],
      outdated: { count: 1, conn_ids: ['12'] },
    },
    { name: 'trunks', role: 'client', certificates: [], outdated: { count: 0, conn_ids: [] } },
  ],
  audit: [
    { at, by: 'token on-call 192.0.2.7', action: 'trace-on', what: 'tracing is on for 10m', until: later, ok: true },
    { at, by: 'SIGHUP', action: 'reload', what: 'socket: missing', ok: false },
  ],
  test: { sent: false, correlation_id: 'hepgate-test-1', ms: 5000.5, problem: 'connection refused' },
}

export const bareSamples: Samples = {
  trace: {
    destination: [],
    filter: undefined,
    filterSource: undefined,
    scope: undefined,
    picked: [],
    tracedConnections: 0,
    filterFailures: 0,
  },
  status: bareStatus,
  filter: { name: undefined, source: undefined, text: undefined },
  dryRun: { total: 0, traced: 0, matches: [] },
  overview: {
    at,
    attention: [],
    breakdown: {
      versions: {},
      ciphers: {},
      directions: { in: 0, out: 0 },
      transports: {},
      weak: [],
      traced: 0,
    },
  },
  history: [],
  connection: bareConnection,
  connectionDetail: (id) => ({
    ...bareConnection(id),
    own_chain: [],
    peer_chain: [],
    events: [],
    messages: [bareMessage],
    call_ids: [],
    has_keys: false,
  }),
  call: bareCall,
  callDetail: (id) => ({ ...bareCall(id), flow: [bareMessage], legs: [], forgotten: 0 }),
  domains: [],
  audit: [],
  test: { sent: true, correlation_id: 'hepgate-test-1', ms: 2, problem: undefined },
}

/** The two events of a stream that carry all that `samples` have. */
export function streamSamples(samples: Samples, overview: Overview, status: TraceStatus): [Snapshot, Delta] {
  const [row, call] = [samples.connection('12'), samples.call('a84b4c76')]
  const board = { status, destinations: samples.status.destinations, audit: samples.audit }
  const snapshot = {
    at,
    overview: { ...overview, history: samples.history },
    connections: { rows: [row], total: 1 },
    calls: { rows: [call], total: 2, next: 'more' },
    trace: board,
  }
  const delta: Delta = {
    at: later,
    overview,
    samples: samples.history,
    connections: { rows: [row], counters: [['77', 1, 2, 3, 4]], removed: ['13'], total: 2 },
    calls: { rows: [call], removed: ['b'], total: 1 },
    trace: board,
  }
  return [snapshot, delta]
}
