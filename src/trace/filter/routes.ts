/**
 * Route texts → one filter, or every problem with its line and column. Links the calls between routes and refuses
 * recursion, so that what comes out runs and ends. Runs nothing itself.
 */
import type { RouteProblem } from '../../base/ports.js'
import { maxProblems, type ParsedText, parseText, type ScriptProblem } from './parser.js'
import { FilterRoute } from './run.js'
import { lineAt, type Route } from './script.js'
import { didYouMean } from './suggest.js'

/**
 * `routes`: the texts under `routes:` by name; `main`: the one that is the filter. All are checked, also those the
 * filter never calls. The problems of other texts than `main` say whose they are.
 */
export function compileRoutes(
  routes: Readonly<Record<string, string>>,
  main: string,
): { filter: FilterRoute } | { problems: RouteProblem[] } {
  if (!Object.hasOwn(routes, main)) {
    const message = `there is no route ${main}${didYouMean(main, Object.keys(routes))}`
    return { problems: [{ line: 1, column: 1, message }] }
  }
  const texts = new Map(Object.entries(routes).map(([name, text]) => [name, parseText(text, name)]))
  const found = [...misread(texts), ...link(texts), ...recursions(texts)]
  const problems = [...texts.keys()].flatMap((name) => {
    const inText = found.filter((one) => one.name === name).map((one) => one.problem)
    return inText
      .toSorted((a, b) => a.at - b.at)
      .slice(0, maxProblems)
      .map((problem) => placed(problem, routes[name]!, name === main ? undefined : name))
  })
  const route = texts.get(main)?.routes[0]
  return route === undefined || problems.length > 0 ? { problems } : { filter: new FilterRoute(route) }
}

type Texts = ReadonlyMap<string, ParsedText>

interface Found {
  /** of the text */
  readonly name: string
  readonly problem: ScriptProblem
}

function misread(texts: Texts): Found[] {
  return [...texts].flatMap(([name, { problems }]) => problems.map((problem) => ({ name, problem })))
}

/** Gives every call its route: one of the same text first, then the text of that name. Says which have none. */
function link(texts: Texts): Found[] {
  const problems: Found[] = []
  for (const [name, { routes }] of texts) {
    for (const call of routes.flatMap((route) => route.calls)) {
      call.route = routes.find((route) => route.name === call.name) ?? texts.get(call.name)?.routes[0]
      if (call.route !== undefined || texts.has(call.name) || problems.length >= maxProblems) continue
      const near = didYouMean(call.name, [...routes.map((route) => route.name), ...texts.keys()])
      problems.push({ name, problem: { at: call.at, message: `there is no route ${call.name}${near}` } })
    }
  }
  return problems
}

/** The calls that close a circle, found depth first. */
function recursions(texts: Texts): Found[] {
  const problems: Found[] = []
  const open = new Set<Route>()
  const done = new Set<Route>()
  const owners = new Map([...texts].flatMap(([name, { routes }]) => routes.map((route) => [route, name] as const)))
  const visit = (route: Route): void => {
    open.add(route)
    for (const call of route.calls) {
      if (call.route === undefined || done.has(call.route)) continue
      if (!open.has(call.route)) visit(call.route)
      else {
        const message = `route ${call.name} would call itself: a filter always ends`
        problems.push({ name: owners.get(route)!, problem: { at: call.at, message } })
      }
    }
    open.delete(route)
    done.add(route)
  }
  for (const route of owners.keys()) if (!done.has(route)) visit(route)
  return problems
}

/** Lines and columns count from 1, columns in UTF-16 code units as editors do. */
function placed({ at, message }: ScriptProblem, text: string, route: string | undefined): RouteProblem {
  return {
    line: lineAt(text, at),
    column: at - text.slice(0, at).lastIndexOf('\n'),
    message: route === undefined ? message : `route ${route}: ${message}`,
  }
}
