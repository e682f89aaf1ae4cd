/**
 * The HTTP server of the API: limits, authentication, routes, and one form for every error. It
 * reaches the gateway only through GatewayView and GatewayControl.
 */
import type { AddressInfo } from 'node:net'
import { type FastifyInstance, fastify } from 'fastify'
import { endpointText } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import { listenProblem } from '../base/listen-problem.js'
import type { Config } from '../config/types.js'
import { Auth, readTokens } from './auth.js'
import type { RouteScope } from './caller.js'
import { clientErrorHandler, errorHandler, HttpProblem, sendProblem } from './errors.js'
import { setHeaders } from './headers.js'
import { type ApiIdentity, allowQuietStreams, checkIdentity, closeGently, httpServer, useIdentity } from './http.js'
import { endedLine, plain } from './layout.js'
import { miRoute } from './mi.js'
import { describeScopes, documentPath, openApiDocument, openApiRoute, pagePath } from './openapi.js'
import type { Ports } from './ports.js'
import { limitRate } from './rate.js'
import { routes } from './routes/index.js'
import { sharedSchemas } from './schemas.js'
import { builtDashboard, dashboardFiles } from './static.js'
import { Streams } from './streams.js'

/** What a reload may change. */
export interface ApiSettings extends Pick<Config['api'], 'token' | 'tokens' | 'rate_limit'> {
  /** undefined: HTTP without TLS; from one to the other takes a restart */
  readonly identity: ApiIdentity | undefined
}

export interface ApiOptions extends Ports, ApiSettings {
  /** of hepgate, for the OpenAPI document */
  readonly version: string
  /** event streams at the same time */
  readonly viewers: number
  /** Whom an address belongs to: those are counted as one. */
  readonly peerKey: (ip: string) => string
  /** directory of the built dashboard; default: where the build puts it */
  readonly dashboard?: string
}

export interface Api {
  readonly url: string
  /** requests with a wrong token, since start */
  readonly refusedTokens: number
  /**
   * Checks other settings and returns what takes them into use, which cannot fail. Throws UsageError where the API
   * would be open to all, or its certificate does not work.
   */
  prepare(settings: ApiSettings): () => void
  /** Answers what was asked, for a moment, then closes. May be called again. */
  close(): Promise<void>
}

/** The largest body is a filter route; real ones have hundreds of bytes. */
const maxBodyBytes = 64 * 1024
/** A Call-ID in a path: peers choose them, and percent-encoding makes three characters of one. */
const maxParamChars = 4096

/** Throws UsageError without a token on an address that is not loopback, and where it cannot listen. */
export async function startApi(
  options: ApiOptions & { readonly listen: { readonly ip: string; readonly port: number } },
): Promise<Api> {
  const { listen } = options
  const { app, auth, prepare } = await buildApi(options, listen.ip)
  try {
    await app.listen({ host: listen.ip, port: listen.port })
  } catch (error) {
    await app.close()
    const problem = listenProblem('tcp', listen, error as NodeJS.ErrnoException)
    throw new UsageError(`api.listen ${endpointText(listen)}: ${problem}`, { cause: error })
  }
  const { address, port } = app.server.address() as AddressInfo
  return {
    url: `${schemeOf(options)}://${endpointText({ ip: address, port })}`,
    get refusedTokens() {
      return auth.refused
    },
    prepare,
    close: () => closeGently(app),
  }
}

export interface BuiltApi extends Pick<Api, 'prepare'> {
  readonly app: FastifyInstance
  readonly auth: Auth
}

/** The server without a socket. */
export async function buildApi(options: ApiOptions, listenIp: string): Promise<BuiltApi> {
  const { log } = options
  const streams = new Streams(options)
  const auth = new Auth(readTokens(listenIp, options), { scheme: schemeOf(options), streams, log })
  if (options.identity !== undefined) checkIdentity(options.identity)
  let rateLimit = options.rate_limit
  const app = bareServer(options)
  setHeaders(app, options.identity !== undefined)
  allowQuietStreams(app)
  await limitRate(app, () => rateLimit)
  auth.install(app)
  app.addHook('onSend', plain)
  app.addHook('onSend', endedLine)
  const document = await openApiDocument(app, options.version)
  describeScopes(app)
  const routed = routedMethods(app)
  for (const schema of sharedSchemas) app.addSchema(schema)

  for (const register of routes) register(app, options)
  await app.register(async (scope) => miRoute(scope, options))
  openApiRoute(app, document)
  await dashboardFiles(app, options.dashboard ?? builtDashboard)
  refuseOtherMethods(app, routed)
  await app.ready()
  return {
    app,
    auth,
    prepare: (settings) => {
      const tokens = readTokens(listenIp, settings)
      // on or off is decided when it starts
      const identity = options.identity && settings.identity
      if (identity !== undefined) checkIdentity(identity)
      return () => {
        auth.use(tokens)
        rateLimit = settings.rate_limit
        if (identity !== undefined) useIdentity(app.server, identity)
      }
    },
  }
}

function schemeOf({ identity }: ApiSettings): 'http' | 'https' {
  return identity === undefined ? 'http' : 'https'
}

function bareServer(options: ApiOptions): FastifyInstance {
  const { log } = options
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    serverFactory: (handler) => httpServer(handler, options),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: maxParamChars },
    // a wrong type is an error and an unknown member too: nobody should believe they changed what they did not
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: true } },
    clientErrorHandler,
    frameworkErrors: errorHandler(log),
  })
  app.setErrorHandler(errorHandler(log))
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 404, `there is nothing here; see ${pagePath} or ${documentPath}`),
  )
  tolerateEmptyJson(app)
  return app
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

/** What a path was made for. */
interface Routed {
  readonly methods: Set<string>
  /** of its first method: who may use the path may know what it takes */
  readonly scope: RouteScope
}

/** Every method that a route was made for, by its path. */
function routedMethods(app: FastifyInstance): Map<string, Routed> {
  const routed = new Map<string, Routed>()
  app.addHook('onRoute', ({ url, method, config }) => {
    const known = routed.get(url) ?? { methods: new Set(), scope: config?.scope ?? 'read' }
    for (const one of [method].flat()) known.methods.add(one)
    routed.set(url, known)
  })
  return routed
}

/** RFC 9110 §15.5.6: a path that lacks a method says 405 and which it has; the router alone would say 404. */
function refuseOtherMethods(app: FastifyInstance, routed: Map<string, Routed>): void {
  for (const [url, { methods, scope }] of [...routed]) {
    const allow = [...methods].join(', ')
    app.route({
      url,
      method: app.supportedMethods.filter((method) => !methods.has(method)),
      config: { scope },
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
