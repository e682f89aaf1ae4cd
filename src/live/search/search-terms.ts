/**
 * The words of a search text: `peer:203.0.113.0/24 -version:TLSv1.3 subject:"CN=a b" alice`. Splits and names them,
 * and knows nothing of what they mean.
 */
import { isIP } from 'node:net'

export interface SearchTerm {
  /** lower case; undefined: a free word */
  readonly name: string | undefined
  readonly value: string
  /** `-` stood before it */
  readonly negated: boolean
}

/** Each is asked of every live connection. */
const mostTerms = 20
const mostCharacters = 1000

/** `-`, then anything but spaces, then perhaps a text in quotation marks, in which `\` keeps a mark or itself. */
const term = /\s*(?!\s)(-?)([^\s"]*)(?:"((?:[^"\\]|\\.)*)")?(?=\s|$)/y

/** The terms, or a sentence saying why there are none. */
export function searchTerms(text: string): SearchTerm[] | string {
  if (text.length > mostCharacters) return `a search text has at most ${mostCharacters} characters`
  const terms: SearchTerm[] = []
  const rest = text.trimEnd()
  for (term.lastIndex = 0; term.lastIndex < rest.length; ) {
    const at = term.lastIndex
    const match = term.exec(rest)
    if (match === null) return `the quotation marks after ${JSON.stringify(rest.slice(0, at))} are not in pairs`
    const [, minus, bare = '', quoted] = match
    terms.push({ ...named(bare, quoted), negated: minus === '-' })
  }
  return terms.length <= mostTerms ? terms : `a search has at most ${mostTerms} terms`
}

/** What stands before the first colon is a name, unless the whole is an address: `2001:db8::1`, `192.0.2.1:5061`. */
function named(bare: string, quoted: string | undefined): Pick<SearchTerm, 'name' | 'value'> {
  const plain = quoted?.replace(/\\(.)/g, '$1') ?? ''
  const [, name, value] = /^([a-z][a-z0-9_]*):(.*)$/is.exec(bare) ?? []
  if (name === undefined || isIP(bare) !== 0) return { name: undefined, value: bare + plain }
  return { name: name.toLowerCase(), value: value + plain }
}
