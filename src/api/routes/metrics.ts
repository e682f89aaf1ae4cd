/** What Prometheus scrapes. The text is made elsewhere; here it is only given out. */
import type { FastifyInstance } from 'fastify'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { fileAnswer } from '../schemas.js'

/** Prometheus, exposition formats: the version is what it tells the formats apart by. */
const mediaType = 'text/plain; version=0.0.4; charset=utf-8'

export function metricsRoutes(app: FastifyInstance, { view }: Ports): void {
  app.get(
    '/metrics',
    {
      config: { scope: 'metrics' },
      schema: {
        tags: ['status'],
        summary: 'Everything measured, for Prometheus; 404 where telemetry.metrics is off',
        response: fileAnswer('text/plain', 'the text exposition format of Prometheus'),
      },
    },
    async (_request, reply) => {
      const text = await view.metrics()
      if (text === undefined) throw new HttpProblem(404, 'nothing is measured here: telemetry.metrics is off')
      return reply.type(mediaType).send(text)
    },
  )
}
