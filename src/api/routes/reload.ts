/** Asks the gateway to read its configuration, certificates and routes again. */
import type { FastifyInstance } from 'fastify'
import { caller } from '../auth.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { answer, ReloadResult } from '../schemas.js'

export function reloadRoutes(app: FastifyInstance, { control }: Ports): void {
  app.post(
    '/api/v1/reload',
    {
      schema: {
        tags: ['control'],
        summary: 'Read configuration, certificates and routes again; 409 while they have problems, and nothing changes',
        response: answer(200, ReloadResult, 'the new configuration runs'),
      },
    },
    async (request) => {
      const { ok, problems } = await control.reload(caller(request))
      // the request is fine, what lies on the disk is not
      if (!ok) {
        throw new HttpProblem(409, `the configuration before it still runs: ${problems.join('; ')}`, {
          errors: problems.map((detail) => ({ detail })),
        })
      }
      return { ok, notes: problems }
    },
  )
}
