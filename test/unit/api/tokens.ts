/** Tokens for tests: each text with the scopes it is named after. */
import { createHash } from 'node:crypto'
import type { ApiScope, ApiTokenConfig } from '../../../src/config/types.js'

export function namedToken(text: string, scopes: readonly ApiScope[]): ApiTokenConfig {
  return { name: `for-${text}`, scopes, sha256: createHash('sha256').update(text).digest('hex') }
}

export function bearer(text: string): { authorization: string } {
  return { authorization: `Bearer ${text}` }
}

export const allScopes = ['metrics', 'read', 'control', 'secrets'] as const
