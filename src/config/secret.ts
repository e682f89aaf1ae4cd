/** Secrets that stand elsewhere: `env:NAME` and `file:PATH`. Never puts the secret itself into a message. */
import { UsageError } from '../base/errors.js'
import type { Surroundings } from './surroundings.js'

/** The secret a text refers to, or the text itself. Throws a `UsageError`. */
export function resolveSecret(text: string, around: Surroundings): string {
  if (text.startsWith('env:')) {
    const name = text.slice('env:'.length)
    const value = around.env[name]
    if (value === undefined || value === '') throw new UsageError(`environment variable ${name} is not set`)
    return value
  }
  if (text.startsWith('file:')) {
    const path = around.absolute(text.slice('file:'.length))
    // editors and `echo` end a file with a line end that is not part of the secret
    const value = readSecretFile(path, around).replace(/\r?\n$/, '')
    if (value === '') throw new UsageError(`${path} is empty`)
    return value
  }
  return text
}

function readSecretFile(path: string, around: Surroundings): string {
  try {
    return around.readFile(path)
  } catch (error) {
    throw new UsageError(`cannot read ${path} (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
  }
}
