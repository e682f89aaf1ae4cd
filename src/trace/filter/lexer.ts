/**
 * Route script as tokens, one at a time: names, variables, texts, numbers, symbols. Skips comments and spaces.
 * Knows no grammar and no variable; a place is an offset into the text.
 */

export type Token =
  | { readonly kind: 'name'; readonly at: number; readonly text: string }
  | { readonly kind: 'variable'; readonly at: number; readonly name: string }
  | { readonly kind: 'text'; readonly at: number; readonly value: string }
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'symbol'; readonly at: number; readonly text: string }
  | { readonly kind: 'end'; readonly at: number }

/** Something wrong with the script, and where. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError'
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** longer ones first */
const symbols = '== != <= >= =~ !~ && || < > ! - ( ) { } [ ] ; ,'.split(' ')
const spaces = /[ \t\r\n\f\v\ufeff]+/y
const lineComment = /(?:#|\/\/)[^\n]*/y
const word = /[A-Za-z_][A-Za-z0-9_]*/y
const digits = /[0-9]+/y
/** `$name`, `$name(arg)`, `$(name)`, `$(name(arg))` */
const variable = /\$(?:([A-Za-z_][\w.]*(?:\([\w.-]*\))?)|\(([A-Za-z_][\w.]*(?:\([\w.-]*\))?)\))/y
/** A number has to stay exact. */
const maxDigits = 15

export class Lexer {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next token; `end` again and again after the last. Throws ScriptError. */
  next(): Token {
    this.#skip()
    const at = this.#at
    if (at === this.#text.length) return { kind: 'end', at }
    const first = this.#text[at]!
    if (first === '"' || first === "'") return { kind: 'text', at, value: this.#quoted(first) }
    if (first === '$') return { kind: 'variable', at, name: this.#variable() }
    const name = this.#take(word)
    if (name !== undefined) return { kind: 'name', at, text: name }
    const number = this.#take(digits)
    if (number !== undefined) {
      if (/[.:]/.test(this.#text[this.#at] ?? '')) throw new ScriptError(at, quoteAddresses)
      return { kind: 'number', at, value: numberOf(number, at) }
    }
    const symbol = symbols.find((s) => this.#text.startsWith(s, at))
    if (symbol === undefined) throw new ScriptError(at, strange(first))
    this.#at += symbol.length
    return { kind: 'symbol', at, text: symbol }
  }

  #skip(): void {
    while (this.#take(spaces) !== undefined || this.#take(lineComment) !== undefined || this.#blockComment());
  }

  #blockComment(): boolean {
    if (!this.#text.startsWith('/*', this.#at)) return false
    const end = this.#text.indexOf('*/', this.#at + 2)
    if (end < 0) throw new ScriptError(this.#at, 'this comment is not closed: */ is missing')
    this.#at = end + 2
    return true
  }

  #variable(): string {
    const name = variableAt(this.#text, this.#at)
    if (name === undefined) {
      throw new ScriptError(
        this.#at,
        'a variable is $name, $name(argument) or $(name); transformations are not part of a filter',
      )
    }
    this.#at = name.end
    return name.name
  }

  /** As in OpenSIPS a backslash that begins no known escape stays: patterns need no doubled ones. */
  #quoted(quote: string): string {
    const start = this.#at
    let value = ''
    let from = start + 1
    for (let i = from; i < this.#text.length; i++) {
      const c = this.#text[i]!
      if (c === '\n') break
      if (c === quote) {
        this.#at = i + 1
        return value + this.#text.slice(from, i)
      }
      if (c !== '\\' || this.#text[i + 1] === '\n') continue
      const escaped = escapes[this.#text[i + 1] ?? '']
      i++
      if (escaped === undefined) continue
      value += this.#text.slice(from, i - 1) + escaped
      from = i + 1
    }
    throw new ScriptError(start, `this text is not closed: ${quote} is missing on its line`)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }
}

const escapes: Readonly<Record<string, string>> = { '"': '"', "'": "'", '\\': '\\', n: '\n', r: '\r', t: '\t' }

/** The variable written at `at`, without `$` and outer parentheses: `socket_in(ip)`. */
export function variableAt(text: string, at: number): { readonly name: string; readonly end: number } | undefined {
  variable.lastIndex = at
  const found = variable.exec(text)
  if (found === null) return undefined
  return { name: (found[1] ?? found[2])!, end: at + found[0].length }
}

const quoteAddresses = 'an address stands in quotes: "192.0.2.1"'

function numberOf(text: string, at: number): number {
  if (text.length > maxDigits) throw new ScriptError(at, 'this number is too large')
  return Number(text)
}

function strange(character: string): string {
  switch (character) {
    case '=':
      return 'use == to compare; a filter assigns nothing'
    case '.':
    case ':':
      return quoteAddresses
    case '&':
      return 'use && or and'
    case '|':
      return 'use || or or'
    default:
      return `${JSON.stringify(character)} has no meaning here`
  }
}
