/**
 * Route script, parsed by recursive descent. Syntax ends at its first mistake; names and patterns are all checked,
 * so that one look shows every one of them. It runs nothing. The language: `docs/route-script.md`.
 */
import { comparison, type Operator, type Placed } from './comparison.js'
import { Lexer, ScriptError, type Token } from './lexer.js'
import type { Branch, Call, Expression, LogLevel, Route, Statement } from './script.js'
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
  const parser = new Parser(text)
  try {
    return { routes: parser.text(name), problems: parser.problems }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    return { routes: [], problems: [...parser.problems, { at: error.at, message: error.message }] }
  }
}

/** of characters; filters have some dozen lines */
const maxText = 65_536
/** More help nobody. */
const maxProblems = 50
/** Nobody writes this; without a limit, a text of brackets would exhaust the stack. */
const maxDepth = 64

class Parser {
  readonly problems: ScriptProblem[] = []
  readonly #lexer: Lexer
  #current: Token | undefined
  #ahead: Token | undefined
  #depth = 0
  /** of the route being parsed */
  #calls: Call[] = []

  constructor(text: string) {
    this.#lexer = new Lexer(text)
  }

  text(name: string): Route[] {
    const routes = this.#beginsRoute() ? this.#wrappedRoutes(name) : [this.#bareRoute(name)]
    const main = routes.findIndex((route) => route.name === name)
    return main < 1 ? routes : [routes[main]!, ...routes.toSpliced(main, 1)]
  }

  #bareRoute(name: string): Route {
    const body: Statement[] = []
    while (this.#token.kind !== 'end') {
      if (this.#beginsRoute()) this.#fail('a text holds either statements or whole routes')
      body.push(this.#statement())
    }
    return { name, body, calls: this.#takeCalls() }
  }

  #wrappedRoutes(name: string): Route[] {
    const routes: Route[] = []
    while (this.#token.kind !== 'end') {
      if (!this.#beginsRoute()) this.#fail('statements outside of route[…] { … } are never run')
      const { at } = this.#token
      const route = this.#wrappedRoute(name)
      if (routes.some((other) => other.name === route.name)) this.#report(at, `route ${route.name} is defined twice`)
      routes.push(route)
    }
    return routes
  }

  /** `route[name] { … }`, and `route { … }`, which has no name of its own. */
  #wrappedRoute(unnamed: string): Route {
    this.#advance()
    let name = unnamed
    if (this.#take('[')) {
      name = this.#routeName()
      this.#expect(']')
    }
    const body = this.#block()
    return { name, body, calls: this.#takeCalls() }
  }

  #statement(): Statement {
    if (this.#take(';')) return { kind: 'block', body: [] }
    if (this.#is('{')) return { kind: 'block', body: this.#nested(() => this.#block()) }
    const token = this.#token
    if (token.kind !== 'name') return this.#fail(`expected a statement, found ${described(token)}`)
    switch (token.text) {
      case 'if':
        return this.#nested(() => this.#if())
      case 'exit':
      case 'drop':
        this.#advance()
        this.#emptyParentheses()
        this.#expect(';')
        return { kind: token.text }
      case 'return':
        return this.#return()
      case 'route':
        return this.#callStatement()
      case 'xlog':
        return this.#xlog()
      default:
        return this.#fail(unknownStatement(token.text))
    }
  }

  #block(): Statement[] {
    const { at } = this.#token
    this.#expect('{')
    const body: Statement[] = []
    while (!this.#take('}')) {
      if (this.#token.kind === 'end') throw new ScriptError(at, 'this block is not closed: } is missing')
      body.push(this.#statement())
    }
    return body
  }

  /** A chain of `else if` is one statement with many branches, so that a long one is not a deep one. */
  #if(): Statement {
    const branches: Branch[] = []
    while (this.#takeName('if')) {
      const condition = this.#expression()
      branches.push({ condition, body: this.#statement() })
      if (!this.#takeName('else')) return { kind: 'if', branches, otherwise: undefined }
    }
    return { kind: 'if', branches, otherwise: this.#statement() }
  }

  #return(): Statement {
    this.#advance()
    const parenthesis = this.#take('(')
    const value = this.#isNumber() ? this.#number() : 1
    if (parenthesis) this.#expect(')')
    this.#expect(';')
    return { kind: 'return', value }
  }

  #callStatement(): Statement {
    const call = this.#call()
    this.#expect(';')
    return { kind: 'call', call }
  }

  #call(): Call {
    const { at } = this.#token
    this.#advance()
    this.#expect('(')
    const call: Call = { name: this.#routeName(), at, route: undefined }
    this.#expect(')')
    this.#calls.push(call)
    return call
  }

  /** `xlog("text")` and `xlog("L_INFO", "text")` */
  #xlog(): Statement {
    this.#advance()
    this.#expect('(')
    let level: LogLevel = 'info'
    if (this.#following.kind === 'symbol' && this.#following.text === ',') {
      level = this.#logLevel()
      this.#expect(',')
    }
    const token = this.#token
    if (token.kind !== 'text') return this.#fail(`expected a text in quotes, found ${described(token)}`)
    this.#advance()
    this.#expect(')')
    this.#expect(';')
    return { kind: 'xlog', level, parts: templateParts(token.value, token.at, this.#report) }
  }

  #logLevel(): LogLevel {
    const token = this.#token
    const word = token.kind === 'name' ? token.text : token.kind === 'text' ? token.value : ''
    const level = logLevels.get(word)
    if (level === undefined) this.#report(token.at, `unknown log level${didYouMean(word, logLevels.keys())}`)
    this.#advance()
    return level ?? 'info'
  }

  #expression(): Expression {
    const any = [this.#conjunction()]
    while (this.#take('||') || this.#takeName('or')) any.push(this.#conjunction())
    return any.length === 1 ? any[0]! : { kind: 'or', any }
  }

  #conjunction(): Expression {
    const all = [this.#condition()]
    while (this.#take('&&') || this.#takeName('and')) all.push(this.#condition())
    return all.length === 1 ? all[0]! : { kind: 'and', all }
  }

  /** `!` binds looser than a comparison: `! $si == "…"` could mean nothing else. */
  #condition(): Expression {
    if (this.#take('!') || this.#takeName('not')) return { kind: 'not', operand: this.#nested(() => this.#condition()) }
    if (this.#take('(')) {
      const inner = this.#nested(() => this.#expression())
      this.#expect(')')
      return inner
    }
    if (this.#isName('route')) return { kind: 'call', call: this.#call() }
    const left = this.#operand()
    const token = this.#token
    if (token.kind !== 'symbol' || !comparisons.has(token.text)) return { kind: 'truth', operand: left.value }
    this.#advance()
    return comparison(left, token.text as Operator, this.#operand(), this.#report)
  }

  #operand(): Placed {
    const token = this.#token
    const { at } = token
    if (this.#isNumber()) return { at, value: this.#number() }
    switch (token.kind) {
      case 'variable':
        this.#advance()
        return { at, value: resolveVariable(token.name, at, this.#report) }
      case 'text':
        this.#advance()
        return { at, value: token.value }
      case 'name':
        return this.#fail(strayName(token.text))
      default:
        return this.#fail(`expected a variable or a value, found ${described(token)}`)
    }
  }

  #routeName(): string {
    const token = this.#token
    if (token.kind !== 'name' && token.kind !== 'text' && token.kind !== 'number') {
      return this.#fail(`expected the name of a route, found ${described(token)}`)
    }
    this.#advance()
    return token.kind === 'name' ? token.text : String(token.value)
  }

  #isNumber(): boolean {
    return this.#token.kind === 'number' || (this.#is('-') && this.#following.kind === 'number')
  }

  #number(): number {
    const negative = this.#take('-')
    const token = this.#token
    this.#advance()
    return token.kind === 'number' && negative ? -token.value : token.kind === 'number' ? token.value : 0
  }

  #emptyParentheses(): void {
    if (this.#take('(')) this.#expect(')')
  }

  #beginsRoute(): boolean {
    const next = this.#isName('route') ? this.#following : undefined
    return next?.kind === 'symbol' && (next.text === '[' || next.text === '{')
  }

  #takeCalls(): Call[] {
    const calls = this.#calls
    this.#calls = []
    return calls
  }

  get #token(): Token {
    this.#current ??= this.#lexer.next()
    return this.#current
  }

  get #following(): Token {
    if (this.#token.kind === 'end') return this.#token
    this.#ahead ??= this.#lexer.next()
    return this.#ahead
  }

  #advance(): void {
    this.#current = this.#ahead
    this.#ahead = undefined
  }

  #is(symbol: string): boolean {
    const token = this.#token
    return token.kind === 'symbol' && token.text === symbol
  }

  #take(symbol: string): boolean {
    const found = this.#is(symbol)
    if (found) this.#advance()
    return found
  }

  #isName(name: string): boolean {
    const token = this.#token
    return token.kind === 'name' && token.text === name
  }

  #takeName(name: string): boolean {
    const found = this.#isName(name)
    if (found) this.#advance()
    return found
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) this.#fail(`expected ${symbol}, found ${described(this.#token)}`)
  }

  #nested<T>(inner: () => T): T {
    if (++this.#depth > maxDepth) this.#fail(`nested more than ${maxDepth} deep`)
    const result = inner()
    this.#depth--
    return result
  }

  #report: Report = (at, message) => {
    if (this.problems.length === maxProblems) throw new ScriptError(at, 'too many problems')
    this.problems.push({ at, message })
  }

  #fail(message: string): never {
    throw new ScriptError(this.#token.at, message)
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

function described(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the text'
    case 'text':
      return 'a text'
    case 'number':
      return String(token.value)
    case 'variable':
      return `$${token.name}`
    default:
      return token.text
  }
}
