/** The filter route over HTTP: shown, tried on the live connections, replaced, and put back. */
import type { FastifyInstance } from 'fastify'
import type Type from 'typebox'
import type { DryRun, FilterMatch, RouteProblem } from '../../base/ports.js'
import { caller } from '../caller.js'
import { HttpProblem } from '../errors.js'
import { indented } from '../layout.js'
import type { Ports } from '../ports.js'
import { answer, DryRunBody, FilterBody, FilterMatches, FilterView, refTo } from '../schemas.js'
import { type AskedScope, scopeAnswered, traceScope } from './trace.js'

const tags = ['trace']
const path = '/api/v1/trace/filter'

export function filterRoutes(app: FastifyInstance, { view, control }: Ports): void {
  app.get(
    path,
    {
      config: { scope: 'read' },
      schema: { tags, summary: 'The filter and its text', response: answer(200, FilterView, 'the filter') },
      onSend: indented,
    },
    () => view.filter(),
  )

  app.post<{ Body: { readonly route?: string; readonly scope?: AskedScope } }>(
    `${path}/dry-run`,
    {
      // it changes nothing, but runs patterns of the caller's making over every connection
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Which live connections a filter route and a scope would trace, and why; changes nothing',
        body: refTo(DryRunBody),
        response: answer(200, FilterMatches, 'how many, and what is said of the first ones'),
      },
    },
    async ({ body: { route, scope } }, reply) =>
      dryRunBody(scopeAnswered(await view.dryRunFilter(route, traceScope(scope)), reply)),
  )

  app.put<{ Body: Type.Static<typeof FilterBody> }>(
    path,
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Replace the filter route; on a problem the one before stays',
        body: refTo(FilterBody),
        response: answer(200, FilterMatches, 'replaced; what it says of the live connections'),
      },
    },
    async (request) => dryRunBody(await control.setFilter(request.body.route, caller(request))),
  )

  app.delete(
    path,
    {
      config: { scope: 'control' },
      schema: {
        tags,
        summary: 'Back to the filter of the configuration',
        response: answer(200, FilterView, 'the filter that is used now'),
      },
      onSend: indented,
    },
    (request) => control.resetFilter(caller(request)),
  )
}

function dryRunBody(result: DryRun | { problems: RouteProblem[] }) {
  if ('matches' in result) return { ...result, matches: result.matches.map(matchBody) }
  const [first] = result.problems
  throw new HttpProblem(
    422,
    first === undefined ? 'the route is not valid' : `line ${first.line}, column ${first.column}: ${first.message}`,
    { errors: result.problems.map(({ line, column, message }) => ({ line, column, detail: message })) },
  )
}

function matchBody({ id, peer, sni, traced, why }: FilterMatch) {
  return { conn_id: id, peer, tls_sni: sni, traced, why }
}
