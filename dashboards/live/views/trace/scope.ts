/** The fields of the scope as people type them, as the API takes them, and where its problems belong. Pure. */
import type { TraceScope } from '../../../../src/base/status.js'
import type { ProblemPart } from '../../net/api.js'

export interface ScopeText {
  /** addresses or networks with spaces or commas between */
  readonly peer: string
  readonly sni: string
  readonly user: string
  readonly call_id: string
}

export type ScopeField = keyof ScopeText

export const scopeFields = [
  { name: 'peer', label: 'Peer', example: '203.0.113.0/24' },
  { name: 'sni', label: 'SNI', example: '*.example.com' },
  { name: 'user', label: 'User', example: 'alice@example.com' },
  { name: 'call_id', label: 'Call-ID', example: 'a84b4c76e66710' },
] as const satisfies readonly { readonly name: ScopeField; readonly label: string; readonly example: string }[]

/** undefined: nothing is narrowed */
export function scopeOf(text: ScopeText): TraceScope | undefined {
  const peer = peersOf(text)
  const scope: TraceScope = {
    ...(peer.length > 0 && { peer }),
    ...given('sni', text),
    ...given('user', text),
    ...given('call_id', text),
  }
  return Object.keys(scope).length === 0 ? undefined : scope
}

export function scopeText(scope: TraceScope | undefined): ScopeText {
  const { peer = [], sni = '', user = '', call_id = '' } = scope ?? {}
  return { peer: peer.join(' '), sni, user, call_id }
}

export type FieldErrors = Readonly<Partial<Record<ScopeField | 'for', string>>>

/** The problems of a request by the field they are about: `/scope/peer/1` is the second peer. */
export function fieldErrors(problems: readonly ProblemPart[], text: ScopeText): FieldErrors {
  const errors: Partial<Record<ScopeField | 'for', string>> = {}
  for (const { pointer = '', detail } of problems) {
    const [, name, item] = /^(?:\/scope)?\/(peer|sni|user|call_id|for)(?:\/(\d+))?$/.exec(pointer) ?? []
    if (name === undefined) continue
    const peer = item === undefined ? undefined : peersOf(text)[Number(item)]
    errors[name as ScopeField | 'for'] ??= peer === undefined ? detail : `${peer}: ${detail}`
  }
  return errors
}

function peersOf({ peer }: ScopeText): string[] {
  return peer.split(/[\s,]+/).filter((one) => one !== '')
}

function given(name: ScopeField, text: ScopeText): TraceScope {
  const value = text[name].trim()
  return value === '' ? {} : { [name]: value }
}
