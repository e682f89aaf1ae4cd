/**
 * An OpenSIPS configuration with the files it includes, as one text that knows which file and line every piece came
 * from. Reads files; looks for no meaning in them, except whether they are for another program.
 */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { UsageError } from '../../base/errors.js'

export interface Source {
  readonly text: string
  /** files that could not be included, and where they should have been */
  readonly missing: readonly { readonly at: number; readonly reason: string }[]
  /** `opensips.cfg:12` */
  place(at: number): string
}

/** Throws UsageError for a file that cannot be read, or is not what OpenSIPS reads. */
export function readSource(file: string): Source {
  const lines: Line[] = []
  const missing: Source['missing'][number][] = []
  include(file, [], lines, missing)
  const text = lines.map((line) => line.text).join('\n')
  return { text, missing, place: (at) => placeOf(lines, at) }
}

interface Line {
  readonly text: string
  readonly file: string
  readonly number: number
  /** offset into the whole text */
  readonly at: number
}

/** as in OpenSIPS */
const maxDepth = 50
/** Hundreds of times what anybody writes; files that include each other could ask for more than there is. */
const maxLines = 1_000_000
/** OpenSIPS takes it at the beginning of a line only, before it looks for comments. */
const inclusion = /^\s*(?:include_file|import_file)\s*(["'])(.+?)\1/

function include(file: string, open: readonly string[], lines: Line[], missing: Source['missing'][number][]): void {
  for (const [i, text] of readLines(file).entries()) {
    const place = `${file}:${i + 1}`
    refuseOthers(text, place)
    if (lines.length === maxLines) throw new UsageError(`${place}: this is more than ${maxLines} lines`)
    const included = inclusion.exec(text)?.[2]
    const last = lines.at(-1)
    const at = last === undefined ? 0 : last.at + last.text.length + 1
    lines.push({ text: included === undefined ? text : '', file, number: i + 1, at })
    if (included === undefined) continue
    const path = isAbsolute(included) ? included : join(dirname(file), included)
    const reason = whyNot(path, [...open, file], () => include(path, [...open, file], lines, missing))
    if (reason !== undefined) missing.push({ at, reason: `${included} ${reason}` })
  }
}

function whyNot(path: string, open: readonly string[], read: () => void): string | undefined {
  if (open.includes(path)) return 'includes itself'
  if (open.length >= maxDepth) return `is included ${maxDepth} files deep`
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof Unreadable && error.file === path) return `cannot be read (${error.code})`
    throw error
  }
}

class Unreadable extends UsageError {
  constructor(
    readonly file: string,
    readonly code: string,
  ) {
    super(`${file} cannot be read (${code})`)
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/)
  } catch (error) {
    throw new Unreadable(file, (error as NodeJS.ErrnoException).code ?? 'unknown error')
  }
}

const kamailio =
  /^\s*(?:(?:#!|!!)(?:KAMAILIO|SER|OPENSER|MAXCOMPAT|ALL|define|trydef|redefine|if|else|endif|subst|defenv)|request_route\b)/
const m4 = /^\s*(?:(?:divert|changequote|ifelse)\(|(?:define|undefine|ifdef|s?include)\(`)/

function refuseOthers(line: string, place: string): void {
  if (kamailio.test(line))
    throw new UsageError(`${place}: this looks like a configuration of Kamailio, not of OpenSIPS`)
  if (m4.test(line)) {
    throw new UsageError(`${place}: this is a template for m4: import what m4 makes of it (m4 FILE > opensips.cfg)`)
  }
}

function placeOf(lines: readonly Line[], at: number): string {
  let low = 0
  let high = lines.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (lines[middle]!.at <= at) low = middle
    else high = middle - 1
  }
  const { file, number } = lines[low]!
  return `${file}:${number}`
}
