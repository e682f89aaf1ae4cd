/** Who changed what, and until when. */
import type { FastifyInstance } from 'fastify'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { Audit, answer } from '../schemas.js'

export function auditRoutes(app: FastifyInstance, { view }: Ports): void {
  app.get(
    '/api/v1/audit',
    {
      config: { scope: 'read' },
      schema: {
        tags: ['control'],
        summary: 'Every change: who, when, what, until when',
        response: answer(200, Audit, 'the changes, newest first'),
      },
      onSend: indented,
    },
    async () => ({ audit: await view.audit() }),
  )
}
