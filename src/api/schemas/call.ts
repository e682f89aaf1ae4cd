/** Bodies about calls: what the traced messages of one Call-ID add up to. */
import Type from 'typebox'
import { closed, named, page, paging, searchText, texts, time } from './schema.js'

export const Call = named(
  'Call',
  Type.Object({
    call_id: Type.String(),
    method: Type.Optional(Type.String({ description: 'of the first request seen' })),
    from: Type.Optional(Type.String({ examples: ['alice@example.com'] })),
    to: Type.Optional(Type.String()),
    state: Type.Enum(['trying', 'ringing', 'answered', 'ended', 'cancelled', 'failed', 'done']),
    status: Type.Optional(
      Type.Integer({ description: 'latest final status of the first method that went all the way back' }),
    ),
    started_at: time('of the first message'),
    last_at: time('of the latest message'),
    ring_ms: Type.Optional(Type.Number({ description: 'INVITE to its first 18x' })),
    answer_ms: Type.Optional(Type.Number({ description: 'INVITE to its 2xx' })),
    messages: Type.Integer(),
    retransmissions: Type.Integer(),
    errors: Type.Integer({ description: 'final responses from 400 on but 401 and 407, and events with FAILURE' }),
    conn_ids: texts('connections it used'),
    agents: texts('other capture agents that sent messages of it'),
  }),
)

export const Calls = named('Calls', Type.Object({ calls: Type.Array(Type.Ref('Call#')), ...page }))

export const CallDetail = named(
  'CallDetail',
  Type.Object({
    ...Call.properties,
    flow: Type.Array(Type.Ref('Message#'), {
      description: 'by time, with their text; text_cut says where it is not all',
    }),
    legs: Type.Array(Type.Ref('Connection#'), { description: 'the connections it used, as far as they are known' }),
    forgotten: Type.Integer({ description: 'messages that are not in the flow' }),
  }),
)

export const CallsQuery = named(
  'CallsQuery',
  Type.Object(
    {
      search: searchText('words, each in Call-ID, from, to, method, state or an agent; name:value for one of these', [
        'from:alice state:failed',
      ]),
      ...paging,
    },
    closed,
  ),
)

export const callSchemas = [Call, Calls, CallDetail] as const
