/** How often one address may ask: so that a script gone wild, or a stranger, does not take the time of calls. */
import { fastifyRateLimit } from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { HttpProblem } from './errors.js'

const windowMs = 60_000
/** Of load balancers and orchestrators: refused, they would take the calls away. Both do next to nothing. */
const unlimited: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz'])

/** `perMinute`: asked for each request; 0: no limit. IPv6 clients are counted by their /64. */
export async function limitRate(app: FastifyInstance, perMinute: () => number): Promise<void> {
  await app.register(fastifyRateLimit, {
    global: false,
    max: perMinute,
    timeWindow: windowMs,
    enableDraftSpec: true, // RateLimit-*, without the X-
    allowList: ({ routeOptions }) => perMinute() === 0 || unlimited.has(routeOptions.url),
    errorResponseBuilder: (_request, { ttl }) =>
      new HttpProblem(429, `too many requests from this address: wait ${Math.ceil(ttl / 1000)} s`),
  })
  // of the whole server, not of each route: paths that do not exist count too
  app.addHook('onRequest', app.rateLimit())
}
