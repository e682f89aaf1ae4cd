/** Bodies about what the embedded HEP collector received. */
import Type from 'typebox'
import { closed, named, time } from './schema.js'

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
