/** Bodies of the overview: what needs attention, what the live connections are like, the last hour, the domains. */
import Type from 'typebox'
import { Certificate } from './connection.js'
import { counts, named, texts, time } from './schema.js'

export const Attention = named(
  'Attention',
  Type.Object({
    level: Type.Enum(['critical', 'warning', 'info']),
    code: Type.String({ description: 'stable', examples: ['certificate-expiring', 'upstream-down'] }),
    message: Type.String(),
    view: Type.Enum(['overview', 'connections', 'calls', 'trace'], { description: 'where the dashboard shows it' }),
    search: Type.Optional(Type.String({ description: 'for the search box of that view' })),
  }),
)

const Breakdown = Type.Object({
  versions: counts('live TLS connections of the edge side, by version'),
  ciphers: counts('the same by cipher'),
  directions: Type.Object({ in: Type.Integer(), out: Type.Integer() }),
  transports: counts('live connections, by transport'),
  weak: Type.Array(
    Type.Object({ version: Type.String(), count: Type.Integer(), examples: texts('addresses of some') }),
    { description: 'below TLS 1.2, or offering nothing better than 1.2' },
  ),
  traced: Type.Integer(),
})

export const Overview = named(
  'Overview',
  Type.Object({
    at: time('of this answer'),
    status: Type.Ref('Status#'),
    attention: Type.Array(Type.Ref('Attention#'), { description: 'the gravest first' }),
    breakdown: Breakdown,
  }),
)

export const Sample = named(
  'Sample',
  Type.Object(
    {
      t: Type.Integer({ description: 'Unix time in s, end of the second' }),
      open: Type.Integer(),
      in_handshake: Type.Integer(),
      handshakes_ok: Type.Integer(),
      handshakes_failed: Type.Integer(),
      failed_by: counts('by cause'),
      opened: Type.Integer(),
      closed: Type.Integer(),
      messages: Type.Integer(),
      messages_lost: Type.Integer(),
      hep: Type.Record(
        Type.String(),
        Type.Object({ sent: Type.Integer(), dropped: Type.Integer(), queued: Type.Integer() }),
        { description: 'per destination, by id' },
      ),
      loop_ms: Type.Number({ description: 'longest hold-up of the event loop' }),
    },
    { description: 'one second' },
  ),
)

export const History = named(
  'History',
  Type.Object({ samples: Type.Array(Type.Ref('Sample#'), { description: 'the last hour, oldest first' }) }),
)

export const Domains = named(
  'Domains',
  Type.Object({
    domains: Type.Array(
      Type.Object({
        name: Type.String(),
        role: Type.Enum(['server', 'client']),
        certificates: Type.Array(
          Type.Object({
            ...Certificate.properties,
            days_left: Type.Number(),
            connections: Type.Integer({ description: 'live connections that were made with it' }),
          }),
        ),
        outdated: Type.Object(
          { count: Type.Integer(), conn_ids: texts('some of them') },
          { description: 'live connections whose certificate is no longer one of these' },
        ),
      }),
    ),
  }),
)

export const overviewSchemas = [Attention, Overview, Sample, History, Domains] as const
