/** API tokens as the configuration spells them: a name and a digest. A token itself is never quoted, wherever it was put. */
import { createHash } from 'node:crypto'
import { UsageError } from '../base/errors.js'
import { quote } from './host-port.js'

export const tokenNameForm = 'letters, digits and . _ @ -'
export const digestForm = 'the SHA-256 of the token in 64 hex digits'

/** It stands in log lines and in the audit list. */
export function parseTokenName(text: string): string {
  if (!/^[A-Za-z0-9._@-]{1,64}$/.test(text)) {
    throw new UsageError(`${quote(text)} is not a name: expected 1 to 64 ${tokenNameForm}`)
  }
  return text
}

/** Lower-case hex. */
export function parseDigest(text: string): string {
  // who pastes the token here by mistake should not find it in a log
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new UsageError(`expected ${digestForm}: hepgate token --hash tells it`)
  return text.toLowerCase()
}

export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
