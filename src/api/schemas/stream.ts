/** What the event stream carries, for the OpenAPI document: live/ writes these events itself. And what is asked of streams. */
import Type from 'typebox'
import { topics } from '../../base/live.js'
import { searchQueries } from './connection.js'
import { Overview } from './overview.js'
import { closed, duration, named, page, searchText, texts, time } from './schema.js'

/** A dashboard holds so many rows without scrolling becoming slow. */
const maxWatchedRows = 5000

export const EventsQuery = named(
  'EventsQuery',
  Type.Object(
    {
      topics: Type.Optional(
        Type.String({ description: `some of ${topics.join(', ')}; all unless given`, examples: ['overview,trace'] }),
      ),
      search: searchText('which connections, as at GET /api/v1/connections', ['version:TLSv1.2']),
      calls: searchText('which calls, as the search of GET /api/v1/calls', ['state:failed']),
      limit: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: maxWatchedRows,
          default: 1000,
          description: 'at most so many rows of connections and of calls each, the newest',
        }),
      ),
      last_event_id: Type.Optional(
        Type.String({ maxLength: 100, description: 'instead of the header Last-Event-ID: go on after this event' }),
      ),
    },
    closed,
  ),
)

const flag = (description: string) => Type.Optional(Type.Boolean({ default: false, description }))
const keys = flag('put key-log lines into the file: needs the scope secrets')

export const KeysQuery = named('KeysQuery', Type.Object({ keys }, closed))

export const CaptureQuery = named(
  'CaptureQuery',
  Type.Object(
    {
      search: searchText('connections, as in their list', ['peer:203.0.113.0/24 alice']),
      ...searchQueries,
      follow: flag('go on with what comes'),
      for: duration('with follow: end after this time'),
      keys,
    },
    closed,
  ),
)

const at = time('of the event')

export const Snapshot = named(
  'Snapshot',
  Type.Object(
    {
      at,
      overview: Type.Optional(Type.Object({ ...Overview.properties, history: Type.Array(Type.Ref('Sample#')) })),
      connections: Type.Optional(rowsOf('Connection#')),
      calls: Type.Optional(rowsOf('Call#')),
      trace: Type.Optional(Type.Ref('TraceBoard#')),
    },
    { description: 'event `snapshot`: the first one, and after every gap; only the topics asked for' },
  ),
)

export const Delta = named(
  'Delta',
  Type.Object(
    {
      at,
      overview: Type.Optional(Type.Ref('Overview#')),
      samples: Type.Optional(Type.Array(Type.Ref('Sample#'), { description: 'the newest last' })),
      connections: Type.Optional(
        Type.Object({
          ...changes('Connection#'),
          counters: Type.Array(
            Type.Array(Type.Union([Type.String(), Type.Integer()]), {
              minItems: 5,
              maxItems: 5,
              description: '[conn_id, bytes_in, bytes_out, msgs_in, msgs_out]',
            }),
          ),
        }),
      ),
      calls: Type.Optional(Type.Object(changes('Call#'))),
      trace: Type.Optional(Type.Ref('TraceBoard#')),
    },
    { description: 'event `delta`: what changed since the event before' },
  ),
)

function rowsOf(row: string) {
  return Type.Object({ rows: Type.Array(Type.Ref(row)), ...page })
}

function changes(row: string) {
  return {
    rows: Type.Array(Type.Ref(row), { description: 'new, or changed' }),
    removed: texts('ids that match no longer, or are forgotten'),
    total: Type.Integer({ description: 'of all that match' }),
  }
}

export const streamSchemas = [Snapshot, Delta] as const
