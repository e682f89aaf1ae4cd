/**
 * The HTTP server of the API: limits, authentication, routes, and one form for every error. It
 * reaches the gateway only through GatewayView and GatewayControl.
 */
import type { AddressInfo } from 'node:net'
import { fastifySwagger } from '@fastify/swagger'
import { type FastifyInstance, fastify } from 'fastify'
import { endpointText } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import { listenProblem } from '../base/listen-problem.js'
import { authHook } from './auth.js'
import { clientErrorHandler, errorHandler, HttpProblem, sendProblem } from './errors.js'
import { endedLine } from './layout.js'
import { miRoute } from './mi.js'
import type { Ports } from './ports.js'
import { collectorRoutes } from './routes/collector.js'
import { connectionRoutes } from './routes/connections.js'
import { reloadRoutes } from './routes/reload.js'
import { statusRoutes } from './routes/status.js'
import { traceRoutes } from './routes/trace.js'
import { sharedSchemas } from './schemas.js'

export interface ApiOptions extends Ports {
  /** bearer token; undefined: only loopback is listened on */
  readonly token: string | undefined
  /** of hepgate, for the OpenAPI document */
  readonly version: string
}

export interface Api {
  readonly url: string
  /** Answers what was asked, for a moment, then closes. May be called again. */
  close(): Promise<void>
}

/** The largest body is a filter route; real ones have hundreds of bytes. */
const maxBodyBytes = 64 * 1024
/** A person, a script, a load balancer's check, a scraper each: nobody needs more. */
const maxConnections = 256
const requestTimeoutMs = 10_000
/** Node looks every 30 s unless told otherwise. */
const timeoutCheckMs = 2_000
const idleTimeoutMs = 30_000
const closeGraceMs = 1_000

/** Throws UsageError without a token on an address that is not loopback, and where it cannot listen. */
export async function startApi(
  options: ApiOptions & { readonly listen: { readonly ip: string; readonly port: number } },
): Promise<Api> {
  const { listen } = options
  const app = await buildApi(options, listen.ip)
  try {
    await app.listen({ host: listen.ip, port: listen.port })
  } catch (error) {
    await app.close()
    const problem = listenProblem('tcp', listen, error as NodeJS.ErrnoException)
    throw new UsageError(`api.listen ${endpointText(listen)}: ${problem}`, { cause: error })
  }
  const { address, port } = app.server.address() as AddressInfo
  return { url: `http://${endpointText({ ip: address, port })}`, close: () => closeGently(app) }
}

/** The server without a socket. */
export async function buildApi(options: ApiOptions, listenIp: string): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    http: { connectionsCheckingInterval: timeoutCheckMs },
    connectionTimeout: idleTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    forceCloseConnections: 'idle',
    // a wrong type is an error and an unknown member too: nobody should believe they changed what they did not
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } },
    clientErrorHandler,
    frameworkErrors: errorHandler(options.log),
  })
  app.server.maxConnections = maxConnections
  app.setErrorHandler(errorHandler(options.log))
  app.addHook('onRequest', authHook(listenIp, options.token))
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  })
  app.addHook('onSend', endedLine)
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 404, 'there is nothing here; see /api/v1/openapi.json'),
  )
  tolerateEmptyJson(app)
  await app.register(fastifySwagger, openApi(options))
  const routed = routedMethods(app)
  for (const schema of sharedSchemas) app.addSchema(schema)

  traceRoutes(app, options)
  statusRoutes(app, options)
  connectionRoutes(app, options)
  collectorRoutes(app, options)
  reloadRoutes(app, options)
  await app.register(async (scope) => miRoute(scope, options))
  app.get(
    '/api/v1/openapi.json',
    {
      schema: {
        tags: ['status'],
        summary: 'This API as an OpenAPI 3.1 document',
        response: { 200: { description: 'the document', type: 'object', additionalProperties: true } },
      },
    },
    () => app.swagger(),
  )
  refuseOtherMethods(app, routed)
  await app.ready()
  return app
}

function openApi({ version, token }: ApiOptions) {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'hepgate',
        version,
        description: 'Switch tracing, look at connections, reload. Errors are problem documents (RFC 9457).',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'trace', description: 'the switch and the filter' },
        { name: 'connections', description: 'the live connections' },
        { name: 'collector', description: 'what the embedded HEP collector received' },
        { name: 'status', description: 'how the gateway is' },
        { name: 'control', description: 'reload; the OpenSIPS management interface' },
      ],
      components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
      security: token === undefined ? [] : [{ token: [] }],
    },
    refResolver: { buildLocalReference: (schema: { $id?: unknown }) => String(schema.$id) },
  }
}

/** Many HTTP libraries say application/json on every request, a DELETE without a body as well. */
function tolerateEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body === '') done(null, undefined)
    else parse(request, body, done)
  })
}

/** Every method that a route was made for, by its path. */
function routedMethods(app: FastifyInstance): Map<string, Set<string>> {
  const routed = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = routed.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    routed.set(url, methods)
  })
  return routed
}

/** RFC 9110 §15.5.6: a path that lacks a method says 405 and which it has; the router alone would say 404. */
function refuseOtherMethods(app: FastifyInstance, routed: Map<string, Set<string>>): void {
  for (const [url, methods] of [...routed]) {
    const allow = [...methods].join(', ')
    app.route({
      url,
      method: app.supportedMethods.filter((method) => !methods.has(method)),
      schema: { hide: true },
      // before the body is read: no body makes the method right
      onRequest: async (_request, reply) => {
        reply.header('allow', allow)
        throw new HttpProblem(405, `this path knows ${allow}`)
      },
      handler: () => {},
    })
  }
}

async function closeGently(app: FastifyInstance): Promise<void> {
  const deadline = setTimeout(() => app.server.closeAllConnections(), closeGraceMs)
  await app.close()
  clearTimeout(deadline)
}
