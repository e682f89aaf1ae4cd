/** How JSON answers are laid out for people, who ask with curl. Changes white space only. */
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A list of all connections may have megabytes, and calls would wait while it is indented. */
const maxIndentedChars = 64 * 1024

/** For every answer: the prompt of the shell is not glued to it. */
export async function endedLine(_request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  const isJson = String(reply.getHeader('content-type')).includes('json')
  return isJson && typeof payload === 'string' && !payload.endsWith('\n') ? `${payload}\n` : payload
}

/** For the routes whose answers people read whole. Runs after `endedLine`. */
export async function indented(_request: FastifyRequest, _reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' || payload.length > maxIndentedChars) return payload
  return `${JSON.stringify(JSON.parse(payload), undefined, 2)}\n`
}
