/** How calls are searched: the kinds that are one click away, and the words of the person. Asks nobody. */

const kinds = {
  calls: { label: 'Calls', terms: 'method:INVITE' },
  going: { label: 'Under way', terms: 'method:INVITE -state:ended -state:cancelled -state:failed -state:done' },
  failed: { label: 'Failed', terms: 'state:failed' },
  registrations: { label: 'Registrations', terms: 'method:REGISTER' },
  all: { label: 'All', terms: '' },
} as const

export type Kind = keyof typeof kinds

export const kindOptions = Object.entries(kinds).map(([value, { label }]) => ({ value: value as Kind, label }))

/** What says already which exchanges are meant. */
const namesThem = /(?:^|\s)-?(?:method|call|conn):/i

/**
 * `text` is of the address, which may hold anything. Without one it is calls, since most of what passes are probes and
 * registrations; but not where the search asks for something else.
 */
export function kindOf(text: string | undefined, search: string): Kind {
  if (text !== undefined && Object.hasOwn(kinds, text)) return text as Kind
  return namesThem.test(search) ? 'all' : 'calls'
}

/** Of more than one method. */
export function isMixed(kind: Kind): boolean {
  return !kinds[kind].terms.startsWith('method:')
}

/** What the gateway is asked: the words of the kind, and those of the person. */
export function callSearch(kind: Kind, search: string): string {
  return `${kinds[kind].terms} ${search}`.trim()
}

/** As the search language takes a text that may hold anything. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
