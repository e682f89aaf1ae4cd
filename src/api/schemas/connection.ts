/** Bodies about connections. Named as in the events of a connection, so that one vocabulary serves both. */
import Type from 'typebox'
import { connectionSorts, searchFields } from '../../base/live.js'
import { closed, named, page, paging, searchText, texts, time } from './schema.js'

export const Certificate = named(
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

export const Connection = named(
  'Connection',
  Type.Object({
    conn_id: Type.String({ description: '64-bit number in decimal' }),
    state: Type.Enum(['handshake', 'open', 'closed']),
    direction: Type.Enum(['in', 'out']),
    transport: Type.Enum(['tls', 'tcp', 'udp']),
    side: Type.Enum(['edge', 'core']),
    local: Type.String({ examples: ['192.0.2.1:5061'] }),
    peer: Type.String({ examples: ['203.0.113.9:50412'] }),
    proxied_by: Type.Optional(Type.String({ description: 'the load balancer in front' })),
    listener: Type.Optional(Type.String({ description: 'socket it came in by', examples: ['tls:0.0.0.0:5061'] })),
    opened_at: time('accepted or begun to connect'),
    domain: Type.Optional(Type.String({ description: 'TLS domain (tls_mgm)' })),
    tls_version: Type.Optional(Type.String()),
    tls_cipher: Type.Optional(Type.String()),
    tls_sni: Type.Optional(Type.String()),
    tls_alpn: Type.Optional(Type.String()),
    tls_resumed: Type.Optional(Type.Boolean()),
    tls_group: Type.Optional(Type.String()),
    ja4: Type.Optional(Type.String()),
    verify: Type.Optional(Type.String({ description: 'ok, none, or what is wrong with the certificate of the peer' })),
    own_certificate: Type.Optional(Type.Ref('Certificate#')),
    peer_certificate: Type.Optional(Type.Ref('Certificate#')),
    peer_identities: texts('SIP domains its verified certificate names (RFC 5922 §7.1)'),
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
    users: texts('addresses of record registered over it'),
    traced: Type.Boolean(),
    closed: Type.Optional(
      Type.Object(
        {
          at: time('of the end'),
          cause: Type.String({ examples: ['peer-closed'] }),
          by: Type.String({ examples: ['peer', 'local', 'timeout', 'error'] }),
          message: Type.String(),
          duration_ms: Type.Number(),
        },
        { description: 'only of a closed one' },
      ),
    ),
  }),
)

export const Connections = named(
  'Connections',
  Type.Object({ connections: Type.Array(Type.Ref('Connection#')), ...page }),
)

export const Message = named(
  'Message',
  Type.Object(
    {
      n: Type.Integer({ description: 'place in the store, growing' }),
      at: time('with µs'),
      micros: Type.Integer({ description: 'the same as Unix time in µs' }),
      kind: Type.Enum(['sip', 'event']),
      transport: Type.String(),
      source: Type.String(),
      destination: Type.String(),
      conn_id: Type.Optional(Type.String({ description: 'absent: of another capture agent' })),
      direction: Type.Optional(Type.Enum(['in', 'out'])),
      side: Type.Optional(Type.Enum(['edge', 'core'])),
      call_id: Type.Optional(Type.String()),
      bytes: Type.Integer(),
      summary: Type.String({ description: 'first line of the message, or the line of the event' }),
      method: Type.Optional(Type.String()),
      status: Type.Optional(Type.Integer()),
      cseq: Type.Optional(Type.String()),
      retransmission: Type.Boolean({ description: 'the same bytes went the same way before' }),
      agent: Type.Optional(Type.String({ description: 'capture agent that sent it; absent: this gateway' })),
      text: Type.Optional(Type.String({ description: 'of the message, where it was asked for' })),
      text_cut: Type.Optional(
        Type.Integer({ description: 'bytes that text does not show; without text, all of them. A capture has them' }),
      ),
    },
    { description: 'a traced SIP message, or an event in the flow of a call' },
  ),
)

export const ConnectionDetail = named(
  'ConnectionDetail',
  Type.Object({
    ...Connection.properties,
    own_chain: Type.Array(Type.Ref('Certificate#'), {
      description: 'leaf first; of a closed connection only the leaf',
    }),
    peer_chain: Type.Array(Type.Ref('Certificate#')),
    hello: Type.Optional(
      Type.Object(
        { versions: Type.Array(Type.String()), alpn: Type.Array(Type.String()), ja4: Type.String() },
        { description: 'what the ClientHello offered; accepted TLS connections' },
      ),
    ),
    verify_name: Type.Optional(Type.String({ description: 'RFC 5922 check of the name we meant to reach' })),
    queue: Type.Optional(
      Type.Object(
        { unsent_bytes: Type.Integer(), postponed_messages: Type.Integer(), stuck_ms: Type.Number() },
        { description: 'written and not yet taken by the peer; absent when closed' },
      ),
    ),
    events: Type.Array(
      Type.Object({
        at: time('of the event'),
        event: Type.String({ examples: ['ACCEPTED', 'CLOSED'] }),
        status: Type.Enum(['SUCCESS', 'FAILURE']),
        cause: Type.Optional(Type.String()),
        message: Type.String(),
      }),
      { description: 'what happened to it, traced or not, newest last' },
    ),
    messages: Type.Array(Type.Ref('Message#'), { description: 'traced and still kept, newest last, without text' }),
    call_ids: texts('of its traced messages, those heard of last'),
    has_keys: Type.Boolean({ description: 'its key log may be had with the scope secrets' }),
  }),
)

export const searchQueries = Object.fromEntries(
  searchFields.map(({ name, help, example }) => [
    name,
    Type.Optional(Type.String({ maxLength: 1000, description: help, examples: [example] })),
  ]),
)

export const ConnectionsQuery = named(
  'ConnectionsQuery',
  Type.Object(
    {
      search: searchText('terms `name:value`, `-name:value` and words: all have to hold', [
        'peer:203.0.113.0/24 alice',
      ]),
      ...searchQueries,
      sort: Type.Optional(Type.Enum([...connectionSorts], { default: 'opened_at' })),
      order: Type.Optional(Type.Enum(['asc', 'desc'], { default: 'desc' })),
      ...paging,
      closed: Type.Optional(Type.Boolean({ default: false, description: 'those closed lately, too' })),
    },
    closed,
  ),
)

export const CloseQuery = named(
  'CloseQuery',
  Type.Object(
    {
      reason: Type.Optional(
        Type.String({
          maxLength: 200,
          pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$',
          description: 'why, for its CLOSED event and the audit list',
          examples: ['the customer moved to the other site'],
        }),
      ),
    },
    closed,
  ),
)

export const connectionSchemas = [Certificate, Connection, Connections, Message, ConnectionDetail] as const
