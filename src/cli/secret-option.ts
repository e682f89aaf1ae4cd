/** An option that says where a secret is, `env:NAME` or `file:PATH`. Takes no secret itself. */
import { UsageError } from '../base/errors.js'
import { resolveSecret } from '../config/secret.js'
import { surroundings } from '../config/surroundings.js'

/** `what`: of what the secret is, for the message. Throws UsageError. */
export function secretOption(option: string, where: string, what: string): string {
  if (!/^(env|file):/.test(where)) {
    throw new UsageError(
      `${option} takes env:NAME or file:PATH: a ${what} on a command line is seen by everyone on this machine`,
    )
  }
  return resolveSecret(where, surroundings({}))
}
