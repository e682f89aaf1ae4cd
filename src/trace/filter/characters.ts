/** Sets of characters for patterns, without regard to case. Texts are compared by UTF-16 code unit. */

export interface CharacterSet {
  /** one octet per ASCII character: 1 is in */
  readonly ascii: Uint8Array
  /** pairs of first and last, above ASCII */
  readonly ranges: readonly number[]
  readonly negated: boolean
}

const asciiSize = 128

export function has(set: CharacterSet, code: number): boolean {
  if (code < asciiSize) return set.ascii[code] === 1
  for (let i = 0; i < set.ranges.length; i += 2) {
    if (code >= set.ranges[i]! && code <= set.ranges[i + 1]!) return !set.negated
  }
  return set.negated
}

/** `ranges`: pairs of first and last code unit. */
export function characterSet(ranges: readonly number[], negated = false): CharacterSet {
  const ascii = new Uint8Array(asciiSize)
  const above: number[] = []
  for (let i = 0; i < ranges.length; i += 2) {
    const first = ranges[i]!
    const last = ranges[i + 1]!
    for (let code = first; code <= last && code < asciiSize; code++) ascii[code] = 1
    if (last < asciiSize) continue
    above.push(first, last)
    if (first === last) above.push(...otherCase(first))
  }
  for (let lower = 0x61; lower <= 0x7a; lower++) {
    const upper = lower - 0x20
    if (ascii[lower] === 1 || ascii[upper] === 1) ascii[lower] = ascii[upper] = 1
  }
  if (negated) for (let code = 0; code < asciiSize; code++) ascii[code] = 1 - ascii[code]!
  return { ascii, ranges: above, negated }
}

/** Ranges of the upper or lower case form of one character above ASCII, where it is one code unit. */
function otherCase(code: number): number[] {
  const character = String.fromCharCode(code)
  return [character.toLowerCase(), character.toUpperCase()]
    .filter((form) => form.length === 1)
    .flatMap((form) => [form.charCodeAt(0), form.charCodeAt(0)])
}

export const anyCharacter: CharacterSet = characterSet([], true)

const digit = [0x30, 0x39]
const lower = [0x61, 0x7a]
const upper = [0x41, 0x5a]
const blank = [0x20, 0x20, 0x09, 0x09]
const punctuation = [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]

/** POSIX character classes, `[[:alpha:]]`, as ranges. */
export const namedClasses: ReadonlyMap<string, readonly number[]> = new Map([
  ['alpha', [...lower, ...upper]],
  ['digit', digit],
  ['alnum', [...lower, ...upper, ...digit]],
  ['upper', upper],
  ['lower', lower],
  ['space', [0x20, 0x20, 0x09, 0x0d]],
  ['blank', blank],
  ['punct', punctuation],
  ['print', [0x20, 0x7e]],
  ['graph', [0x21, 0x7e]],
  ['cntrl', [0x00, 0x1f, 0x7f, 0x7f]],
  ['xdigit', [...digit, 0x61, 0x66, 0x41, 0x46]],
])

/** `\d`, `\w`, `\s`: not POSIX, but written by everyone. */
export const shortClasses: ReadonlyMap<string, readonly number[]> = new Map([
  ['d', digit],
  ['w', [...lower, ...upper, ...digit, 0x5f, 0x5f]],
  ['s', namedClasses.get('space')!],
])
