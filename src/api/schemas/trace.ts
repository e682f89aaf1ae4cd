/** Bodies of the trace switch, its scope, its filter and its destinations. */
import Type from 'typebox'
import { closed, counts, duration, named, time } from './schema.js'

export const TraceMode = Type.Enum(['on', 'off'])

const scopeText = (description: string, example: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 255, description, examples: [example] }))

const narrower = {
  sni: scopeText('SNI, * for any text', '*.example.com'),
  user: scopeText('user or address of record in From, To or Request-URI: only such messages', 'alice@example.com'),
  call_id: scopeText('only this call, and the connections it uses', 'a84b4c76e66710@pc33.example.com'),
}
const peerExample = ['203.0.113.0/24']

export const ScopeBody = named(
  'TraceScopeRequest',
  Type.Object(
    {
      peer: Type.Optional(
        Type.Union([
          Type.String({ minLength: 1 }),
          Type.Array(Type.String({ minLength: 1 }), {
            minItems: 1,
            maxItems: 64,
            description: 'addresses or networks, any of them',
            examples: [peerExample],
          }),
        ]),
      ),
      ...narrower,
    },
    {
      ...closed,
      minProperties: 1,
      description:
        'what the trace is narrowed to: all that is set has to hold. With user or call_id it holds no key material: that would open all messages of the connection',
    },
  ),
)

export const TraceRequestBody = named(
  'TraceRequest',
  Type.Object(
    {
      trace_mode: TraceMode,
      for: duration('on for this long, then off by itself: 90s, 10m, 1h30m'),
      existing: Type.Optional(
        Type.Boolean({
          description:
            'take connections that are already open into the trace, by the filter; default: false, but true with a scope by user or call_id, whose connections mostly are open',
        }),
      ),
      scope: Type.Optional(Type.Ref('TraceScopeRequest#')),
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
    scope: Type.Optional(
      Type.Object(
        { peer: Type.Optional(Type.Array(Type.String(), { examples: [peerExample] })), ...narrower },
        { description: 'absent: not narrowed' },
      ),
    ),
    picked: Type.Array(
      Type.Object({
        conn_id: Type.String(),
        until: Type.Optional(time('absent: until it is closed')),
      }),
      { description: 'connections traced on their own, whatever switch and filter say' },
    ),
    tracedConnections: Type.Integer({ description: 'connections being traced now' }),
    filterFailures: Type.Integer({ description: 'times the filter failed; such connections are traced' }),
  }),
)

const route = Type.String({
  description: 'the text of a filter route',
  examples: ['if ($si == "203.0.113.9") exit; else drop;'],
})

export const FilterBody = named('Filter', Type.Object({ route }, closed))

export const DryRunBody = named(
  'DryRunRequest',
  Type.Object(
    { route: Type.Optional(route), scope: Type.Optional(Type.Ref('TraceScopeRequest#')) },
    { ...closed, description: 'without a route: the filter that is there' },
  ),
)

export const FilterView = named(
  'FilterView',
  Type.Object({
    name: Type.Optional(Type.String({ description: 'absent: every connection is traced' })),
    source: Type.Optional(Type.Enum(['config', 'api'])),
    text: Type.Optional(Type.String({ description: 'absent: it is a module, or there is none' })),
  }),
)

export const FilterMatches = named(
  'FilterMatches',
  Type.Object({
    total: Type.Integer({ description: 'live connections' }),
    traced: Type.Integer({ description: 'those that would be traced' }),
    matches: Type.Array(
      Type.Object({
        conn_id: Type.String(),
        peer: Type.String(),
        tls_sni: Type.Optional(Type.String()),
        traced: Type.Boolean({ description: 'what filter and scope say of this connection' }),
        why: Type.String({ description: 'which statement decided, or which part of the scope' }),
      }),
      { description: 'the first ones, those that would be traced before the others' },
    ),
  }),
)

export const PickBody = named(
  'PickRequest',
  Type.Object(
    {
      for: duration('traced for this long; 10m unless given'),
      until_closed: Type.Optional(
        Type.Boolean({ default: false, description: 'instead of for: without an end, until the connection is closed' }),
      ),
    },
    closed,
  ),
)

export const Picked = named(
  'Picked',
  Type.Object({ traced: Type.Literal(true), until: Type.Optional(time('absent: until it is closed')) }),
)

export const Destination = named(
  'Destination',
  Type.Object({
    id: Type.String(),
    address: Type.String({ examples: ['udp:10.0.0.2:9060'] }),
    transport: Type.Enum(['udp', 'tcp', 'tls']),
    state: Type.Enum(['connected', 'connecting', 'waiting', 'closed']),
    paused: Type.Boolean({ description: 'by an operator: what comes meanwhile is dropped' }),
    queuedPackets: Type.Integer({ description: 'in the queue now' }),
    queuedBytes: Type.Integer(),
    sentPackets: Type.Integer({ description: 'handed to the network since start' }),
    sentBytes: Type.Integer(),
    sentByType: counts('of these packets, by name of the HEP protocol type: sip, log, net, …'),
    dropped: counts('never sent, by reason'),
    truncated: Type.Integer({ description: 'sent with a shortened payload' }),
    reconnects: Type.Integer(),
    lastError: Type.Optional(Type.String()),
    lastErrorAt: Type.Optional(time('when that was')),
  }),
)

export const Destinations = named(
  'Destinations',
  Type.Object({
    destinations: Type.Array(Type.Ref('Destination#'), {
      description: 'several with one id: failover among them, in this order',
    }),
  }),
)

export const DestinationTest = named(
  'DestinationTest',
  Type.Object({
    sent: Type.Boolean({ description: 'handed to the network; over UDP nobody says whether it arrived' }),
    correlation_id: Type.String({ description: 'of the probe: what to search for in the collector' }),
    ms: Type.Number(),
    problem: Type.Optional(Type.String({ description: 'why it was not sent' })),
  }),
)

export const AuditEntry = named(
  'AuditEntry',
  Type.Object({
    at: time('of the change'),
    by: Type.String({ examples: ['token on-call 192.0.2.7', 'SIGHUP'] }),
    action: Type.String({ examples: ['trace-on', 'connection-closed'] }),
    what: Type.String({ description: 'a sentence' }),
    until: Type.Optional(time('when it ends by itself')),
    ok: Type.Boolean(),
    times: Type.Optional(
      Type.Integer({ description: 'the same came so often within a minute, and at is the last time; absent: once' }),
    ),
  }),
)

export const Audit = named(
  'Audit',
  Type.Object({ audit: Type.Array(Type.Ref('AuditEntry#'), { description: 'newest first' }) }),
)

export const TraceBoard = named(
  'TraceBoard',
  Type.Object({
    status: Type.Ref('TraceStatus#'),
    destinations: Type.Array(Type.Ref('Destination#')),
    audit: Type.Array(Type.Ref('AuditEntry#'), { description: 'newest first, the latest 100' }),
  }),
)

export const traceSchemas = [
  ScopeBody,
  TraceRequestBody,
  TraceStatus,
  FilterBody,
  DryRunBody,
  FilterView,
  FilterMatches,
  PickBody,
  Picked,
  Destination,
  Destinations,
  DestinationTest,
  AuditEntry,
  Audit,
  TraceBoard,
] as const
