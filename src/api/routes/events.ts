/**
 * What changes, as it changes: server-sent events (WHATWG HTML §9.2). live/ writes the events; here is the connection
 * they go over, and who is told when the viewer is slow or gone.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Topic, topics, type Viewer } from '../../base/live.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { EventsQuery, fileAnswer, refTo } from '../schemas.js'
import { answered, typedQuery } from './request.js'

interface Query {
  readonly topics?: string
  readonly search?: string
  readonly calls?: string
  readonly limit?: number
  readonly last_event_id?: string
}

export function eventRoutes(app: FastifyInstance, { view, log }: Ports): void {
  app.get<{ Querystring: Query }>(
    '/api/v1/events',
    {
      config: { scope: 'read', stream: 'events' },
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        summary: 'A snapshot, then numbered deltas; 503 when too many watch',
        querystring: refTo(EventsQuery),
        headers: {
          type: 'object',
          properties: { 'last-event-id': { type: 'string', description: 'go on after this event' } },
        },
        response: fileAnswer('text/event-stream', 'events `snapshot` and `delta`: see the schemas Snapshot and Delta'),
      },
      preValidation: typedQuery,
    },
    async (request, reply) => {
      const viewer = new EventStream(reply)
      const stop = answered(await view.watch(watchRequest(request), viewer), reply)
      viewer.open()
      viewer.whenOver((reason) => {
        stop()
        log.debug({ by: request.caller.text, reason }, 'an event stream ended')
      })
      return reply
    },
  )
}

function watchRequest({ query, headers }: FastifyRequest<{ Querystring: Query }>) {
  const given = headers['last-event-id']
  return {
    topics: watchedTopics(query.topics),
    connections: { search: query.search },
    calls: { search: query.calls },
    limit: query.limit ?? 1000,
    lastEventId: typeof given === 'string' ? given : query.last_event_id,
  }
}

function watchedTopics(text: string | undefined): readonly Topic[] {
  if (text === undefined || text === '') return topics
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !topics.includes(name as Topic))
  if (unknown !== undefined) throw new HttpProblem(400, `topics should be some of ${topics.join(', ')}, with commas`)
  return topics.filter((topic) => names.includes(topic))
}

/** One viewer. The answer begins with the first event, so that a refusal can still be a problem document. */
class EventStream implements Viewer {
  readonly #reply: FastifyReply
  readonly #raw: ServerResponse
  #opened = false
  #over: string | undefined
  #whenOver: ((reason: string) => void) | undefined

  constructor(reply: FastifyReply) {
    this.#reply = reply
    this.#raw = reply.raw
    this.#raw.once('close', () => this.#finish('the viewer is gone'))
  }

  open(): void {
    if (this.#opened) return
    this.#opened = true
    this.#reply.hijack()
    if (this.#over !== undefined) return
    this.#raw.writeHead(200, {
      ...(this.#reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no', // nginx would keep events back until it has enough of them
    })
    this.#raw.flushHeaders()
  }

  send(text: string): boolean {
    if (this.#over !== undefined) return false
    this.open()
    return this.#raw.write(text)
  }

  /** What a slow viewer has not taken by now is given up: it will ask again from where it is. */
  end(reason: string): void {
    this.open()
    if (this.#raw.writableNeedDrain) this.#raw.destroy()
    else this.#raw.end()
    this.#finish(reason)
  }

  /** `then` is called once, also when it is over already. */
  whenOver(then: (reason: string) => void): void {
    if (this.#over === undefined) this.#whenOver = then
    else then(this.#over)
  }

  #finish(reason: string): void {
    if (this.#over !== undefined) return
    this.#over = reason
    this.#whenOver?.(reason)
  }
}
