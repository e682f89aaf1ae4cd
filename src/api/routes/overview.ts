/** What a person looks at first, and the hour before. */
import type { FastifyInstance } from 'fastify'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, History, Overview } from '../schemas.js'

const tags = ['status']

export function overviewRoutes(app: FastifyInstance, { view }: Ports): void {
  app.get(
    '/api/v1/overview',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'What needs attention, what the live connections are like, and everything counted',
        response: answer(200, Overview, 'the overview'),
      },
      onSend: indented,
    },
    () => view.overview(),
  )

  app.get(
    '/api/v1/history',
    {
      config: { scope: 'read' },
      schema: { tags, summary: 'The last hour, second by second', response: answer(200, History, 'the samples') },
    },
    async () => ({ samples: await view.history() }),
  )
}
