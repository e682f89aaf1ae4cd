/** Asks the gateway to read its configuration, certificates and routes again. */
import type { FastifyInstance } from 'fastify'
import type { ChangeResult } from '../../base/ports.js'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { answer, ReloadResult } from '../schemas.js'

export function reloadRoutes(app: FastifyInstance, { control }: Ports): void {
  app.post(
    '/api/v1/reload',
    {
      config: { scope: 'control' },
      schema: {
        tags: ['control'],
        summary: 'Read configuration, certificates and routes again; 409 while they have problems, and nothing changes',
        response: answer(200, ReloadResult, 'the new configuration runs'),
      },
    },
    async (request) => reloaded(await control.reload(caller(request)), 'the configuration before it still runs'),
  )
}

/** The answer to a reload. The request is fine when it fails: what lies on the disk is not. */
export function reloaded({ ok, problems }: ChangeResult, otherwise: string) {
  if (ok) return { ok, notes: problems }
  throw new HttpProblem(409, `${otherwise}: ${problems.join('; ')}`, {
    errors: problems.map((detail) => ({ detail })),
  })
}
