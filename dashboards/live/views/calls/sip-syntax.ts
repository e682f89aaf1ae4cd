/** The text of a SIP message cut into what is coloured alike. For the eye only: it accepts anything and changes nothing. */
import { unseen } from '../../ui/format.js'

export type TokenKind =
  | 'method'
  | 'status'
  | 'name'
  | 'scheme'
  | 'user'
  | 'host'
  | 'param'
  | 'string'
  | 'plain'
  /** has no look of its own */
  | 'unseen'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
}

/** One list for each line; without the ends of the lines. */
export function sipLines(text: string): Token[][] {
  const lines = text.replace(/(?:\r?\n)+$/, '').split(/\r?\n/)
  const end = lines.indexOf('')
  return lines.map((line, i) => {
    const isHead = end === -1 || i < end
    const tokens = i === 0 ? startLine(line) : isHead ? headerLine(line) : bodyLine(line)
    return tokens.flatMap(seenAndUnseen)
  })
}

function seenAndUnseen(one: Token): readonly Token[] {
  if (one.text.search(unseen) < 0) return [one]
  const seen = one.text.split(unseen).map((text) => token(one.kind, text))
  const between = [...one.text.matchAll(unseen)].map(([text]) => token('unseen', text))
  return seen.flatMap((part, i) => [part, ...between.slice(i, i + 1)]).filter(({ text }) => text !== '')
}

function startLine(line: string): Token[] {
  const [, version, status, reason] = /^(SIP\/2\.0 )(\d{3})(.*)$/s.exec(line) ?? []
  if (version !== undefined) return [token('plain', version), token('status', `${status}${reason}`)]
  const [, method = '', rest = ''] = /^(\S*)(.*)$/s.exec(line) ?? []
  return [token('method', method), ...value(rest)]
}

function headerLine(line: string): Token[] {
  const [, name, rest = ''] = /^([\w.!%*+`'~-]+\s*:)(.*)$/s.exec(line) ?? []
  // RFC 3261 §7.3.1: a line that begins with a space goes on with the one before
  return name === undefined ? value(line) : [token('name', name), ...value(rest)]
}

/** RFC 8866 §5: a letter, `=`, a value. Other bodies have no such lines. */
function bodyLine(line: string): Token[] {
  return /^[a-z]=/.test(line)
    ? [token('name', line.slice(0, 2)), token('plain', line.slice(2))]
    : [token('plain', line)]
}

const parts =
  /(?<string>"(?:[^"\\]|\\.)*")|(?<scheme>\b(?:sips?|tel):)|(?<user>(?<=\bsips?:)[^@\s;<>,"]+@)|(?<host>(?<=\bsips?:|\btel:|@)[^\s;<>,"?]+)|(?<param>;[\w.!%*+`'~-]+)/gi

function value(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  for (const match of text.matchAll(parts)) {
    if (match.index > at) tokens.push(token('plain', text.slice(at, match.index)))
    const [kind] = Object.entries(match.groups!).find(([, part]) => part !== undefined)!
    tokens.push(token(kind as TokenKind, match[0]))
    at = match.index + match[0].length
  }
  if (at < text.length) tokens.push(token('plain', text.slice(at)))
  return tokens
}

function token(kind: TokenKind, text: string): Token {
  return { kind, text }
}
