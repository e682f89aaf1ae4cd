/** A route script in coloured pieces. Forgiving, unlike the gateway's lexer: half of a text is the rule while one types. */

export type TokenKind = 'comment' | 'text' | 'variable' | 'keyword' | 'number'

export interface Token {
  readonly kind: TokenKind
  readonly from: number
  readonly to: number
}

/** one group for each kind, in this order */
const kinds: readonly TokenKind[] = ['comment', 'text', 'variable', 'keyword', 'number']
const pieces = [
  /#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/,
  /"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?/,
  /\$\([\w.]+(?:\([\w.-]*\))?\)?|\$[A-Za-z_][\w.]*(?:\([\w.-]*\))?/,
  /\b(?:if|else|drop|exit|return|route|xlog|and|or|not)\b/,
  /\b\d+\b/,
]
const token = new RegExp(pieces.map(({ source }) => `(${source})`).join('|'), 'g')

export function tokensOf(text: string): Token[] {
  return [...text.matchAll(token)].map((match) => {
    const kind = kinds[match.slice(1).findIndex((group) => group !== undefined)]!
    return { kind, from: match.index, to: match.index + match[0].length }
  })
}
