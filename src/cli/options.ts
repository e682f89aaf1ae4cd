/** Command line options: node:util parseArgs, with errors that say what to do. */
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from '../base/errors.js'

type Options = NonNullable<ParseArgsConfig['options']>

/**
 * The options in `args`, and what stands beside them: as many words as `positionals` has names. Throws
 * UsageError.
 */
export function parseOptions<T extends Options>(
  args: readonly string[],
  options: T,
  positionals: readonly string[] = [],
) {
  const parsed = parseStrictly(args, options)
  const [given, wanted] = [parsed.positionals.length, positionals.length]
  if (given < wanted) throw new UsageError(`${positionals[given]} is missing; see --help`)
  const extra = parsed.positionals[wanted]
  if (extra !== undefined) throw new UsageError(`what is ${extra} for? ${advice(extra, options)}`)
  return parsed
}

/** Many programs take their configuration without an option before it. */
function advice(word: string, options: Options): string {
  return 'config' in options && /\.(ya?ml|json)$/.test(word) ? `did you mean --config ${word}?` : 'see --help'
}

function parseStrictly<T extends Options>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    if (!isParseError(error)) throw error
    // Node adds advice for programmers after the first sentence
    throw new UsageError(`${error.message.split(/\. (?=To )/)[0]}; see --help`)
  }
}

function isParseError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_')
}

/** A whole number from `least` on. */
export function wholeNumber(name: string, text: string, least: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= least)) throw new UsageError(`${name} should be a whole number from ${least} on, not ${text}`)
  return value
}
