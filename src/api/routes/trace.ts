/** The trace switch and its filter over HTTP. Decides nothing itself: it checks what was asked and passes it on. */
import type { FastifyInstance } from 'fastify'
import type Type from 'typebox'
import { durationForm, maxTimerMs, parseDuration } from '../../base/duration.js'
import type { FilterMatch, RouteProblem } from '../../base/ports.js'
import { caller } from '../auth.js'
import { HttpProblem } from '../errors.js'
import type { Ports } from '../ports.js'
import { answer, FilterBody, FilterMatches, refTo, TraceRequestBody, TraceStatus } from '../schemas.js'

const tags = ['trace']

export function traceRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get(
    '/api/v1/tls_trace',
    { schema: { tags, summary: 'The state of the switch', response: answer(200, TraceStatus, 'the state') } },
    () => view.trace(),
  )

  app.put<{ Body: Type.Static<typeof TraceRequestBody> }>(
    '/api/v1/tls_trace',
    {
      schema: {
        tags,
        summary: 'Switch tracing on or off',
        body: refTo(TraceRequestBody),
        response: answer(200, TraceStatus, 'the new state'),
      },
    },
    (request) => {
      const { trace_mode, for: duration, existing = false } = request.body
      if (trace_mode === 'off' && (duration !== undefined || existing)) {
        throw new HttpProblem(400, "for and existing go with trace_mode 'on'")
      }
      const forMs = duration === undefined ? undefined : traceTime(duration)
      return control.setTrace({ trace_mode, forMs, existing, by: caller(request) })
    },
  )

  app.post<{ Body: Type.Static<typeof FilterBody> }>(
    '/api/v1/trace/filter/dry-run',
    {
      schema: {
        tags,
        summary: 'Which live connections a filter route would trace; changes nothing',
        body: refTo(FilterBody),
        response: answer(200, FilterMatches, 'the live connections with what the route says of each'),
      },
    },
    async (request) => matchesOrProblem(await view.dryRunFilter(request.body.route)),
  )

  app.put<{ Body: Type.Static<typeof FilterBody> }>(
    '/api/v1/trace/filter',
    {
      schema: {
        tags,
        summary: 'Replace the filter route; on a problem the one before stays',
        body: refTo(FilterBody),
        response: answer(200, FilterMatches, 'replaced; the live connections with what the route says of each'),
      },
    },
    async (request) => matchesOrProblem(await control.setFilter(request.body.route, caller(request))),
  )
}

function traceTime(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0 && ms <= maxTimerMs) return ms
  const detail = `for should be ${durationForm}, not 0 and not above 24 days`
  throw new HttpProblem(400, detail, { errors: [{ pointer: '/for', detail }] })
}

function matchesOrProblem(result: { matches: FilterMatch[] } | { problems: RouteProblem[] }) {
  if ('matches' in result) return { matches: result.matches.map(filterMatch) }
  const [first] = result.problems
  throw new HttpProblem(
    422,
    first === undefined ? 'the route is not valid' : `line ${first.line}, column ${first.column}: ${first.message}`,
    { errors: result.problems.map(({ line, column, message }) => ({ line, column, detail: message })) },
  )
}

function filterMatch({ id, peer, sni, traced }: FilterMatch) {
  return { conn_id: id, peer, tls_sni: sni, traced }
}
