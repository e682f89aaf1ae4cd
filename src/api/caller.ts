/** Who asks: what a request knows of its caller once auth.ts has found out, and what routes ask about it. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { plainIp } from '../base/address.js'
import type { ApiScope } from '../config/types.js'
import { HttpProblem } from './errors.js'

/** An answer that goes on. */
export type StreamKind = 'events' | 'capture'

/** What a route asks of its callers. open: nothing, for what tells nothing worth keeping. */
export type RouteScope = ApiScope | 'open'

export interface Caller {
  /** of the token; undefined: a local program, or anybody on an open route */
  readonly token: string | undefined
  /** of the token, in hex: who it is, whatever it is called */
  readonly digest: string | undefined
  readonly scopes: ReadonlySet<ApiScope>
  /** for the log and the audit list: `token on-call 192.0.2.7`, `local 127.0.0.1` */
  readonly text: string
}

declare module 'fastify' {
  interface FastifyContextConfig {
    scope?: RouteScope
    /** its answer goes on */
    stream?: StreamKind
  }
  interface FastifyRequest {
    caller: Caller
  }
}

/** Who asked, for the log and the audit list. */
export function caller({ caller, ip }: FastifyRequest, by: 'api' | 'mi' = 'api'): string {
  if (by === 'api') return caller.text
  return caller.token === undefined ? `mi ${plainIp(ip)}` : `mi ${caller.token} ${plainIp(ip)}`
}

/** Any of these is enough for what needs `scope`: whoever may see everything may see the numbers of it. */
export function scopesFor(scope: ApiScope): readonly ApiScope[] {
  return scope === 'metrics' ? ['metrics', 'read'] : [scope]
}

/** For a route that needs a scope only for some of what can be asked of it. */
export function hasScope({ caller }: FastifyRequest, scope: ApiScope): boolean {
  return scopesFor(scope).some((one) => caller.scopes.has(one))
}

/** Throws the 403 of RFC 6750 §3.1 for a caller without the scope. */
export function demandScope(request: FastifyRequest, reply: FastifyReply, scope: ApiScope): void {
  if (hasScope(request, scope)) return
  reply.header('www-authenticate', challenge(`error="insufficient_scope", scope="${scope}"`))
  throw new HttpProblem(403, `this needs a token with the scope ${scope}`)
}

export function challenge(parameters?: string): string {
  return ['Bearer realm="hepgate"', parameters].filter((part) => part !== undefined).join(', ')
}
