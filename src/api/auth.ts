/**
 * Who may use the API. With a token: who sends it as bearer token (RFC 6750). Without one: local
 * programs on the loopback interface, and no web page that a local browser happens to show.
 * It knows no users and no roles, and never logs what it compares.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import { HttpProblem } from './errors.js'

/** Asked by orchestrators, which have no token; they tell nothing but yes or no and why. */
const openPaths = new Set(['/healthz', '/readyz'])

export type AuthHook = (request: FastifyRequest, reply: FastifyReply) => Promise<void>

/** The check that runs before a request is read any further. Throws where listening like this would be open to all. */
export function authHook(listenIp: string, token: string | undefined): AuthHook {
  if (token !== undefined) return bearerAuth(token)
  if (!isLoopback(listenIp)) {
    throw new UsageError(`api.listen: ${listenIp} is not a loopback address, so api.token must be set`)
  }
  return loopbackAuth
}

/** Who asked, for the log. */
export function caller(request: FastifyRequest, by: 'api' | 'mi' = 'api'): string {
  return `${by} ${request.ip}`
}

function bearerAuth(token: string): AuthHook {
  const expected = digest(token)
  return async (request, reply) => {
    if (openPaths.has(request.routeOptions.url ?? '')) return
    const given = bearerToken(request.headers.authorization)
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return
    // RFC 6750 §3: the error code only where a token was sent
    reply.header(
      'www-authenticate',
      given === undefined ? 'Bearer realm="hepgate"' : 'Bearer realm="hepgate", error="invalid_token"',
    )
    throw new HttpProblem(
      401,
      given === undefined ? 'send the API token: Authorization: Bearer …' : 'this is not the API token',
    )
  }
}

/** Digests have one length, so that the comparison tells nothing of the token's. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** RFC 9110 §11.1: the scheme is case-insensitive. */
function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1]
}

/**
 * A name that an attacker's DNS points at 127.0.0.1 makes his page "same origin" with us (DNS
 * rebinding): the Host header tells. A form on any page can POST here: Origin tells.
 */
const loopbackAuth: AuthHook = async (request) => {
  const host = request.headers.host ?? ''
  if (!isLocalName(hostName(host))) {
    throw new HttpProblem(403, 'without api.token the API answers only to localhost, 127.0.0.1 and [::1]')
  }
  const { origin } = request.headers
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new HttpProblem(403, 'requests of other web pages are refused')
  }
}

/** `[::1]:8080` → `::1`, `localhost:8080` → `localhost`. */
function hostName(host: string): string {
  const name = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host)
  return (name?.[1] ?? name?.[2] ?? '').toLowerCase()
}

/** RFC 6761 §6.3: names under localhost stay on this machine. */
function isLocalName(name: string): boolean {
  return isLoopback(name) || name === 'localhost' || name.endsWith('.localhost')
}
