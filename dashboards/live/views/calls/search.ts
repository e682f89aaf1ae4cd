/** How calls are searched: the words the gateway knows, and the kinds that are one click away. Asks nobody. */
import type { SearchField } from '../../../../src/base/live.js'

export const callFields: readonly SearchField[] = [
  { name: 'from', help: 'caller, any part of the address', example: 'alice' },
  { name: 'to', help: 'called, any part of the address', example: '@example.com' },
  { name: 'user', help: 'either of them', example: 'alice@example.com' },
  { name: 'state', help: 'trying, ringing, answered, ended, cancelled, failed or done', example: 'failed' },
  { name: 'status', help: 'final status, or a class of them', example: '4xx' },
  { name: 'method', help: 'first request', example: 'INVITE' },
  { name: 'call', help: 'Call-ID, any part', example: 'a84b4c76e66710' },
  { name: 'conn', help: 'id of a connection it used, or its beginning', example: '318027461591040' },
  { name: 'agent', help: 'capture agent that saw it', example: 'proxy-1' },
]

const kinds = {
  all: { label: 'All', terms: '' },
  calls: { label: 'Calls', terms: 'method:INVITE' },
  going: { label: 'Under way', terms: '-state:ended -state:cancelled -state:failed -state:done' },
  registrations: { label: 'Registrations', terms: 'method:REGISTER' },
  failed: { label: 'Failed', terms: 'state:failed' },
} as const

export type Kind = keyof typeof kinds

export const kindOptions = Object.entries(kinds).map(([value, { label }]) => ({ value: value as Kind, label }))

/** Of the address, which may hold anything. */
export function kindOf(text: string | undefined): Kind {
  return text !== undefined && Object.hasOwn(kinds, text) ? (text as Kind) : 'all'
}

/** What the gateway is asked: the words of the kind, and those of the person. */
export function callSearch(kind: Kind, search: string): string {
  return `${kinds[kind].terms} ${search}`.trim()
}
