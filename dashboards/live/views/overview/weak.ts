/** Who speaks old TLS: those below 1.2, which is wrong (RFC 8996), and those that can do no better than 1.2, which is not. Pure. */
import type { Breakdown } from '../../../../src/base/live.js'
import { isDeprecated } from '../../../../src/base/tls-versions.js'

export interface WeakPart {
  readonly count: number
  /** addresses, some of them */
  readonly examples: readonly string[]
}

export function weakParts(weak: Breakdown['weak']): { readonly deprecated: WeakPart; readonly dated: WeakPart } {
  return {
    deprecated: together(weak.filter(({ version }) => isDeprecated(version))),
    dated: together(weak.filter(({ version }) => !isDeprecated(version))),
  }
}

function together(parts: readonly WeakPart[]): WeakPart {
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    // one address may speak several versions
    examples: [...new Set(parts.flatMap(({ examples }) => examples))],
  }
}
