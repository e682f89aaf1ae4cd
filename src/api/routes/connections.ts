/** The connections, live and closed lately: found, shown, and ended. Key material is never part of an answer. */
import type { FastifyInstance } from 'fastify'
import {
  type ConnectionFilter,
  type ConnectionQuery,
  type ConnectionSort,
  type SearchFieldName,
  searchFields,
} from '../../base/live.js'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, CloseQuery, ConnectionDetail, Connections, ConnectionsQuery, noContent, refTo } from '../schemas.js'
import { answered, noSuchConnection, typedQuery } from './request.js'

const tags = ['connections']

export const connectionParams = {
  type: 'object',
  properties: { conn_id: { type: 'string', description: '64-bit number in decimal' } },
} as const

export interface ConnectionParams {
  readonly conn_id: string
}

/** As ConnectionsQuery lets it through. */
type Query = Readonly<Partial<Record<SearchFieldName, string>>> & {
  readonly search?: string
  readonly sort?: ConnectionSort
  readonly order?: 'asc' | 'desc'
  readonly limit?: number
  readonly cursor?: string
  readonly closed?: boolean
}

export function connectionRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get<{ Querystring: Query }>(
    '/api/v1/connections',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Connections that match, in pages',
        querystring: refTo(ConnectionsQuery),
        response: answer(200, Connections, 'a page of them'),
      },
      preValidation: typedQuery,
      onSend: indented,
    },
    async ({ query }, reply) => {
      const { rows, total, next } = answered(await view.connections(connectionQuery(query)), reply)
      return { connections: rows, total, next }
    },
  )

  app.get<{ Params: ConnectionParams }>(
    '/api/v1/connections/:conn_id',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Everything known of a connection, live or closed lately',
        params: connectionParams,
        response: answer(200, ConnectionDetail, 'the connection'),
      },
      onSend: indented,
    },
    async ({ params }) => {
      const detail = await view.connection(params.conn_id)
      if (detail === undefined) throw new HttpProblem(404, noSuchConnection)
      return detail
    },
  )

  app.delete<{ Params: ConnectionParams; Querystring: { readonly reason?: string } }>(
    '/api/v1/connections/:conn_id',
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Close a connection',
        params: connectionParams,
        querystring: refTo(CloseQuery),
        response: noContent('it is being closed'),
      },
    },
    async (request, reply) => {
      const { params, query } = request
      const found = await control.closeConnection(params.conn_id, caller(request), query.reason || undefined)
      if (!found) throw new HttpProblem(404, 'there is no such connection')
      return reply.code(204).send()
    },
  )
}

function connectionQuery(query: Query): ConnectionQuery {
  const { sort = 'opened_at', order = 'desc', limit = 100, cursor, closed = false } = query
  return { ...connectionFilter(query), sort, descending: order === 'desc', limit, cursor, closed }
}

/** What a query may search for, besides what it asks of the answer. */
export type SearchAsked = Readonly<Partial<Record<SearchFieldName | 'search', string>>>

/** An empty text asks for nothing: forms send every field they have. */
export function connectionFilter(query: SearchAsked): ConnectionFilter {
  const given = searchFields.filter(({ name }) => (query[name] ?? '') !== '')
  return { search: query.search, fields: Object.fromEntries(given.map(({ name }) => [name, query[name]])) }
}
