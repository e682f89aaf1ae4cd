/** The tokens of a route script with one of them current: looks one ahead, takes what is expected, says what is there instead. */
import { Lexer, ScriptError, type Token } from './lexer.js'

export class Cursor {
  readonly #lexer: Lexer
  #current: Token | undefined
  #following: Token | undefined

  constructor(text: string) {
    this.#lexer = new Lexer(text)
  }

  get current(): Token {
    this.#current ??= this.#lexer.next()
    return this.#current
  }

  /** the one after the current one */
  get following(): Token {
    if (this.current.kind === 'end') return this.current
    this.#following ??= this.#lexer.next()
    return this.#following
  }

  advance(): void {
    this.#current = this.#following
    this.#following = undefined
  }

  is(symbol: string): boolean {
    const token = this.current
    return token.kind === 'symbol' && token.text === symbol
  }

  take(symbol: string): boolean {
    const found = this.is(symbol)
    if (found) this.advance()
    return found
  }

  isName(name: string): boolean {
    const token = this.current
    return token.kind === 'name' && token.text === name
  }

  takeName(name: string): boolean {
    const found = this.isName(name)
    if (found) this.advance()
    return found
  }

  expect(symbol: string): void {
    if (!this.take(symbol)) this.expected(symbol)
  }

  expected(what: string): never {
    this.fail(`expected ${what}, found ${described(this.current)}`)
  }

  fail(message: string): never {
    throw new ScriptError(this.current.at, message)
  }
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
