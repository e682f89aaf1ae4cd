/** How JSON answers are laid out for people, who ask with curl. Changes white space only. */
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A list of all connections may have megabytes, and calls would wait while it is indented. */
const maxIndentedChars = 64 * 1024

/** For every answer but those of /mi, which are what OpenSIPS sends: the prompt of the shell is not glued to it. */
export async function endedLine(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' || payload.endsWith('\n') || request.routeOptions.url === '/mi') return payload
  return String(reply.getHeader('content-type')).includes('json') ? `${payload}\n` : payload
}

/** For the routes whose answers people read whole. Runs after `endedLine`. */
export async function indented(_request: FastifyRequest, _reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' || payload.length > maxIndentedChars) return payload
  return `${JSON.stringify(JSON.parse(payload), undefined, 2)}\n`
}
