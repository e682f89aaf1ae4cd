/** The TLS domains: their certificates, who still uses old ones, and reading them again. */
import type { FastifyInstance } from 'fastify'
import { caller } from '../caller.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, Domains, ReloadResult } from '../schemas.js'
import { reloaded } from './reload.js'

const tags = ['domains']

export function domainRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get(
    '/api/v1/domains',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'The TLS domains, and which connections still use an old certificate',
        response: answer(200, Domains, 'the domains'),
      },
      onSend: indented,
    },
    async () => ({ domains: await view.domains() }),
  )

  app.post(
    '/api/v1/domains/reload',
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Read certificates, keys and revocation lists again; 409 while they have problems',
        response: answer(200, ReloadResult, 'handshakes from now on use what was read'),
      },
    },
    async (request) =>
      reloaded(await control.reloadDomains(caller(request)), 'the certificates before them are still used'),
  )
}
