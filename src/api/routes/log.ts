/** Levels of the log over HTTP. Decides nothing itself: it checks what was asked and passes it on. */
import type { FastifyInstance } from 'fastify'
import type Type from 'typebox'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, LogRequestBody, LogStatus, refTo } from '../schemas.js'
import { forMs } from './request.js'

const tags = ['log']

export function logRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get(
    '/api/v1/log',
    {
      config: { scope: 'read' },
      schema: { tags, summary: 'The level of every component', response: answer(200, LogStatus, 'the levels') },
      onSend: indented,
    },
    () => view.log(),
  )

  app.put<{ Body: Type.Static<typeof LogRequestBody> }>(
    '/api/v1/log',
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Change the level of a component, or of all',
        body: refTo(LogRequestBody),
        response: answer(200, LogStatus, 'the new levels'),
      },
      onSend: indented,
    },
    async (request) => {
      const { component, level, for: duration } = request.body
      if (level === null && duration !== undefined) throw new HttpProblem(400, 'for goes with a level')
      return control.setLog({
        component,
        level: level ?? undefined,
        forMs: forMs(duration, '/for'),
        by: caller(request),
      })
    },
  )
}
