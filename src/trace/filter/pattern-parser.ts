/** Extended regular expressions (POSIX.1-2017 §9.4) as a tree. Inside brackets a backslash escapes, as everyone expects. */
import { anyCharacter, type CharacterSet, characterSet, namedClasses, shortClasses } from './characters.js'

export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly items: readonly PatternNode[] }
  | {
      readonly kind: 'repeat'
      readonly node: PatternNode
      readonly min: number
      /** undefined: without end */
      readonly max: number | undefined
    }

/** The sentence says what is wrong with the pattern. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/** Throws PatternError. */
export function parsePattern(source: string): PatternNode {
  if (source.length > maxLength) throw new PatternError(`it is longer than ${maxLength} characters`)
  return new PatternParser(source).whole()
}

const maxLength = 1024
const maxDepth = 32
const interval = /\{(\d{1,3})(?:(,)(\d{1,3})?)?\}/y

class PatternParser {
  readonly #source: string
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  whole(): PatternNode {
    const node = this.#choice()
    if (this.#at < this.#source.length) throw new PatternError(') without (')
    return node
  }

  #choice(): PatternNode {
    const items = [this.#sequence()]
    while (this.#take('|')) items.push(this.#sequence())
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  #sequence(): PatternNode {
    const items: PatternNode[] = []
    while (this.#at < this.#source.length && !this.#sees('|') && !this.#sees(')')) items.push(this.#repeated())
    return { kind: 'sequence', items }
  }

  #repeated(): PatternNode {
    const atom = this.#atom()
    const count = this.#quantifier()
    if (count === undefined) return atom
    if (atom.kind === 'begin' || atom.kind === 'end') throw new PatternError('an anchor cannot be repeated')
    // Elsewhere `a+?` is a lazy a+, in POSIX it is (a+)?: whoever means one of them can say so.
    if (this.#quantifier() !== undefined) throw new PatternError('two counts in a row; put ( ) around the first')
    return { kind: 'repeat', node: atom, ...count }
  }

  #quantifier(): { min: number; max: number | undefined } | undefined {
    if (this.#take('*')) return { min: 0, max: undefined }
    if (this.#take('+')) return { min: 1, max: undefined }
    if (this.#take('?')) return { min: 0, max: 1 }
    if (!this.#sees('{')) return undefined
    interval.lastIndex = this.#at
    const found = interval.exec(this.#source)
    if (found === null) throw new PatternError('{ begins no count; a plain brace is \\{')
    this.#at += found[0].length
    const min = Number(found[1])
    const max = found[3] !== undefined ? Number(found[3]) : found[2] === undefined ? min : undefined
    if (max !== undefined && max < min) throw new PatternError(`${found[0]} counts backwards`)
    return { min, max }
  }

  #atom(): PatternNode {
    const c = this.#source[this.#at++]!
    switch (c) {
      case '.':
        return { kind: 'set', set: anyCharacter }
      case '^':
        return { kind: 'begin' }
      case '$':
        return { kind: 'end' }
      case '(':
        return this.#group()
      case '[':
        return this.#bracket()
      case '\\':
        return { kind: 'set', set: this.#escape() }
      case '*':
      case '+':
      case '?':
      case '{':
        throw new PatternError(`nothing before ${c} to repeat; a plain one is \\${c}`)
      default:
        return { kind: 'set', set: single(c) }
    }
  }

  #group(): PatternNode {
    if (this.#take('?') && !this.#take(':')) throw new PatternError('groups that begin with (? are not supported')
    if (++this.#depth > maxDepth) throw new PatternError('it is nested too deeply')
    const node = this.#choice()
    this.#depth--
    if (!this.#take(')')) throw new PatternError('( without )')
    return node
  }

  #escape(): CharacterSet {
    const c = this.#escaped()
    const ranges = shortClasses.get(c.toLowerCase())
    return ranges === undefined ? single(c) : characterSet(ranges, c !== c.toLowerCase())
  }

  /** The character behind a backslash: punctuation, or the letter of a class. */
  #escaped(): string {
    const c = this.#source[this.#at++]
    if (c === undefined) throw new PatternError('a backslash ends it')
    if (/[0-9]/.test(c)) throw new PatternError('back-references are not supported')
    if (/[A-Za-z]/.test(c) && !shortClasses.has(c.toLowerCase())) throw new PatternError(`\\${c} is not supported`)
    return c
  }

  #bracket(): PatternNode {
    const negated = this.#take('^')
    const ranges: number[] = []
    do {
      if (this.#at >= this.#source.length) throw new PatternError('[ without ]')
      ranges.push(...this.#bracketItem())
    } while (!this.#take(']'))
    return { kind: 'set', set: characterSet(ranges, negated) }
  }

  #bracketItem(): readonly number[] {
    if (this.#sees('[.') || this.#sees('[=')) throw new PatternError('collating elements are not supported')
    if (this.#take('[:')) return this.#namedClass()
    const first = this.#bracketCharacter()
    if (typeof first !== 'number') return first
    // A minus before the closing bracket is itself.
    if (!this.#sees('-') || this.#sees('-]')) return [first, first]
    this.#at++
    const last = this.#at < this.#source.length ? this.#bracketCharacter() : first
    if (typeof last !== 'number' || last < first) throw new PatternError('a range in [ ] runs backwards')
    return [first, last]
  }

  /** A code unit, or the ranges of an escaped class. */
  #bracketCharacter(): number | readonly number[] {
    if (!this.#take('\\')) return this.#source.charCodeAt(this.#at++)
    const c = this.#escaped()
    const ranges = shortClasses.get(c)
    if (ranges !== undefined) return ranges
    if (shortClasses.has(c.toLowerCase())) throw new PatternError(`\\${c} is not supported in [ ]`)
    return c.charCodeAt(0)
  }

  #namedClass(): readonly number[] {
    const end = this.#source.indexOf(':]', this.#at)
    const ranges = end < 0 ? undefined : namedClasses.get(this.#source.slice(this.#at, end))
    if (ranges === undefined) throw new PatternError('unknown character class in [ ]')
    this.#at = end + 2
    return ranges
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at)
  }

  #take(text: string): boolean {
    const found = this.#sees(text)
    if (found) this.#at += text.length
    return found
  }
}

function single(c: string): CharacterSet {
  return characterSet([c.charCodeAt(0), c.charCodeAt(0)])
}
