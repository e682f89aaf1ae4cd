/** Where traces go: how that is, a pause, and a probe. */
import type { FastifyInstance } from 'fastify'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, Destinations, DestinationTest, noContent } from '../schemas.js'

const tags = ['destinations']
const params = {
  type: 'object',
  properties: { name: { type: 'string', description: 'HEP id' } },
} as const

interface Params {
  readonly name: string
}

export function destinationRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get(
    '/api/v1/destinations',
    {
      config: { scope: 'read' },
      schema: { tags, summary: 'The HEP destinations', response: answer(200, Destinations, 'the destinations') },
      onSend: indented,
    },
    async () => ({ destinations: (await view.status()).destinations }),
  )

  const setPaused = (action: 'pause' | 'resume', summary: string) =>
    app.post<{ Params: Params }>(
      `/api/v1/destinations/:name/${action}`,
      { config: { scope: 'control' }, schema: { tags, summary, params, response: noContent('so it is') } },
      async (request, reply) => {
        const found = await control.pauseDestination(request.params.name, action === 'pause', caller(request))
        if (!found) throw noSuchDestination()
        return reply.code(204).send()
      },
    )
  setPaused('pause', 'Send it nothing more for now: what comes meanwhile is dropped, and counted')
  setPaused('resume', 'Send it traces again')

  app.post<{ Params: Params }>(
    '/api/v1/destinations/:name/test',
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Send it a probe event, to be looked for in the collector',
        params,
        response: answer(200, DestinationTest, 'what became of the probe'),
      },
    },
    async (request) => {
      const test = await control.testDestination(request.params.name, caller(request))
      if (test === undefined) throw noSuchDestination()
      return test
    },
  )
}

function noSuchDestination(): HttpProblem {
  return new HttpProblem(404, 'there is no such destination; see /api/v1/destinations')
}
