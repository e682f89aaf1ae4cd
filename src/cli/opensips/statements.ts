/** What stands in an OpenSIPS configuration outside of routes, and routes as a whole. Judges none of it. */
import { ReadError, type Token, tokenize } from './tokens.js'

export type Statement = Assignment | Modparam | Loadmodule | Route | Unknown

/** `at` of each: offset of its beginning */
export interface Assignment {
  readonly kind: 'assignment'
  readonly at: number
  readonly name: string
  readonly value: readonly Token[]
}

export interface Modparam {
  readonly kind: 'modparam'
  readonly at: number
  /** several, where a pattern names them: `proto_tls|proto_wss` */
  readonly modules: readonly string[]
  readonly name: string
  readonly value: string
}

interface Loadmodule {
  readonly kind: 'loadmodule'
  readonly at: number
  readonly module: string
}

interface Unknown {
  readonly kind: 'unknown'
  readonly at: number
  readonly text: string
}

export interface Route {
  readonly kind: 'route'
  readonly at: number
  readonly end: number
  /** `route`, `onreply_route`, … */
  readonly type: string
  /** undefined: the main route of its type */
  readonly name: string | undefined
  readonly body: readonly Token[]
}

/** Throws ReadError for a text, comment, route or modparam that is not closed. */
export function readStatements(text: string): Statement[] {
  return new Reader(tokenize(text)).statements()
}

class Reader {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  statements(): Statement[] {
    const statements: Statement[] = []
    while (this.#next < this.#tokens.length) {
      if (this.#isSymbol(';')) this.#next++
      else statements.push(this.#statement())
    }
    return statements
  }

  #statement(): Statement {
    const first = this.#tokens[this.#next]!
    if (!this.#begins()) return { kind: 'unknown', at: first.start, text: this.#rest()[0]!.value }
    this.#next++
    if (first.value === 'modparam') return this.#modparam(first)
    if (first.value === 'loadmodule') return this.#loadmodule(first)
    if (!this.#isSymbol('=')) return this.#route(first)
    this.#next++
    return { kind: 'assignment', at: first.start, name: first.value, value: this.#valueTokens() }
  }

  /** Nothing ends an assignment but the beginning of what comes next. */
  #valueTokens(): Token[] {
    return this.#next < this.#tokens.length && !this.#begins() ? this.#rest() : []
  }

  /** Everything up to the next beginning; at least one token. */
  #rest(): Token[] {
    const from = this.#next++
    while (this.#next < this.#tokens.length && !this.#begins() && !this.#isSymbol(';')) this.#next++
    return this.#tokens.slice(from, this.#next)
  }

  #begins(): boolean {
    const token = this.#tokens[this.#next]!
    if (token.kind !== 'word') return false
    if (this.#isSymbol('=', 1)) return true
    if (token.value === 'modparam') return this.#isSymbol('(', 1)
    if (token.value === 'loadmodule') return this.#tokens[this.#next + 1]?.kind === 'text'
    return /^(?:[a-z]+_)?route$/.test(token.value) && (this.#isSymbol('[', 1) || this.#isSymbol('{', 1))
  }

  #modparam(first: Token): Statement {
    this.#next++
    const values: string[] = ['']
    while (!this.#isSymbol(')')) {
      const token = this.#tokens[this.#next++]
      if (token === undefined) throw new ReadError(first.start, 'this modparam is not closed: ) is missing')
      if (token.kind === 'symbol' && token.value === ',') values.push('')
      // texts that follow each other are one, in pieces
      else values.push((values.pop() ?? '') + token.value)
    }
    this.#next++
    const [modules = '', name = '', value = ''] = values
    return { kind: 'modparam', at: first.start, modules: modules.replace(/[()\s]/g, '').split('|'), name, value }
  }

  /** `"/usr/lib/opensips/modules/tm.so"` is `tm`. */
  #loadmodule(first: Token): Statement {
    const file = this.#tokens[this.#next++]!.value
    return { kind: 'loadmodule', at: first.start, module: file.replace(/^.*\//, '').replace(/\.so$/, '') }
  }

  #route(first: Token): Statement {
    const name = this.#isSymbol('[') ? this.#tokens[this.#next + 1]?.value : undefined
    while (this.#next < this.#tokens.length && !this.#isSymbol('{')) this.#next++
    const from = this.#next + 1
    let depth = 0
    do {
      if (this.#next >= this.#tokens.length) throw new ReadError(first.start, 'this route is not closed: } is missing')
      if (this.#isSymbol('{')) depth++
      if (this.#isSymbol('}')) depth--
      this.#next++
    } while (depth > 0)
    const { end } = this.#tokens[this.#next - 1]!
    const body = this.#tokens.slice(from, this.#next - 1)
    return { kind: 'route', at: first.start, end, type: first.value, name, body }
  }

  #isSymbol(symbol: string, ahead = 0): boolean {
    const token = this.#tokens[this.#next + ahead]
    return token?.kind === 'symbol' && token.value === symbol
  }
}
