/**
 * The search text as a list of terms, so that a button can put some in and take them out again and the person sees
 * what it did. What the terms mean is the gateway's. Pure.
 */
import type { SearchFieldName } from '../../../../src/base/live.js'

/** `name:value`, `-name:"a b"`, or a word */
const term = /(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g

export function termsOf(search: string): readonly string[] {
  return search.match(term) ?? []
}

/** Terms that are put in and taken out together. */
export interface Chip {
  readonly label: string
  readonly title: string
  readonly terms: readonly string[]
}

export function isOn(search: string, { terms }: Chip): boolean {
  const present = termsOf(search)
  return terms.every((one) => present.includes(one))
}

/** What else was said about the same columns gives way: a connection has one state. */
export function toggled(search: string, chip: Chip): string {
  return replaced(search, namesOf(chip.terms), isOn(search, chip) ? [] : chip.terms)
}

/** Without the terms of these columns, and with the new ones behind. */
export function replaced(search: string, names: ReadonlySet<string>, terms: readonly string[]): string {
  return [...termsOf(search).filter((one) => !names.has(nameOf(one))), ...terms].join(' ')
}

/** `name:value`, in quotation marks where it would not be one term. */
export function fieldTerm(name: SearchFieldName, value: string): string {
  return `${name}:${/[\s"]/.test(value) ? `"${value.replace(/["\\]/g, '\\$&')}"` : value}`
}

/** Only closed connections have a cause: both columns say which life is looked at. */
export const lifeNames: ReadonlySet<string> = new Set(['state', 'cause'])

/** As the gateway decides whether only closed ones can match. */
export function asksForClosed(search: string): boolean {
  return termsOf(search).some((one) => /^(?:state:"?closed"?$|cause:)/i.test(one))
}

function namesOf(terms: readonly string[]): ReadonlySet<string> {
  const names = new Set(terms.map(nameOf))
  return names.has('state') ? new Set([...names, ...lifeNames]) : names
}

function nameOf(text: string): string {
  return /^-?([a-z][a-z0-9_]*):/i.exec(text)?.[1]?.toLowerCase() ?? ''
}
