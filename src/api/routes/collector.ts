/**
 * What the embedded HEP collector received, as people read it or as JSON. The collector renders it, without
 * key material: the routes here only say which packets and which form.
 */
import type { FastifyInstance } from 'fastify'
import type Type from 'typebox'
import { protocolTypes } from '../../hep/chunks.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { answer, CollectedPackets, CollectedQueryString, refTo } from '../schemas.js'
import { typedQuery } from './request.js'

type Query = Type.Static<typeof CollectedQueryString>

export function collectorRoutes(app: FastifyInstance, { view }: Ports): void {
  app.get<{ Querystring: Query }>(
    '/api/v1/collector/packets',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['collector'],
        summary: 'The packets the embedded HEP collector received last, newest last; 404 without a collector',
        querystring: refTo(CollectedQueryString),
        response: answer(200, CollectedPackets, 'the packets', { 'text/plain': { schema: { type: 'string' } } }),
      },
      preValidation: typedQuery,
    },
    async (request, reply) => {
      const { limit = 100, type, correlation_id: correlationId, format } = request.query
      const form = format ?? acceptedForm(request.headers.accept)
      const packets = await view.collected({ form, type: protocolType(type), correlationId, limit })
      if (packets === undefined) throw new HttpProblem(404, 'there is no collector here: collector.listen is not set')
      if (form === 'json') return reply.type('application/json').send(`[${packets.join(',\n')}]\n`)
      return reply.type('text/plain; charset=utf-8').send(packets.join('') || nothing(request.query))
    },
  )
}

/** RFC 9110 §12.5.1, as far as two forms need it: JSON for who names it, and names it first. Browsers and curl get text. */
function acceptedForm(accept = ''): 'text' | 'json' {
  const [json, text] = [accept.indexOf('application/json'), accept.indexOf('text/')]
  return json >= 0 && (text < 0 || json < text) ? 'json' : 'text'
}

function protocolType(name: string | undefined): number | undefined {
  if (name === undefined) return undefined
  if (Object.hasOwn(protocolTypes, name)) return protocolTypes[name as keyof typeof protocolTypes]
  if (/^\d{1,3}$/.test(name)) return Number(name)
  throw new HttpProblem(400, `type should be ${Object.keys(protocolTypes).join(', ')}, or a number`)
}

/** Nobody should take an empty answer for a broken one. */
function nothing({ type, correlation_id }: Query): string {
  return type === undefined && correlation_id === undefined ? 'nothing received yet\n' : 'no packet matches\n'
}
