/** The key log of one connection, for those who were given the right to key material by name. */
import type { FastifyInstance } from 'fastify'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { fileAnswer } from '../schemas.js'
import { type ConnectionParams, connectionParams } from './connections.js'
import { noSuchConnection } from './request.js'

export function keylogRoutes(app: FastifyInstance, { control }: Ports): void {
  app.get<{ Params: ConnectionParams }>(
    '/api/v1/connections/:conn_id/keylog',
    {
      config: { scope: 'secrets' },
      // asking is noted, so only who wants the lines asks
      exposeHeadRoute: false,
      schema: {
        tags: ['captures'],
        summary: 'Its key log, for Wireshark: who asked is in the audit list; 409 when it was not traced',
        params: connectionParams,
        response: fileAnswer('text/plain', 'NSS key-log lines', {
          type: 'string',
          examples: ['CLIENT_TRAFFIC_SECRET_0 <client random> <secret>'],
        }),
      },
    },
    async (request, reply) => {
      const { conn_id } = request.params
      const lines = await control.keylog(conn_id, caller(request))
      if (lines === undefined) throw new HttpProblem(404, noSuchConnection)
      if (lines.length === 0) {
        throw new HttpProblem(
          409,
          'no keys are held, because it was not traced from its handshake on: ' +
            'switch tracing on, then let the peer connect again',
        )
      }
      return reply
        .type('text/plain; charset=utf-8')
        .header('content-disposition', `attachment; filename="hepgate-${conn_id}.keys"`)
        .send(`${lines.join('\n')}\n`)
    },
  )
}
