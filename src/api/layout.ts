/** How JSON answers are laid out for people, who ask with curl. Changes how it is written, never what it says. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { plainJson } from '../base/plain-json.js'

/** A list of all connections may have megabytes, and calls would wait while it is indented. */
const maxIndentedChars = 64 * 1024

/** For every answer: Call-IDs and names are chosen by peers, and the terminal shall not do what they say. */
export async function plain(_request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  return isJson(reply, payload) ? plainJson(payload) : payload
}

/** For every answer but those of /mi, which are what OpenSIPS sends: the prompt of the shell is not glued to it. */
export async function endedLine(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (!isJson(reply, payload) || payload.endsWith('\n') || request.routeOptions.url === '/mi') return payload
  return `${payload}\n`
}

/** For the routes whose answers people read whole. Runs after the others. */
export async function indented(_request: FastifyRequest, _reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' || payload.length > maxIndentedChars) return payload
  return `${plainJson(JSON.stringify(JSON.parse(payload), undefined, 2))}\n`
}

function isJson(reply: FastifyReply, payload: unknown): payload is string {
  return typeof payload === 'string' && String(reply.getHeader('content-type')).includes('json')
}
