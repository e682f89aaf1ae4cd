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
        connections: Type.Integer(),
      }),
    ),
    upstreams: Type.Array(
      Type.Object({
        uri: Type.String(),
        state: Type.Enum(['unknown', 'up', 'down'], { description: 'what the last connect said' }),
        lastError: Type.Optional(Type.String()),
        connections: Type.Integer(),
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
    trace: Type.Ref('TraceStatus#'),
    destinations: Type.Array(Destination),
    collector: Type.Optional(
      Type.Object({ listen: Type.Array(Type.String()), packets: Type.Integer(), malformed: Type.Integer() }),
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
  Health,
  Ready,
  ReloadResult,
  Status,
  MiRequest,
  MiResponse,
] as const

/** The `response` of a route: its good answer, and a problem document for everything else. */
export function answer(status: number, body: (typeof sharedSchemas)[number] | undefined, description: string) {
  return {
    [status]:
      body === undefined
        ? { description, type: 'null' }
        : { description, content: { 'application/json': { schema: refTo(body) } } },
    default: { description: 'a problem document', content: { [problemType]: { schema: refTo(Problem) } } },
  }
}

export function refTo(schema: (typeof sharedSchemas)[number]) {
  return { $ref: `${schema.$id}#` }
}
