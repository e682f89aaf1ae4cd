/** How the gateway is: everything counted, alive, ready, and what a reload said. */
import Type from 'typebox'
import { counts, named, time } from './schema.js'
import { TraceStatus } from './trace.js'

export const Health = named('Health', Type.Object({ status: Type.Literal('alive') }))

export const Ready = named('Ready', Type.Object({ ready: Type.Literal(true) }))

export const ReloadResult = named(
  'ReloadResult',
  Type.Object({
    ok: Type.Literal(true),
    notes: Type.Array(Type.String({ description: 'what changed in the file but waits for the next start' })),
  }),
)

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
      limit: Type.Integer({
        description: 'limits.max_connections: of accepted connections, those in their handshake among them',
      }),
      inHandshake: Type.Integer(),
      acceptedTotal: Type.Integer(),
      connectedTotal: Type.Integer(),
      closedTotal: Type.Integer(),
      failures: counts('by cause'),
    }),
    messages: Type.Object({
      relayed: Type.Integer(),
      postponed: Type.Integer({ description: 'had to wait for a connection that was not there yet' }),
      lost: counts("a peer's or our own, not delivered, by cause; those that we then answered 408 or 503 among them"),
      pings: Type.Integer(),
    }),
    edge: Type.Optional(
      Type.Object(
        {
          answered: counts('our own answers to requests, by status code'),
          registrations: counts(
            'final answers to REGISTER that the edge was given, ours among them, by status code; one unknown to IANA by its class: 4xx',
          ),
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
    destinations: Type.Array(Type.Ref('Destination#')),
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
    api: Type.Optional(
      Type.Object(
        { refusedTokens: Type.Integer({ description: 'requests with a token that is none of ours, since start' }) },
        { description: 'the HTTP API; absent: there is none' },
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

export const statusSchemas = [Health, Ready, ReloadResult, Status] as const
