/**
 * The route named by `trace_filter_route`, with the routes it calls, as one text under `routes:`. The text stays as it
 * stands; what our filters do not know in it is noted, each with its line.
 */
import { unknownConstructs } from './constructs.js'
import type { Draft } from './draft.js'
import type { Notes } from './notes.js'
import type { Source } from './source.js'
import type { Route } from './statements.js'

/** `at`: where the filter route is named. */
export function addFilter(
  { name, at }: { readonly name: string; readonly at: number },
  routes: readonly Route[],
  source: Source,
  draft: Draft,
  notes: Notes,
): void {
  const key = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d|$)/, '_')
  draft.proto_tls.trace_filter_route = key
  if (key !== name) notes.add(at, `the filter route ${name} is called ${key} under routes`)
  const pieces = withCalled(name, routes)
  if (pieces.length === 0) {
    notes.add(at, `there is no route ${name}: write it under routes, or take trace_filter_route away to trace all`)
    return
  }
  draft.routes[key] = `${pieces.map((route) => source.text.slice(route.at, route.end)).join('\n')}\n`
  const unknown = unknownConstructs(draft.routes[key], key)
  for (const [where, problem] of unknown) notes.add(inSource(where, pieces), `filter route: ${problem}`)
  if (unknown.size > 0)
    notes.addGeneral(`To be changed: routes.${key} is as it was, and not all of it is a filter here.`)
}

/** The route first, then those it calls, and those they call. */
function withCalled(name: string, routes: readonly Route[]): Route[] {
  const byName = new Map(routes.flatMap((route) => (route.type === 'route' ? [[route.name, route] as const] : [])))
  const found = new Set<Route>()
  const names = [name]
  for (const next of names) {
    const route = byName.get(next)
    if (route === undefined || found.has(route)) continue
    found.add(route)
    names.push(...calledBy(route))
  }
  return [...found]
}

function calledBy({ body }: Route): string[] {
  return body.flatMap(({ kind, value }, i) =>
    kind === 'word' && value === 'route' && body[i + 1]?.value === '(' ? (body[i + 2]?.value ?? []) : [],
  )
}

function inSource(where: number, pieces: readonly Route[]): number {
  let before = 0
  for (const { at, end } of pieces) {
    if (where - before <= end - at) return at + where - before
    before += end - at + 1
  }
  return pieces.at(-1)!.end
}
