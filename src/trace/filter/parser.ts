/**
 * Route script, parsed by recursive descent. Syntax ends at its first mistake; names and patterns are all checked,
 * so that one look shows every one of them. It runs nothing. The language: `docs/route-script.md`.
 */
import { comparison, type Operator, type Placed } from './comparison.js'
import { Cursor } from './cursor.js'
import { ScriptError } from './lexer.js'
import type { Branch, Call, Expression, LogLevel, Route, Source, Statement } from './script.js'
import { didYouMean } from './suggest.js'
import { type Report, resolveVariable, templateParts } from './template.js'

export interface ParsedText {
  /** the route named as asked for, then the others of the text */
  readonly routes: readonly Route[]
  readonly problems: readonly ScriptProblem[]
}

export interface ScriptProblem {
  /** offset into the text */
  readonly at: number
  readonly message: string
}

/** `text` holds the statements of route `name`, or whole `route[…] { … }` as pasted from an OpenSIPS script. */
export function parseText(text: string, name: string): ParsedText {
  if (text.length > maxText) return { routes: [], problems: [{ at: 0, message: `longer than ${maxText} characters` }] }
  const parser = new Parser({ name, text })
  try {
    return { routes: parser.routes(), problems: parser.problems }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    return { routes: [], problems: [...parser.problems, { at: error.at, message: error.message }] }
  }
}

/** of characters; filters have some dozen lines */
const maxText = 65_536
/** of one text; more help nobody */
export const maxProblems = 50
/** Nobody writes this; without a limit, a text of brackets would exhaust the stack. */
const maxDepth = 64

class Parser {
  readonly problems: ScriptProblem[] = []
  readonly #source: Source
  readonly #tokens: Cursor
  #depth = 0
  /** of the route being parsed */
  #calls: Call[] = []

  constructor(source: Source) {
    this.#source = source
    this.#tokens = new Cursor(source.text)
  }

  routes(): Route[] {
    const { name } = this.#source
    const routes = this.#beginsRoute() ? this.#wrappedRoutes(name) : [this.#bareRoute(name)]
    const main = routes.findIndex((route) => route.name === name)
    return main < 1 ? routes : [routes[main]!, ...routes.toSpliced(main, 1)]
  }

  #bareRoute(name: string): Route {
    const body: Statement[] = []
    while (this.#tokens.current.kind !== 'end') {
      if (this.#beginsRoute()) this.#tokens.fail('a text holds either statements or whole routes')
      body.push(this.#statement())
    }
    return { name, body, calls: this.#takeCalls() }
  }

  #wrappedRoutes(name: string): Route[] {
    const routes: Route[] = []
    while (this.#tokens.current.kind !== 'end') {
      if (!this.#beginsRoute()) this.#tokens.fail('statements outside of route[…] { … } are never run')
      const { at } = this.#tokens.current
      const route = this.#wrappedRoute(name)
      if (routes.some((other) => other.name === route.name)) this.#report(at, `route ${route.name} is defined twice`)
      routes.push(route)
    }
    return routes
  }

  /** `route[name] { … }`, and `route { … }`, which has no name of its own. */
  #wrappedRoute(unnamed: string): Route {
    this.#tokens.advance()
    let name = unnamed
    if (this.#tokens.take('[')) {
      name = this.#routeName()
      this.#tokens.expect(']')
    }
    const body = this.#block()
    return { name, body, calls: this.#takeCalls() }
  }

  #statement(): Statement {
    if (this.#tokens.take(';')) return { kind: 'block', body: [] }
    if (this.#tokens.is('{')) return { kind: 'block', body: this.#nested(() => this.#block()) }
    const token = this.#tokens.current
    if (token.kind !== 'name') return this.#tokens.expected('a statement')
    switch (token.text) {
      case 'if':
        return this.#nested(() => this.#if())
      case 'exit':
      case 'drop':
        this.#tokens.advance()
        this.#emptyParentheses()
        this.#tokens.expect(';')
        return { kind: token.text, at: token.at, source: this.#source }
      case 'return':
        return this.#return(token.at)
      case 'route':
        return this.#callStatement()
      case 'xlog':
        return this.#xlog()
      default:
        return this.#tokens.fail(unknownStatement(token.text))
    }
  }

  #block(): Statement[] {
    const { at } = this.#tokens.current
    this.#tokens.expect('{')
    const body: Statement[] = []
    while (!this.#tokens.take('}')) {
      if (this.#tokens.current.kind === 'end') throw new ScriptError(at, 'this block is not closed: } is missing')
      body.push(this.#statement())
    }
    return body
  }

  /** A chain of `else if` is one statement with many branches, so that a long one is not a deep one. */
  #if(): Statement {
    const branches: Branch[] = []
    while (this.#tokens.takeName('if')) {
      const condition = this.#expression()
      branches.push({ condition, body: this.#statement() })
      if (!this.#tokens.takeName('else')) return { kind: 'if', branches, otherwise: undefined }
    }
    return { kind: 'if', branches, otherwise: this.#statement() }
  }

  #return(at: number): Statement {
    this.#tokens.advance()
    const parenthesis = this.#tokens.take('(')
    const value = this.#isNumber() ? this.#number() : 1
    if (parenthesis) this.#tokens.expect(')')
    this.#tokens.expect(';')
    return { kind: 'return', value, at, source: this.#source }
  }

  #callStatement(): Statement {
    const call = this.#call()
    this.#tokens.expect(';')
    return { kind: 'call', call }
  }

  #call(): Call {
    const { at } = this.#tokens.current
    this.#tokens.advance()
    this.#tokens.expect('(')
    const call: Call = { name: this.#routeName(), at, route: undefined }
    this.#tokens.expect(')')
    this.#calls.push(call)
    return call
  }

  /** `xlog("text")` and `xlog("L_INFO", "text")` */
  #xlog(): Statement {
    this.#tokens.advance()
    this.#tokens.expect('(')
    let level: LogLevel = 'info'
    if (this.#tokens.following.kind === 'symbol' && this.#tokens.following.text === ',') {
      level = this.#logLevel()
      this.#tokens.expect(',')
    }
    const token = this.#tokens.current
    if (token.kind !== 'text') return this.#tokens.expected('a text in quotes')
    this.#tokens.advance()
    this.#tokens.expect(')')
    this.#tokens.expect(';')
    return { kind: 'xlog', level, parts: templateParts(token.value, token.at, this.#report) }
  }

  #logLevel(): LogLevel {
    const token = this.#tokens.current
    const word = token.kind === 'name' ? token.text : token.kind === 'text' ? token.value : ''
    const level = logLevels.get(word)
    if (level === undefined) this.#report(token.at, `unknown log level${didYouMean(word, logLevels.keys())}`)
    this.#tokens.advance()
    return level ?? 'info'
  }

  #expression(): Expression {
    const any = [this.#conjunction()]
    while (this.#tokens.take('||') || this.#tokens.takeName('or')) any.push(this.#conjunction())
    return any.length === 1 ? any[0]! : { kind: 'or', any }
  }

  #conjunction(): Expression {
    const all = [this.#condition()]
    while (this.#tokens.take('&&') || this.#tokens.takeName('and')) all.push(this.#condition())
    return all.length === 1 ? all[0]! : { kind: 'and', all }
  }

  /** `!` binds looser than a comparison: `! $si == "…"` could mean nothing else. */
  #condition(): Expression {
    if (this.#tokens.take('!') || this.#tokens.takeName('not'))
      return { kind: 'not', operand: this.#nested(() => this.#condition()) }
    if (this.#tokens.take('(')) {
      const inner = this.#nested(() => this.#expression())
      this.#tokens.expect(')')
      return inner
    }
    if (this.#tokens.isName('route')) return { kind: 'call', call: this.#call() }
    const left = this.#operand()
    const token = this.#tokens.current
    if (token.kind !== 'symbol' || !comparisons.has(token.text)) return { kind: 'truth', operand: left.value }
    this.#tokens.advance()
    return comparison(left, token.text as Operator, this.#operand(), this.#report)
  }

  #operand(): Placed {
    const token = this.#tokens.current
    const { at } = token
    if (this.#isNumber()) return { at, value: this.#number() }
    switch (token.kind) {
      case 'variable':
        this.#tokens.advance()
        return { at, value: resolveVariable(token.name, at, this.#report) }
      case 'text':
        this.#tokens.advance()
        return { at, value: token.value }
      case 'name':
        return this.#tokens.fail(strayName(token.text))
      default:
        return this.#tokens.expected('a variable or a value')
    }
  }

  #routeName(): string {
    const token = this.#tokens.current
    if (token.kind !== 'name' && token.kind !== 'text' && token.kind !== 'number') {
      return this.#tokens.expected('the name of a route')
    }
    this.#tokens.advance()
    return token.kind === 'name' ? token.text : String(token.value)
  }

  #isNumber(): boolean {
    return this.#tokens.current.kind === 'number' || (this.#tokens.is('-') && this.#tokens.following.kind === 'number')
  }

  #number(): number {
    const sign = this.#tokens.take('-') ? -1 : 1
    const token = this.#tokens.current
    if (token.kind !== 'number') return this.#tokens.expected('a number')
    this.#tokens.advance()
    return sign * token.value
  }

  #emptyParentheses(): void {
    if (this.#tokens.take('(')) this.#tokens.expect(')')
  }

  #beginsRoute(): boolean {
    const next = this.#tokens.isName('route') ? this.#tokens.following : undefined
    return next?.kind === 'symbol' && (next.text === '[' || next.text === '{')
  }

  #takeCalls(): Call[] {
    const calls = this.#calls
    this.#calls = []
    return calls
  }

  #nested<T>(inner: () => T): T {
    if (++this.#depth > maxDepth) this.#tokens.fail(`nested more than ${maxDepth} deep`)
    const result = inner()
    this.#depth--
    return result
  }

  #report: Report = (at, message) => {
    if (this.problems.length === maxProblems) throw new ScriptError(at, 'too many problems')
    this.problems.push({ at, message })
  }
}

const comparisons = new Set(['==', '!=', '<', '>', '<=', '>=', '=~', '!~'])
const statements = ['if', 'exit', 'drop', 'return', 'route', 'xlog']
const loops = new Set(['while', 'for', 'switch', 'break'])
/** OpenSIPS writes these without `$` */
const bareNames: Readonly<Record<string, string>> = {
  src_ip: '$si',
  src_port: '$sp',
  dst_ip: '$Ri',
  dst_port: '$Rp',
  proto: '$pr',
  null: '$null',
  NULL: '$null',
}

const logLevels: ReadonlyMap<string, LogLevel> = new Map([
  ['L_ALERT', 'error'],
  ['L_CRIT', 'error'],
  ['L_ERR', 'error'],
  ['L_WARN', 'warn'],
  ['L_NOTICE', 'info'],
  ['L_INFO', 'info'],
  ['L_DBG', 'debug'],
])

function unknownStatement(word: string): string {
  if (word === 'else') return 'else without if'
  if (loops.has(word)) return `${word} is not part of a filter: it has no loops, so that it always ends`
  return `${word}: unknown statement${didYouMean(word, statements)}`
}

function strayName(name: string): string {
  const meant = Object.hasOwn(bareNames, name) ? bareNames[name] : undefined
  return meant === undefined ? `expected a variable or a value, found ${name}` : `write ${meant} for ${name}`
}
