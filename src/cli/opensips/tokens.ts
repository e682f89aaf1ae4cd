/**
 * The text of an OpenSIPS configuration as tokens with their offsets: words, texts, variables, symbols. Skips comments and
 * spaces. Coarser than OpenSIPS itself (`10.0.0.1:5060` is one word), and it knows no grammar.
 */

export interface Token {
  readonly kind: 'word' | 'text' | 'variable' | 'symbol'
  /** of a text what stands between the quotes, escapes replaced; else as written */
  readonly value: string
  readonly start: number
  readonly end: number
}

/** What keeps a text from being read any further, and where. */
export class ReadError extends Error {
  override readonly name = 'ReadError'
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** Throws ReadError for a text or comment that is not closed. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = after(skipped, text, 0)
  while (at < text.length) {
    const token = tokenAt(text, at)
    tokens.push(token)
    at = after(skipped, text, token.end)
  }
  return tokens
}

/** Spaces and comments; OpenSIPS has no `//`. */
const skipped = /(?:\s+|#[^\n]*|\/\*.*?\*\/)*/sy
const word = /(?:[^\s"'=(){}[\],;#$!&|<>+~/]|\/(?!\*))+/y
const variable = /\$[\w.]*/y

function tokenAt(text: string, start: number): Token {
  const first = text[start]!
  if (first === '"' || first === "'") return textAt(text, start)
  if (text.startsWith('/*', start)) throw new ReadError(start, 'this comment is not closed: */ is missing')
  if (first === '$') return piece('variable', text, start, afterVariable(text, start))
  const end = after(word, text, start)
  return end > start ? piece('word', text, start, end) : piece('symbol', text, start, start + 1)
}

function piece(kind: Token['kind'], text: string, start: number, end: number): Token {
  return { kind, value: text.slice(start, end), start, end }
}

/** `"` knows escapes, `'` does not; both may go over several lines. */
function textAt(text: string, start: number): Token {
  const quote = text[start]!
  let end = start + 1
  while (end < text.length && text[end] !== quote) end += quote === '"' && text[end] === '\\' ? 2 : 1
  if (end >= text.length) throw new ReadError(start, `this text is not closed: ${quote} is missing`)
  const written = text.slice(start + 1, end)
  return {
    kind: 'text',
    value: quote === '"' ? written.replace(escapeSequence, unescaped) : written,
    start,
    end: end + 1,
  }
}

const escapeSequence = /\\(x[0-9a-fA-F]{1,2}|[0-7]{2,3}|.)/gs
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  a: '\x07',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '\n': '',
}

/** A backslash that begins no known escape stays, as in OpenSIPS. */
function unescaped(whole: string, code: string): string {
  if (Object.hasOwn(escapes, code)) return escapes[code]!
  if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
  if (/^[0-7]{2,3}$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff)
  return whole
}

/** Nobody writes longer ones; without a limit, a line full of `$(` would be read again and again. */
const maxVariable = 1024

/** `$ru`, `$avp(name)`, `$(hdr(Via)[0]{param.value,;})`: in its parentheses nothing else begins. */
function afterVariable(text: string, start: number): number {
  const end = after(variable, text, start)
  if (text[end] !== '(') return end
  let depth = 0
  for (let i = end; i < Math.min(text.length, end + maxVariable) && text[i] !== '\n'; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')' && --depth === 0) return i + 1
  }
  return end
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}
