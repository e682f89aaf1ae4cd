/**
 * What the API says of itself: an OpenAPI 3.1 document made from the schemas of the routes, and a page to read it and
 * try it out. Both are the same for every gateway, so they are open. It describes; it checks nothing.
 */
import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { scopesFor } from './caller.js'
import { contentSecurityPolicy } from './headers.js'

export const documentPath = '/api/v1/openapi.json'
export const pagePath = '/docs'

/** The document as JSON, once all routes are made. Written once: everybody may ask for it. */
export type DocumentText = () => string

/** Collects the routes that are made after it. */
export async function openApiDocument(app: FastifyInstance, version: string): Promise<DocumentText> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'hepgate',
        version,
        description:
          'See what happens inside TLS, and steer it: connections, calls, the trace, destinations, certificates. ' +
          'Errors are problem documents (RFC 9457). Each operation names the scope its token needs; where no token ' +
          'is configured, programs of the same machine have `read` and `control` without one.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'status', description: 'how the gateway is' },
        { name: 'connections', description: 'live ones, and those closed lately' },
        { name: 'calls', description: 'what was traced, by Call-ID' },
        { name: 'events', description: 'what changes, as it changes' },
        { name: 'captures', description: 'files for Wireshark' },
        { name: 'trace', description: 'the switch, its scope and the filter' },
        { name: 'destinations', description: 'where traces go' },
        { name: 'domains', description: 'certificates' },
        { name: 'collector', description: 'what the embedded HEP collector received' },
        { name: 'log', description: 'the level of each component' },
        { name: 'control', description: 'reload; the audit list; the OpenSIPS management interface' },
      ],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    refResolver: { buildLocalReference: (schema: { $id?: unknown }) => String(schema.$id) },
  })
  let written: string | undefined
  const text = (): string => {
    written ??= JSON.stringify(app.swagger())
    return written
  }
  await app.register(documentPage, { text })
  return text
}

/** The document itself. */
export function openApiRoute(app: FastifyInstance, text: DocumentText): void {
  app.get(
    documentPath,
    {
      config: { scope: 'open' },
      schema: {
        tags: ['status'],
        summary: 'This API as an OpenAPI 3.1 document',
        response: { 200: { description: 'the document', type: 'object', additionalProperties: true } },
      },
    },
    (_request, reply) => sendDocument(reply, text()),
  )
}

function sendDocument(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(text)
}

/** The page, its scripts and its own copy of the document: all below `pagePath`, nothing from elsewhere. */
async function documentPage(app: FastifyInstance, { text }: { readonly text: DocumentText }): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, scope: 'open' }
  })
  // the plugin would write it anew for each request
  app.addHook('onRequest', async ({ routeOptions }, reply) => {
    return routeOptions.url === `${pagePath}/json` ? sendDocument(reply, text()) : undefined
  })
  await app.register(fastifySwaggerUi, {
    routePrefix: pagePath,
    staticCSP: contentSecurityPolicy,
    theme: { title: 'hepgate API' },
    uiConfig: { layout: 'BaseLayout', docExpansion: 'list', defaultModelsExpandDepth: 0, tryItOutEnabled: true },
  })
}

/** OpenAPI 3.1 lets a bearer scheme name what the caller needs: the scope of every route, from the one place that is checked. */
export function describeScopes(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const scope = route.config?.scope
    if (scope === undefined) throw new Error(`${route.method} ${route.url} does not say which scope it needs`)
    const scopes = scope === 'open' ? [] : scopesFor(scope)
    const security = scopes.map((one) => ({ token: [one] }))
    // once more in words: the page shows a lock, and not what opens it
    const needs = scope === 'open' ? 'Needs no token.' : `Needs the scope \`${scopes.join('` or `')}\`.`
    const description = [route.schema?.description, needs].filter((part) => part !== undefined).join(' ')
    route.schema = { ...route.schema, security, description }
  })
}
