/**
 * The one table of metrics: what is measured, in which unit, by which labels. `GET /metrics`, OTLP and
 * docs/metrics.md (generated) are made from it. It measures nothing itself.
 *
 * Names and labels follow the semantic conventions of OpenTelemetry where there is one (`tls.*`, `network.*`,
 * `error.*`, `process.*`, `nodejs.*`, `v8js.*`); ours begin with `hepgate.`. Prometheus sees them as its
 * compatibility specification says: `hepgate.tls.handshake.duration` in s is `hepgate_tls_handshake_duration_seconds`.
 */

/** counter: since start, only up. updown: a sum that goes both ways. gauge: what is now. histogram: how often how much. */
export type InstrumentKind = 'counter' | 'updown' | 'gauge' | 'histogram'

export interface Instrument {
  readonly name: string
  readonly kind: InstrumentKind
  /** UCUM: `s`, `By`, `1` for a ratio, what is counted in braces (`{connection}`), empty for what is only 0 or 1 */
  readonly unit: string
  /** a sentence for a person */
  readonly help: string
  readonly labels: readonly Label[]
  /** upper bounds of the buckets, for histograms */
  readonly buckets?: readonly number[]
}

/** Every label there is, with what its values are. All of them are bounded: by a table, the configuration or a cap. */
export const labels = {
  direction: '`in`: they connected to us, `out`: we connected to them',
  side: '`edge`: phones, trunks, the internet. `core`: our own servers',
  transport: '`tls`, `tcp` or `udp`',
  domain: 'name of the TLS domain, empty without one',
  role: 'what the domain is for: `server` or `client`; of an upstream: `upstream` or `trunk`',
  result: '`success` or `failure`',
  'error.type': 'cause, as in docs/causes.md; empty on success',
  closed_by: '`peer`, `local`, `timeout` or `error`',
  'tls.protocol.version': '`1.3`, `1.2`, `1.1`, `1.0`, `ssl3` or `other`; empty where none was agreed on',
  'tls.cipher': "OpenSSL's name of the cipher; empty where none was agreed on",
  'tls.resumed': '`true` or `false`; empty where there was no handshake to tell',
  'network.io.direction': '`receive` or `transmit`',
  'sip.request.method': 'method of a request, `other` for one that is not registered; empty for responses',
  'sip.response.status_class': '`1xx` to `6xx`, `other` for a status that has none of these; empty for requests',
  'sip.response.status_code': 'status code of a final response; one that IANA does not know by its class: `4xx`',
  type: 'kind of message: `request` or `response`; of a HEP packet: `sip`, `log`, …; of what the process holds: as Node.js names it',
  reason: 'why, a short code',
  upstream: 'URI of the upstream or trunk, as configured',
  destination: 'name of the hep_id',
  address: 'where it goes: `tcp:10.0.0.2:9060`',
  listener: 'socket, as configured',
  version: 'of hepgate',
  'process.runtime.version': 'of Node.js',
  'cpu.mode': '`user` or `system`',
  'v8js.gc.type': '`minor`, `major`, `incremental` or `weakcb`',
} as const satisfies Readonly<Record<string, string>>

export type Label = keyof typeof labels

/** From 1 ms to 10 s: handshakes and connects, over networks near and far. */
const networkSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** From 25 µs to 10 s: what passes at once, and what had to wait for a connection. */
const passageSeconds = [0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1, 1, 10]
/** From a second to a day. */
const lifeSeconds = [1, 10, 60, 600, 3600, 21_600, 86_400]
/** From 0.1 ms to 1 s. */
const pauseSeconds = [0.0001, 0.001, 0.01, 0.1, 1]

type Group = Readonly<Record<string, Instrument>>

const connections = {
  connectionsActive: {
    name: 'hepgate.connections.active',
    kind: 'updown',
    unit: '{connection}',
    help: 'Connections that are open now: their handshake is over, or they need none. Over UDP: peers heard of lately.',
    labels: ['direction', 'side', 'transport', 'domain'],
  },
  connectionsHandshaking: {
    name: 'hepgate.connections.handshaking',
    kind: 'updown',
    unit: '{connection}',
    help: 'Connections that are being accepted or opened.',
    labels: [],
  },
  connectionsLimit: {
    name: 'hepgate.connections.limit',
    kind: 'gauge',
    unit: '{connection}',
    help: 'How many accepted connections there may be, those in their handshake among them (limits.max_connections); one more is refused.',
    labels: [],
  },
  connectionsOpened: {
    name: 'hepgate.connections.opened',
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections that were opened and could carry SIP.',
    labels: ['direction', 'side', 'transport', 'domain'],
  },
  connectionsClosed: {
    name: 'hepgate.connections.closed',
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections that ended after they had been open, by cause. Those that never were are among those refused, handshakes and connects.',
    labels: ['direction', 'side', 'transport', 'domain', 'error.type', 'closed_by'],
  },
  connectionsRefused: {
    name: 'hepgate.connections.refused',
    kind: 'counter',
    unit: '{connection}',
    help: 'Connections that peers made and that never could carry SIP, unless it was for a TLS handshake, which is under handshakes: a limit was reached, the PROXY protocol header was missing or broken, or, over TCP, anything else.',
    labels: ['side', 'transport', 'error.type'],
  },
  connectionDuration: {
    name: 'hepgate.connection.duration',
    kind: 'histogram',
    unit: 's',
    help: 'How long connections were open.',
    labels: ['direction', 'side', 'transport'],
    buckets: lifeSeconds,
  },
  connectionErrors: {
    name: 'hepgate.connection.errors',
    kind: 'counter',
    unit: '{error}',
    help: 'What went wrong on connections (ERROR events), by cause.',
    labels: ['direction', 'side', 'transport', 'error.type'],
  },
  framingErrors: {
    name: 'hepgate.sip.framing.errors',
    kind: 'counter',
    unit: '{error}',
    help: 'Connections that were broken because no SIP message could be found in what came, or none that may be so long.',
    labels: ['side', 'transport', 'error.type'],
  },
  connects: {
    name: 'hepgate.connects',
    kind: 'counter',
    unit: '{connect}',
    help: 'Attempts of ours to connect over TCP or TLS, the handshake included, by how they ended.',
    labels: ['side', 'transport', 'result', 'error.type'],
  },
  connectDuration: {
    name: 'hepgate.connect.duration',
    kind: 'histogram',
    unit: 's',
    help: 'How long the TCP connect took, where it succeeded.',
    labels: ['side', 'transport'],
    buckets: networkSeconds,
  },
} as const satisfies Group

const tls = {
  handshakes: {
    name: 'hepgate.tls.handshakes',
    kind: 'counter',
    unit: '{handshake}',
    help: 'TLS handshakes that ended, accepted or initiated, and how.',
    labels: [
      'direction',
      'side',
      'domain',
      'result',
      'error.type',
      'tls.protocol.version',
      'tls.cipher',
      'tls.resumed',
    ],
  },
  handshakeDuration: {
    name: 'hepgate.tls.handshake.duration',
    kind: 'histogram',
    unit: 's',
    help: 'From the accept, or the end of the TCP connect, to the end of the handshake.',
    labels: ['direction', 'side', 'result'],
    buckets: networkSeconds,
  },
  weakClients: {
    name: 'hepgate.tls.weak_clients',
    kind: 'counter',
    unit: '{handshake}',
    help: 'Handshakes of clients at the edge that know nothing better than this version, which is below 1.2 and forbidden (RFC 8996); accepted or not.',
    labels: ['domain', 'tls.protocol.version'],
  },
  certificateExpiry: {
    name: 'hepgate.tls.certificate.expiry',
    kind: 'gauge',
    unit: 's',
    help: 'Until the certificate of a TLS domain ends; of several, the one that ends first. Negative: it has ended.',
    labels: ['domain', 'role'],
  },
} as const satisfies Group

const sip = {
  messages: {
    name: 'hepgate.sip.messages',
    kind: 'counter',
    unit: '{message}',
    help: 'SIP messages received, and given to the connection they leave by; our own among them.',
    labels: ['network.io.direction', 'side', 'transport', 'sip.request.method', 'sip.response.status_class'],
  },
  messageBytes: {
    name: 'hepgate.sip.io',
    kind: 'counter',
    unit: 'By',
    help: 'Bytes of these messages.',
    labels: ['network.io.direction', 'side', 'transport', 'sip.request.method', 'sip.response.status_class'],
  },
  relayDuration: {
    name: 'hepgate.sip.relay.duration',
    kind: 'histogram',
    unit: 's',
    help: 'From the read that brought a message to the moment it was given to the connection it leaves by (`side` is of that one); the wait for that connection included. Of what one read in seven brought.',
    labels: ['side', 'type'],
    buckets: passageSeconds,
  },
  relayed: {
    name: 'hepgate.sip.relayed',
    kind: 'counter',
    unit: '{message}',
    help: 'SIP messages written to an established connection or association, our own among them.',
    labels: [],
  },
  postponed: {
    name: 'hepgate.sip.postponed',
    kind: 'counter',
    unit: '{message}',
    help: 'Times a SIP message had to wait for a connection that was not there yet, our own among them; one that is tried on several waits for each.',
    labels: [],
  },
  lost: {
    name: 'hepgate.sip.lost',
    kind: 'counter',
    unit: '{message}',
    help: 'SIP messages that were not delivered: of a peer, those that we then answered 408 or 503 among them, and our own.',
    labels: ['error.type'],
  },
  answered: {
    name: 'hepgate.sip.answered',
    kind: 'counter',
    unit: '{response}',
    help: 'Our own answers to requests (edge mode).',
    labels: ['sip.response.status_code'],
  },
  registrations: {
    name: 'hepgate.sip.registrations',
    kind: 'counter',
    unit: '{response}',
    help: "Final answers to REGISTER that the edge was given (edge mode): the registrar's, and our own, which are under hepgate.sip.answered too. 401 and 407 ask for a password, as most registrations begin.",
    labels: ['sip.response.status_code'],
  },
  requestsDropped: {
    name: 'hepgate.sip.requests.dropped',
    kind: 'counter',
    unit: '{request}',
    help: 'Requests that get no answer (ACK) and went nowhere (edge mode).',
    labels: ['reason'],
  },
  responsesDropped: {
    name: 'hepgate.sip.responses.dropped',
    kind: 'counter',
    unit: '{response}',
    help: 'Responses that went nowhere (edge mode).',
    labels: ['reason'],
  },
  keepalives: {
    name: 'hepgate.sip.keepalives',
    kind: 'counter',
    unit: '{keepalive}',
    help: 'Keep-alives of peers that we answered (RFC 5626 section 4.4.1).',
    labels: [],
  },
  largeDatagrams: {
    name: 'hepgate.sip.datagrams.large',
    kind: 'counter',
    unit: '{message}',
    help: 'Messages over UDP larger than a packet is sure to carry (RFC 3261 section 18.1.1).',
    labels: [],
  },
  badDatagrams: {
    name: 'hepgate.sip.datagrams.unused',
    kind: 'counter',
    unit: '{datagram}',
    help: 'Datagrams without SIP: keep-alives, those that held something else, and those the system would not send.',
    labels: ['listener', 'reason'],
  },
  registrationsWithoutPath: {
    name: 'hepgate.sip.registrations.without_path',
    kind: 'counter',
    unit: '{response}',
    help: 'REGISTER that the registrar accepted without our Path (RFC 3327): those phones cannot be called.',
    labels: [],
  },
} as const satisfies Group

const upstreams = {
  upstreamUp: {
    name: 'hepgate.upstream.up',
    kind: 'gauge',
    unit: '',
    help: '0: the last connect failed, or as many probes in a row as relay.options_threshold says; nothing is sent there while another is up. 1: neither, or nothing was tried yet.',
    labels: ['upstream', 'role'],
  },
  upstreamConnections: {
    name: 'hepgate.upstream.connections',
    kind: 'updown',
    unit: '{connection}',
    help: 'Connections to it that are open now.',
    labels: ['upstream', 'role'],
  },
  upstreamProbes: {
    name: 'hepgate.upstream.probes',
    kind: 'counter',
    unit: '{request}',
    help: 'OPTIONS of ours that ended, by how.',
    labels: ['upstream', 'role', 'result'],
  },
  upstreamProbeDuration: {
    name: 'hepgate.upstream.probe.duration',
    kind: 'gauge',
    unit: 's',
    help: 'How long the last OPTIONS that was answered took.',
    labels: ['upstream', 'role'],
  },
} as const satisfies Group

const tracing = {
  traceEnabled: {
    name: 'hepgate.trace.enabled',
    kind: 'gauge',
    unit: '',
    help: 'The trace switch: 1 on, 0 off.',
    labels: [],
  },
  traceRemaining: {
    name: 'hepgate.trace.remaining',
    kind: 'gauge',
    unit: 's',
    help: 'Until tracing switches itself off. Not there: it is off, or on without an end.',
    labels: [],
  },
  traceConnections: {
    name: 'hepgate.trace.connections',
    kind: 'updown',
    unit: '{connection}',
    help: 'Connections that are being traced.',
    labels: [],
  },
  traceFilterFailures: {
    name: 'hepgate.trace.filter.failures',
    kind: 'counter',
    unit: '{failure}',
    help: 'Times the trace filter failed or took too long; the connection was traced.',
    labels: [],
  },
  traceLost: {
    name: 'hepgate.trace.lost',
    kind: 'counter',
    unit: '{message}',
    help: 'Traces lost before they came to a destination.',
    labels: ['reason'],
  },
  keylogLines: {
    name: 'hepgate.trace.keylog.lines',
    kind: 'counter',
    unit: '{line}',
    help: 'Lines for the key-log file: written (success), or lost (failure).',
    labels: ['result'],
  },
} as const satisfies Group

const destinations = {
  hepConnected: {
    name: 'hepgate.hep.connected',
    kind: 'gauge',
    unit: '',
    help: 'Whether the HEP destination is connected (over UDP: whether sending works).',
    labels: ['destination', 'address'],
  },
  hepPaused: {
    name: 'hepgate.hep.paused',
    kind: 'gauge',
    unit: '',
    help: 'Whether an operator has paused the HEP destination.',
    labels: ['destination'],
  },
  hepQueuePackets: {
    name: 'hepgate.hep.queue.packets',
    kind: 'updown',
    unit: '{packet}',
    help: 'HEP packets that wait to be sent.',
    labels: ['destination'],
  },
  hepQueueBytes: {
    name: 'hepgate.hep.queue.size',
    kind: 'updown',
    unit: 'By',
    help: 'Their bytes.',
    labels: ['destination'],
  },
  hepSent: {
    name: 'hepgate.hep.sent.packets',
    kind: 'counter',
    unit: '{packet}',
    help: 'HEP packets handed to the network, by their protocol type.',
    labels: ['destination', 'type'],
  },
  hepSentBytes: {
    name: 'hepgate.hep.sent.io',
    kind: 'counter',
    unit: 'By',
    help: 'Their bytes.',
    labels: ['destination'],
  },
  hepDropped: {
    name: 'hepgate.hep.dropped',
    kind: 'counter',
    unit: '{packet}',
    help: 'HEP packets that were never sent.',
    labels: ['destination', 'reason'],
  },
  hepTruncated: {
    name: 'hepgate.hep.truncated',
    kind: 'counter',
    unit: '{packet}',
    help: 'HEP packets sent with a shortened payload.',
    labels: ['destination'],
  },
  hepReconnects: {
    name: 'hepgate.hep.reconnects',
    kind: 'counter',
    unit: '{connect}',
    help: 'Times a connection to the collector was made again.',
    labels: ['destination'],
  },
} as const satisfies Group

const collector = {
  collectorPackets: {
    name: 'hepgate.collector.packets',
    kind: 'counter',
    unit: '{packet}',
    help: 'HEP packets that the embedded collector received, by their protocol type.',
    labels: ['type'],
  },
  collectorMalformed: {
    name: 'hepgate.collector.malformed',
    kind: 'counter',
    unit: '{packet}',
    help: 'What came to the embedded collector and could not be read.',
    labels: ['reason'],
  },
} as const satisfies Group

const gateway = {
  info: {
    name: 'hepgate.info',
    kind: 'gauge',
    unit: '',
    help: 'Always 1: which version runs.',
    labels: ['version', 'process.runtime.version'],
  },
  ready: {
    name: 'hepgate.ready',
    kind: 'gauge',
    unit: '',
    help: 'What /readyz says: 1 ready, 0 not.',
    labels: [],
  },
  reloadOk: {
    name: 'hepgate.reload.ok',
    kind: 'gauge',
    unit: '',
    help: 'Whether the last reload took effect. Not there: there was none.',
    labels: [],
  },
  reloadTime: {
    name: 'hepgate.reload.time',
    kind: 'gauge',
    unit: 's',
    help: 'When the last reload was, Unix time. Not there: there was none.',
    labels: [],
  },
  tokensRefused: {
    name: 'hepgate.api.tokens.refused',
    kind: 'counter',
    unit: '{request}',
    help: 'Requests to the API with a token that is none of ours.',
    labels: [],
  },
  logRepeats: {
    name: 'hepgate.log.repeats',
    kind: 'counter',
    unit: '{line}',
    help: 'Log lines that were not written because too many were alike.',
    labels: [],
  },
  observerFailures: {
    name: 'hepgate.telemetry.failures',
    kind: 'counter',
    unit: '{failure}',
    help: 'Times an observer of ours failed on an event: a bug, which costs that measurement and nothing else.',
    labels: [],
  },
  spansDropped: {
    name: 'hepgate.telemetry.spans.dropped',
    kind: 'counter',
    unit: '{span}',
    help: 'Spans of SIP requests that were not begun because too many were under way. Not among them: what the exporter could not hold or send.',
    labels: [],
  },
} as const satisfies Group

const runtime = {
  cpuTime: {
    name: 'process.cpu.time',
    kind: 'counter',
    unit: 's',
    help: 'CPU time of the process.',
    labels: ['cpu.mode'],
  },
  memoryUsage: {
    name: 'process.memory.usage',
    kind: 'updown',
    unit: 'By',
    help: 'Resident memory of the process.',
    labels: [],
  },
  uptime: {
    name: 'process.uptime',
    kind: 'gauge',
    unit: 's',
    help: 'Since the process started.',
    labels: [],
  },
  fileDescriptors: {
    name: 'hepgate.process.file_descriptors',
    kind: 'updown',
    unit: '{file_descriptor}',
    help: 'File descriptors in use. Not there: the system does not tell.',
    labels: [],
  },
  handles: {
    name: 'hepgate.process.handles',
    kind: 'updown',
    unit: '{handle}',
    help: 'What keeps the process alive: sockets, timers, requests under way. Not there: there are so many that counting them would hold calls up.',
    labels: ['type'],
  },
  heapUsed: {
    name: 'v8js.memory.heap.used',
    kind: 'updown',
    unit: 'By',
    help: 'Heap in use.',
    labels: [],
  },
  heapLimit: {
    name: 'v8js.memory.heap.limit',
    kind: 'updown',
    unit: 'By',
    help: 'What the heap may grow to.',
    labels: [],
  },
  externalMemory: {
    name: 'hepgate.process.memory.external',
    kind: 'updown',
    unit: 'By',
    help: 'Memory of buffers outside of the heap.',
    labels: [],
  },
  gcDuration: {
    name: 'v8js.gc.duration',
    kind: 'histogram',
    unit: 's',
    help: 'Garbage collections.',
    labels: ['v8js.gc.type'],
    buckets: pauseSeconds,
  },
  eventLoopUtilization: {
    name: 'nodejs.eventloop.utilization',
    kind: 'gauge',
    unit: '1',
    help: 'Share of the last 10 to 20 seconds in which the event loop was busy.',
    labels: [],
  },
  eventLoopDelayMean: {
    name: 'nodejs.eventloop.delay.mean',
    kind: 'gauge',
    unit: 's',
    help: 'How late timers were in the last 10 to 20 seconds, mean.',
    labels: [],
  },
  eventLoopDelayP50: {
    name: 'nodejs.eventloop.delay.p50',
    kind: 'gauge',
    unit: 's',
    help: 'The same, median.',
    labels: [],
  },
  eventLoopDelayP99: {
    name: 'nodejs.eventloop.delay.p99',
    kind: 'gauge',
    unit: 's',
    help: 'The same, 99th percentile.',
    labels: [],
  },
  eventLoopDelayMax: {
    name: 'nodejs.eventloop.delay.max',
    kind: 'gauge',
    unit: 's',
    help: 'The same, the longest.',
    labels: [],
  },
} as const satisfies Group

/** By what they are about, in the order of the page. */
export const instrumentGroups = {
  Connections: connections,
  TLS: tls,
  SIP: sip,
  'Upstreams and trunks': upstreams,
  Tracing: tracing,
  'HEP destinations': destinations,
  'Embedded collector': collector,
  'The gateway itself': gateway,
  'The process': runtime,
} as const satisfies Readonly<Record<string, Group>>

export const instruments = {
  ...connections,
  ...tls,
  ...sip,
  ...upstreams,
  ...tracing,
  ...destinations,
  ...collector,
  ...gateway,
  ...runtime,
} as const

export type InstrumentKey = keyof typeof instruments
