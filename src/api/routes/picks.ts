/** Tracing one connection on its own, whatever the switch and the filter say. */
import type { FastifyInstance } from 'fastify'
import type Type from 'typebox'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { answer, noContent, PickBody, Picked, refTo } from '../schemas.js'
import { type ConnectionParams, connectionParams } from './connections.js'
import { forMs, optionalBody } from './request.js'

const tags = ['connections']
const noneLive = 'there is no such connection'
/** Who forgets to say how long shall not trace a trunk for weeks. */
const usualPickMs = 10 * 60_000

export function pickRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.post<{ Params: ConnectionParams; Body: Type.Static<typeof PickBody> }>(
    '/api/v1/connections/:conn_id/trace',
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Trace this connection, whatever the switch and the filter say',
        params: connectionParams,
        body: refTo(PickBody),
        response: answer(200, Picked, 'it is traced from now on'),
      },
      preValidation: optionalBody,
    },
    async (request) => {
      const id = request.params.conn_id
      const wanted = { id, on: true, forMs: pickMs(request.body), by: caller(request) }
      if (!(await control.pick(wanted))) throw new HttpProblem(404, noneLive)
      const { picked } = await view.trace()
      return { traced: true, until: picked.find(({ conn_id }) => conn_id === id)?.until }
    },
  )

  app.delete<{ Params: ConnectionParams }>(
    '/api/v1/connections/:conn_id/trace',
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Trace this connection no longer on its own: switch and filter decide again',
        params: connectionParams,
        response: noContent('so it is'),
      },
    },
    async (request, reply) => {
      const found = await control.pick({ id: request.params.conn_id, on: false, by: caller(request) })
      if (!found) throw new HttpProblem(404, noneLive)
      return reply.code(204).send()
    },
  )
}

/** undefined: until it is closed. */
function pickMs({ for: duration, until_closed = false }: Type.Static<typeof PickBody>): number | undefined {
  if (!until_closed) return forMs(duration, '/for') ?? usualPickMs
  if (duration === undefined) return undefined
  throw new HttpProblem(400, 'either for or until_closed')
}
