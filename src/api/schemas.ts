/**
 * The bodies of the API, each written once: validation, serialization and the OpenAPI document all
 * use these. What a schema of an answer does not name never leaves the gateway.
 */
import Type from 'typebox'
import { problemType } from './errors.js'

/** A schema that others and the OpenAPI document refer to by name. */
function named<T extends Type.TSchema>($id: string, schema: T): T & { readonly $id: string } {
  return Object.assign(schema, { $id })
}

const closed = { additionalProperties: false } as const
const counts = (description: string) => Type.Record(Type.String(), Type.Integer(), { description })
const time = (description: string) => Type.String({ format: 'date-time', description })

export const Problem = named(
  'Problem',
  Type.Object(
    {
      type: Type.String({ examples: ['about:blank'] }),
      title: Type.String(),
      status: Type.Integer(),
      detail: Type.String(),
      instance: Type.Optional(Type.String({ description: 'the path that was asked for' })),
      errors: Type.Optional(
        Type.Array(
          Type.Object({
            pointer: Type.Optional(Type.String({ description: 'JSON pointer into the body' })),
            line: Type.Optional(Type.Integer({ description: 'line of a route text, from 1' })),
            column: Type.Optional(Type.Integer()),
            detail: Type.String(),
          }),
        ),
      ),
    },
    { description: 'RFC 9457' },
  ),
)

export const TraceMode = Type.Enum(['on', 'off'])

export const TraceRequestBody = named(
  'TraceRequest',
  Type.Object(
    {
      trace_mode: TraceMode,
      for: Type.Optional(
        Type.String({ description: 'on for this long, then off by itself: 90s, 10m, 1h30m', examples: ['10m'] }),
      ),
      existing: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'take connections that are already open into the trace, by the filter',
        }),
      ),
    },
    closed,
  ),
)

export const TraceStatus = named(
  'TraceStatus',
  Type.Object({
    trace_mode: TraceMode,
    until: Type.Optional(time('when tracing will end by itself')),
    secondsLeft: Type.Optional(Type.Number()),
    destination: Type.Array(Type.String({ description: 'HEP id' })),
    filter: Type.Optional(Type.String({ description: 'name of the filter; absent: every connection is traced' })),
    filterSource: Type.Optional(Type.Enum(['config', 'api'])),
    tracedConnections: Type.Integer({ description: 'connections being traced now' }),
    filterFailures: Type.Integer({ description: 'times the filter failed; such connections are traced' }),
  }),
)

export const FilterBody = named(
  'Filter',
  Type.Object(
    {
      route: Type.String({
        description: 'the text of a filter route',
        examples: ['if ($si == "203.0.113.9") exit; else drop;'],
      }),
    },
    closed,
  ),
)

export const FilterMatches = named(
  'FilterMatches',
  Type.Object({
    matches: Type.Array(
      Type.Object({
        conn_id: Type.String(),
        peer: Type.String(),
        tls_sni: Type.Optional(Type.String()),
        traced: Type.Boolean({ description: 'what the route says of this connection' }),
      }),
      { description: 'the live connections' },
    ),
  }),
)

const Certificate = named(
  'Certificate',
  Type.Object({
    subject: Type.String({ examples: ['/C=DE/O=Example/CN=sip.example.com'] }),
    issuer: Type.String(),
    serial: Type.String(),
    san: Type.String(),
    not_before: time('not valid before'),
    not_after: time('not valid after'),
    sha256: Type.String({ description: 'fingerprint of the DER form' }),
  }),
)

/** Named as in the events of the connection, so that one vocabulary serves both. */
export const Connection = named(
  'Connection',
  Type.Object({
    conn_id: Type.String({ description: '64-bit number in decimal' }),
    direction: Type.Enum(['in', 'out']),
    transport: Type.Enum(['tls', 'tcp', 'udp']),
    side: Type.Enum(['edge', 'core']),
    local: Type.String({ examples: ['192.0.2.1:5061'] }),
    peer: Type.String({ examples: ['203.0.113.9:50412'] }),
    proxied_by: Type.Optional(Type.String({ description: 'the load balancer in front' })),
    opened_at: time('accepted or begun to connect'),
    domain: Type.Optional(Type.String({ description: 'TLS domain (tls_mgm)' })),
    tls_version: Type.Optional(Type.String()),
    tls_cipher: Type.Optional(Type.String()),
    tls_sni: Type.Optional(Type.String()),
    tls_alpn: Type.Optional(Type.String()),
    tls_resumed: Type.Optional(Type.Boolean()),
    tls_group: Type.Optional(Type.String()),
    ja4: Type.Optional(Type.String()),
    verify: Type.Optional(Type.String()),
    own_certificate: Type.Optional(Type.Ref('Certificate#')),
    peer_certificate: Type.Optional(Type.Ref('Certificate#')),
    peer_identities: Type.Array(Type.String(), {
      description: 'SIP domains its verified certificate names (RFC 5922 §7.1)',
    }),
    trusted: Type.Optional(
      Type.Boolean({ description: 'our own side, or its verified certificate names one of trust.domains' }),
    ),
    connect_ms: Type.Optional(Type.Number()),
    handshake_ms: Type.Optional(Type.Number()),
    bytes_in: Type.Integer(),
    bytes_out: Type.Integer(),
    msgs_in: Type.Integer(),
    msgs_out: Type.Integer(),
    relayed_to: Type.Optional(Type.String({ description: 'conn_id of the other leg' })),
  }),
)

export const Connections = named('Connections', Type.Object({ connections: Type.Array(Type.Ref('Connection#')) }))

export const CollectedQueryString = named(
  'CollectedQuery',
  Type.Object(
    {
      limit: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'at most so many: the newest' }),
      ),
      type: Type.Optional(
        Type.String({ description: 'HEP protocol type, by name (sip, log, net, …) or number', examples: ['sip'] }),
      ),
      correlation_id: Type.Optional(Type.String({ description: 'Call-ID of a call, or conn_id of a connection' })),
      format: Type.Optional(
        Type.Enum(['text', 'json'], { description: 'instead of Accept, which wants text unless it says JSON' }),
      ),
    },
    closed,
  ),
)

/** As the collector writes it (packetJson in src/collector/text.ts): for the document only. */
export const CollectedPackets = named(
  'CollectedPackets',
  Type.Array(
    Type.Object({
      time: time('of the event or message, with µs'),
      type: Type.Integer({ description: 'HEP protocol type' }),
      type_name: Type.String({ examples: ['sip', 'log', 'net'] }),
      protocol: Type.String({ examples: ['tls', 'tcp', 'udp'] }),
      source: Type.String({ examples: ['203.0.113.9:50412'] }),
      destination: Type.String({ examples: ['192.0.2.1:5061'] }),
      correlation_id: Type.Optional(Type.String({ description: 'Call-ID, or conn_id' })),
      node: Type.Optional(Type.String({ description: 'name of the capture agent' })),
      capture_id: Type.Integer({ description: 'id of the capture agent' }),
      extra_correlation: Type.Optional(Type.String({ examples: ['{"net":"318027461591040"}'] })),
      payload: Type.Optional(Type.String({ description: 'SIP, or whatever is no event' })),
      text: Type.Optional(Type.String({ description: 'the line for a person above an event' })),
      event: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'see docs/events.md' })),
    }),
    { description: 'newest last, one packet per line' },
  ),
)

export const Health = named('Health', Type.Object({ status: Type.Literal('alive') }))

export const Ready = named('Ready', Type.Object({ ready: Type.Literal(true) }))

export const ReloadResult = named(
  'ReloadResult',
  Type.Object({
    ok: Type.Literal(true),
    notes: Type.Array(Type.String({ description: 'what changed in the file but waits for the next start' })),
  }),
)

const Destination = Type.Object({
  id: Type.String(),
  address: Type.String({ examples: ['udp:10.0.0.2:9060'] }),
  transport: Type.Enum(['udp', 'tcp', 'tls']),
  state: Type.Enum(['connected', 'connecting', 'waiting', 'closed']),
  queuedPackets: Type.Integer({ description: 'in the queue now' }),
  queuedBytes: Type.Integer(),
  sentPackets: Type.Integer({ description: 'handed to the network since start' }),
  sentBytes: Type.Integer(),
  dropped: counts('never sent, by reason'),
  truncated: Type.Integer({ description: 'sent with a shortened payload' }),
  reconnects: Type.Integer(),
  lastError: Type.Optional(Type.String()),
  lastErrorAt: Type.Optional(time('when that was')),
})

export const Status = named(
  'Status',
  Type.Object({
    version: Type.String(),
    node: Type.String(),
    pid: Type.Integer(),
    startedAt: time('of this process'),
    uptimeSeconds: Type.Number(),
    state: Type.Enum(['starting', 'running', 'draining', 'stopped']),
    listeners: Type.Array(
      Type.Object({
        socket: Type.String({ examples: ['tls:0.0.0.0:5061'] }),
        advertised: Type.Optional(Type.String()),
        connections: Type.Integer({ description: 'over UDP: peers heard of or written to lately' }),
        datagrams: Type.Optional(
          Type.Object(
            { keepalives: Type.Integer(), notSip: Type.Integer(), errors: Type.Integer() },
            { description: 'UDP: datagrams that held nothing or no SIP, and those the system would not send' },
          ),
        ),
      }),
    ),
    upstreams: Type.Array(
      Type.Object({
        uri: Type.String(),
        role: Type.Enum(['upstream', 'trunk'], {
          description: 'a server behind the gateway, or a peer at the edge that is kept connected',
        }),
        state: Type.Enum(['unknown', 'up', 'down'], {
          description: 'what the last connect or probe said; down: nothing is sent there while another is up',
        }),
        priority: Type.Integer(),
        weight: Type.Integer(),
        lastError: Type.Optional(Type.String()),
        connections: Type.Integer(),
        probes: Type.Optional(
          Type.Object(
            {
              sent: Type.Integer(),
              failed: Type.Integer(),
              lastMs: Type.Optional(Type.Number({ description: 'from the last OPTIONS to its answer' })),
            },
            { description: 'OPTIONS since start; absent: none are sent' },
          ),
        ),
      }),
    ),
    domains: Type.Array(
      Type.Object({
        name: Type.String(),
        role: Type.Enum(['server', 'client']),
        certificates: Type.Array(
          Type.Object({
            subject: Type.String(),
            notAfter: time('not valid after'),
            daysLeft: Type.Number(),
            sha256: Type.String(),
          }),
        ),
      }),
    ),
    connections: Type.Object({
      open: Type.Integer(),
      inHandshake: Type.Integer(),
      acceptedTotal: Type.Integer(),
      connectedTotal: Type.Integer(),
      closedTotal: Type.Integer(),
      failures: counts('by cause'),
    }),
    messages: Type.Object({
      relayed: Type.Integer(),
      lost: counts('taken from a peer and not delivered, by cause'),
      pings: Type.Integer(),
    }),
    edge: Type.Optional(
      Type.Object(
        {
          answered: counts('our own answers to requests, by status code'),
          responsesDropped: counts('responses that went nowhere, by reason: malformed, not-ours, flow-gone'),
          requestsDropped: counts('ACKs that went nowhere, by reason: malformed, refused, not-routable, flow-gone'),
          largeDatagrams: Type.Integer({ description: 'sent over UDP and larger than 1300 bytes (RFC 3261 §18.1.1)' }),
          registrationsWithoutPath: Type.Integer({
            description: 'REGISTER accepted by a registrar that does not support Path: those phones cannot be called',
          }),
        },
        { description: 'since start; absent: no socket is in edge mode' },
      ),
    ),
    trace: Type.Object({
      ...TraceStatus.properties,
      messagesWithoutCallId: Type.Integer({ description: 'of traced connections, not sent for want of a Call-ID' }),
      tracesLost: Type.Integer({ description: 'lost to an error of our own; the first is in the log' }),
      keylogFile: Type.Optional(
        Type.Object(
          { written: Type.Integer(), lost: Type.Integer() },
          { description: 'lines of trace.keylog_file; absent: there is none' },
        ),
      ),
    }),
    destinations: Type.Array(Destination),
    collector: Type.Optional(
      Type.Object(
        {
          listen: Type.Array(Type.String({ examples: ['udp:127.0.0.1:9060'] })),
          packets: Type.Integer({ description: 'received since start' }),
          bytes: Type.Integer(),
          packetsByType: counts('by name of the protocol type: sip, log, net, …'),
          malformed: Type.Integer(),
          malformedBy: Type.Object({
            datagram: Type.Integer({ description: 'not HEP' }),
            framing: Type.Integer({ description: 'streams that could not be followed any further' }),
            packet: Type.Integer({ description: 'framed on a stream, but unreadable' }),
          }),
          connections: Type.Integer({ description: 'streams open now' }),
          refusedConnections: Type.Integer(),
        },
        { description: 'the embedded HEP collector; absent: there is none' },
      ),
    ),
    reload: Type.Optional(
      Type.Object(
        { at: time('of the reload'), ok: Type.Boolean(), problems: Type.Array(Type.String()) },
        { description: 'the last reload; if it failed the configuration before it still runs' },
      ),
    ),
  }),
)

const RpcId = Type.Union([Type.String(), Type.Number(), Type.Null()])

const RpcRequest = Type.Object({
  jsonrpc: Type.Literal('2.0'),
  method: Type.Enum(['tls_trace', 'tls:trace', 'which']),
  params: Type.Optional(
    Type.Union([Type.Array(Type.Unknown()), Type.Record(Type.String(), Type.Unknown())], {
      examples: [{}, ['on'], { trace_mode: 'on' }],
    }),
  ),
  id: Type.Optional(RpcId),
})

const RpcResponse = Type.Object({
  jsonrpc: Type.Literal('2.0'),
  result: Type.Optional(Type.Unknown()),
  error: Type.Optional(
    Type.Object({ code: Type.Integer(), message: Type.String(), data: Type.Optional(Type.String()) }),
  ),
  id: RpcId,
})

/** JSON-RPC 2.0, for the document only: mi.ts reads and writes these itself, since their errors are not problem documents. */
export const MiRequest = named('MiRequest', Type.Union([RpcRequest, Type.Array(RpcRequest)]))
export const MiResponse = named('MiResponse', Type.Union([RpcResponse, Type.Array(RpcResponse)]))

/** Everything other schemas or the OpenAPI document refer to by name. */
export const sharedSchemas = [
  Problem,
  TraceRequestBody,
  TraceStatus,
  FilterBody,
  FilterMatches,
  Certificate,
  Connection,
  Connections,
  CollectedQueryString,
  CollectedPackets,
  Health,
  Ready,
  ReloadResult,
  Status,
  MiRequest,
  MiResponse,
] as const

/** The `response` of a route: its good answer, in other forms too if there are any, and a problem document for everything else. */
export function answer(
  status: number,
  body: (typeof sharedSchemas)[number] | undefined,
  description: string,
  otherForms: Readonly<Record<string, { readonly schema: object }>> = {},
) {
  return {
    [status]:
      body === undefined
        ? { description, type: 'null' }
        : { description, content: { ...otherForms, 'application/json': { schema: refTo(body) } } },
    default: { description: 'a problem document', content: { [problemType]: { schema: refTo(Problem) } } },
  }
}

export function refTo(schema: (typeof sharedSchemas)[number]) {
  return { $ref: `${schema.$id}#` }
}
