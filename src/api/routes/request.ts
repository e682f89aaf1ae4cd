/** What several routes read of a request in the same way. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { durationForm, maxTimerMs, parseDuration } from '../../base/duration.js'
import type { SearchProblem } from '../../base/live.js'
import { HttpProblem, noRoom } from '../errors.js'

/** A query is text; these are the parameters that mean something else, by their names in every route. */
const readers: Readonly<Record<string, (text: string) => unknown>> = {
  limit: (text) => (/^\d{1,9}$/.test(text) ? Number(text) : text),
  closed: truth,
  follow: truth,
  keys: truth,
}

/** For `preValidation`: what looks like a number or a truth value is checked as one. */
export async function typedQuery({ query }: FastifyRequest): Promise<void> {
  const given = query as Record<string, unknown>
  for (const [name, value] of Object.entries(given)) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (read !== undefined && typeof value === 'string') given[name] = read(value)
  }
}

function truth(text: string): boolean | string {
  return text === 'true' ? true : text === 'false' ? false : text
}

/** For `preValidation` of a route whose body may be left out. */
export async function optionalBody(request: FastifyRequest): Promise<void> {
  request.body ??= {}
}

/** The member `for` of a body or a query, in ms; undefined when it is not there. */
export function forMs(text: string | undefined, pointer?: string): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0 && ms <= maxTimerMs) return ms
  const detail = `for should be ${durationForm}, not 0 and not above 24 days`
  throw new HttpProblem(400, detail, { errors: [{ ...(pointer !== undefined && { pointer }), detail }] })
}

/** The answer to a question, or the 400 that says what is wrong with the question; the 503 where only the room lacks. */
export function answered<T extends object>(answer: T | SearchProblem, reply: FastifyReply): T {
  if (!('problem' in answer)) return answer
  throw answer.full ? noRoom(reply, answer.problem) : new HttpProblem(400, answer.problem)
}

export const noSuchConnection = 'there is no such connection, or it was closed too long ago'
