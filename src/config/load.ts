/**
 * Reads a configuration file into a `Config`, or throws a `ConfigError` with everything that is wrong with it.
 * Starts nothing, opens no certificate: that is for the part that uses it, and for `hepgate check`.
 */
import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument, type YAMLParseError, type YAMLWarning } from 'yaml'
import { checkConsistency } from './consistency.js'
import { defaultText } from './defaults.js'
import { ConfigError, Problems } from './problems.js'
import { resolveSettings } from './resolve.js'
import { readShape } from './shape.js'
import { type ConfigSource, surroundings } from './surroundings.js'
import type { Config } from './types.js'

export { ConfigError, type Problem, problemText } from './problems.js'

/** Throws a `ConfigError`. `path` is shown in messages as it was given. */
export function loadConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new ConfigError(path, [{ path: '', line: 0, column: 0, message: `cannot be read (${reason})` }])
  }
  return parseConfig(text, { file: path })
}

/** What runs without a configuration file. */
export function defaultConfig(): Config {
  return parseConfig(defaultText)
}

/** The same from a text. What `source` leaves open is taken from this machine. */
export function parseConfig(text: string, source: ConfigSource = {}): Config {
  const lines = new LineCounter()
  // Duplicate keys are found by readShape, which knows their path. Pretty errors quote the text, secrets included.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const problems = new Problems(document, lines)
  for (const error of [...document.errors, ...document.warnings]) problems.addBroken(error.pos[0], yamlMessage(error))
  // A tree that did not parse would only give false problems.
  if (document.errors.every((error) => harmless.has(error.code))) {
    const around = surroundings(source)
    const config = resolveSettings(readShape(document, problems), problems, around)
    checkConsistency(config, problems, around)
    if (!problems.found) return config
  }
  throw new ConfigError(source.file, problems.sorted())
}

/** Errors that spoil one value and leave the tree whole. */
const harmless: ReadonlySet<string> = new Set(['BAD_ALIAS', 'BAD_DQ_ESCAPE', 'BAD_SCALAR_START', 'TAG_RESOLVE_FAILED'])

/** Some messages of the parser end in a piece of the text, which may be a secret. */
function yamlMessage(error: YAMLParseError | YAMLWarning): string {
  const message = error.message.replace(/(?<=\w): .*$/s, '').replace(/(?<=escape sequence) .*$/s, '')
  const hint = hints[message]
  return `not YAML: ${message}${hint === undefined ? '' : ` (${hint})`}`
}

/** What OpenSIPS operators run into most: their spellings begin with characters that mean something to YAML. */
const hints: Readonly<Record<string, string>> = {
  'Alias cannot be an empty string': '* alone needs quotes: "*"',
  'Unexpected scalar at node end': 'a text that begins with [ needs quotes: "[hep_dest]10.0.0.2"',
}
