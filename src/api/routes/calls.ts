/** The calls, as far as their traced messages are still in memory. */
import type { FastifyInstance } from 'fastify'
import type { CallQuery } from '../../base/live.js'
import { HttpProblem } from '../errors.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, CallDetail, Calls, CallsQuery, refTo } from '../schemas.js'
import { answered, typedQuery } from './request.js'

const tags = ['calls']

export const callParams = {
  type: 'object',
  properties: { call_id: { type: 'string', description: 'percent-encoded: a Call-ID may hold anything' } },
} as const

export interface CallParams {
  readonly call_id: string
}

export function callRoutes(app: FastifyInstance, { view }: Ports): void {
  app.get<{ Querystring: Partial<CallQuery> }>(
    '/api/v1/calls',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Calls that match, and other exchanges, the latest first, in pages',
        querystring: refTo(CallsQuery),
        response: answer(200, Calls, 'a page of them'),
      },
      preValidation: typedQuery,
      onSend: indented,
    },
    async ({ query: { search, limit = 100, cursor } }, reply) => {
      const { rows, total, next } = answered(await view.calls({ search, limit, cursor }), reply)
      return { calls: rows, total, next }
    },
  )

  app.get<{ Params: CallParams }>(
    '/api/v1/calls/:call_id',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'The messages of a call across its legs, with their text',
        params: callParams,
        response: answer(200, CallDetail, 'the call'),
      },
      onSend: indented,
    },
    async ({ params }, reply) => {
      const detail = await view.call(params.call_id)
      if (detail === undefined) throw new HttpProblem(404, 'nothing traced has this Call-ID, or it is forgotten')
      return answered(detail, reply)
    },
  )
}
