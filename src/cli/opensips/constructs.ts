/**
 * What a filter route of OpenSIPS has and ours cannot have, all of it. The parser stops at the first thing it does not
 * understand; here that is blanked out, and the rest is parsed again.
 */
import { compileRoutes } from '../../trace/filter/routes.js'
import { type Token, tokenize } from './tokens.js'

/** Offset and problem of each. `name`: the route that is the filter. */
export function unknownConstructs(text: string, name: string): Map<number, string> {
  const found = new Map<number, string>()
  let rest = text
  while (found.size < enough) {
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

/** More than anybody reads. */
const enough = 50

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
