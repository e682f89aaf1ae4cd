/**
 * The route named by `trace_filter_route`, with the routes it calls, as one text under `routes:`. The text stays as it
 * stands; what our filters do not know in it is noted, each with its line.
 */
import { compileRoutes } from '../../trace/filter/routes.js'
import type { Draft } from './draft.js'
import type { Notes } from './notes.js'
import type { Source } from './source.js'
import type { Route } from './statements.js'
import { type Token, tokenize } from './tokens.js'

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

/** More than anybody reads. */
const maxRounds = 50

/**
 * Offset and problem of everything a filter cannot have. A parser stops at the first thing it does not understand, so
 * that is blanked out and the rest is read again.
 */
function unknownConstructs(text: string, name: string): Map<number, string> {
  const found = new Map<number, string>()
  let rest = text
  for (let round = 0; round < maxRounds; round++) {
    const compiled = compileRoutes({ [name]: rest }, name)
    if ('filter' in compiled) break
    const before = rest
    for (const { line, column, message } of compiled.problems) {
      const at = offsetOf(rest, line, column)
      if (!found.has(at)) found.set(at, message)
      rest = withoutConstruct(rest, at)
    }
    if (rest === before) break
  }
  return found
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0
  for (let i = 1; i < line; i++) start = text.indexOf('\n', start) + 1
  return start + column - 1
}

/** The condition or statement around an offset replaced by one that says nothing, of the same length. */
function withoutConstruct(text: string, at: number): string {
  const tokens = tokenize(text)
  const stopped = tokens.findIndex((token) => token.end > at)
  if (stopped < 0) return text
  const open = openParentheses(tokens, stopped)
  const [first] = open
  if (first !== undefined && tokens[first - 1]?.value === 'if') {
    return blanked(text, tokens[first]!.end, tokens[closing(tokens, first)]?.start ?? text.length, '1')
  }
  const begin = statementBegin(tokens, first ?? stopped)
  if (tokens[begin]!.value === 'route' && !isSymbol(tokens[begin + 1], '(')) return text // the head of a route
  return blanked(text, tokens[begin]!.start, tokens[statementEnd(tokens, begin)]?.end ?? text.length, ';')
}

function blanked(text: string, from: number, to: number, instead: string): string {
  if (from >= to) return text
  const blank = text.slice(from + instead.length, to).replace(/[^\n]/g, ' ')
  return text.slice(0, from) + instead + blank + text.slice(to)
}

/** Indexes of the parentheses that are open before token `until`, outermost first. */
function openParentheses(tokens: readonly Token[], until: number): number[] {
  const open: number[] = []
  for (let i = 0; i < until; i++) {
    if (isSymbol(tokens[i], '(')) open.push(i)
    if (isSymbol(tokens[i], ')')) open.pop()
  }
  return open
}

/** Of the parenthesis or brace that opens at `from`: the index of the other one. */
function closing(tokens: readonly Token[], from: number): number {
  const [opening, ending] = isSymbol(tokens[from], '(') ? ['(', ')'] : ['{', '}']
  let depth = 0
  for (let i = from; i < tokens.length; i++) {
    if (isSymbol(tokens[i], opening!)) depth++
    if (isSymbol(tokens[i], ending!) && --depth === 0) return i
  }
  return tokens.length
}

function statementBegin(tokens: readonly Token[], from: number): number {
  let i = from
  while (i > 0 && !endsBefore(tokens, i - 1)) i--
  return i
}

/** Whether a statement can begin behind token `i`. */
function endsBefore(tokens: readonly Token[], i: number): boolean {
  const token = tokens[i]!
  if (token.kind === 'word') return token.value === 'else'
  if (token.kind !== 'symbol') return false
  if (token.value !== ')') return [';', '{', '}'].includes(token.value)
  const opened = openParentheses(tokens, i).at(-1)
  return opened !== undefined && tokens[opened - 1]?.value === 'if'
}

/** A statement of an unknown kind ends with its semicolon or with its block. */
function statementEnd(tokens: readonly Token[], begin: number): number {
  for (let i = begin; i < tokens.length; i++) {
    if (isSymbol(tokens[i], ';')) return i
    if (isSymbol(tokens[i], '(') || isSymbol(tokens[i], '{')) {
      const braces = isSymbol(tokens[i], '{')
      i = closing(tokens, i)
      if (braces) return i
    }
    if (isSymbol(tokens[i], '}')) return i - 1
  }
  return tokens.length
}

function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.value === symbol
}
