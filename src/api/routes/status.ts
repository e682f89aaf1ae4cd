/** What an operator and an orchestrator ask: how is it, is it alive, may it get traffic. Reads only. */
import type { FastifyInstance } from 'fastify'
import { HttpProblem } from '../errors.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, Health, Ready, Status } from '../schemas.js'

const tags = ['status']

export function statusRoutes(app: FastifyInstance, { view }: Ports): void {
  app.get(
    '/api/v1/status',
    {
      config: { scope: 'read' },
      schema: { tags, summary: 'Everything counted', response: answer(200, Status, 'the state of the gateway') },
      onSend: indented,
    },
    () => view.status(),
  )

  app.get(
    '/healthz',
    {
      config: { scope: 'open' },
      schema: { tags, summary: 'Is the process alive?', response: answer(200, Health, 'it is') },
    },
    async () => ({ status: 'alive' }),
  )

  app.get(
    '/readyz',
    {
      config: { scope: 'open' },
      schema: {
        tags,
        summary: 'May it get traffic? 503 with the reasons while not',
        response: answer(200, Ready, 'it may'),
      },
    },
    async () => {
      const { ready, reasons } = await view.readiness()
      if (!ready) throw new HttpProblem(503, reasons.join('; '), { reasons })
      return { ready }
    },
  )
}
