/**
 * The kinds of settings a configuration file is made of. Each is a TypeBox schema of what the operator
 * may write, and at the same time typed as what the loader makes of it: `verify_cert: 1` is written
 * 0, 1, true or false and read as a boolean. Holds no setting itself: those are in schema.ts.
 */
import Type, { type TSchema, type TUnsafe } from 'typebox'

interface Notes {
  /** what the setting does here, one sentence or a few, for a person */
  readonly description: string
  /** `ms`, `s`, `bytes`, … */
  readonly unit?: string
  /** as it would be written; without one the setting is unset, see `defaultNote` */
  readonly default?: unknown
  /** in words, where the default depends on the machine or on another setting */
  readonly defaultNote?: string
  /** appended to what was expected when a value is refused */
  readonly hint?: string
  readonly examples?: readonly unknown[]
}

type Kind =
  | { readonly kind: 'flag' }
  | { readonly kind: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'number'; readonly minimum: number; readonly maximum: number }
  /** `form` says in a refusal what the text looks like */
  | { readonly kind: 'text'; readonly secret: boolean; readonly form: string }
  | { readonly kind: 'choice'; readonly enum: readonly (string | number)[] }
  /** one value may stand for a list of one */
  | { readonly kind: 'list'; readonly item: Setting }
  | SectionKind
  /** names chosen by the operator, all with the same kind of value; `form` says what a name looks like */
  | { readonly kind: 'named'; readonly item: Setting; readonly form: string; readonly namePattern: string }
  /** a text for the usual case, a mapping with more to say */
  | { readonly kind: 'either'; readonly text: Setting<string>; readonly section: Section<Record<string, Setting>> }

interface SectionKind {
  readonly kind: 'section'
  readonly properties: Readonly<Record<string, Setting>>
  /** keys that must be there */
  readonly required: readonly string[]
}

/** A setting whose checked value has the type `T`. */
export type Setting<T = unknown> = TUnsafe<T> & Notes & Kind
type Properties = Readonly<Record<string, Setting>>
/** `R`: the keys that are always there. */
type Section<P extends Properties, R = never> = TUnsafe<{
  [K in keyof P]: K extends R ? NonNullable<P[K]['~unsafe']> : P[K]['~unsafe']
}> &
  Notes &
  SectionKind

/** The keywords above that JSON Schema does not know. */
export const ownKeywords: readonly string[] = [
  ...['kind', 'unit', 'defaultNote', 'hint', 'secret', 'form', 'namePattern'],
  ...['item', 'text', 'section'],
]

/** 0, 1, false or true, as OpenSIPS operators and YAML users write it. */
export function flag(notes: Notes & { default: 0 | 1 }): Setting<boolean> {
  return make({ kind: 'flag', enum: [0, 1, false, true], ...notes })
}

/** A flag that is undefined when it is not there. */
export function optionalFlag(notes: Notes): Setting<boolean | undefined> {
  return make({ kind: 'flag', enum: [0, 1, false, true], ...notes })
}

export function integer<D extends number | undefined = undefined>(
  minimum: number,
  maximum: number,
  notes: Notes & { default?: D },
): Setting<D extends number ? number : number | undefined> {
  return make({ kind: 'integer', type: 'integer', minimum, maximum, ...notes })
}

export function number(minimum: number, maximum: number, notes: Notes & { default: number }): Setting<number> {
  return make({ kind: 'number', type: 'number', minimum, maximum, ...notes })
}

interface TextNotes extends Notes {
  /** what the text looks like: `a path`; becomes part of a refusal */
  readonly form?: string
}

export function text<D extends string | undefined = undefined>(
  notes: TextNotes & { default?: D },
): Setting<D extends string ? string : string | undefined> {
  return make({ kind: 'text', type: 'string', minLength: 1, secret: false, form: 'text', ...notes })
}

/** A text that must never appear in a message; may be written `env:NAME` or `file:PATH`. */
export function secret(notes: Notes): Setting<string | undefined> {
  const form = 'text, env:NAME or file:PATH'
  return make({ kind: 'text', type: 'string', minLength: 1, secret: true, form, ...notes })
}

export function choice<const V extends string | number>(
  values: readonly V[],
  notes: Notes & { default: V },
): Setting<V> {
  return make({ kind: 'choice', enum: values, ...notes })
}

/** A choice that is undefined when it is not there. */
export function optionalChoice<const V extends string | number>(
  values: readonly V[],
  notes: Notes,
): Setting<V | undefined> {
  return make({ kind: 'choice', enum: values, ...notes })
}

export function list<T>(item: Setting<T>, notes: Notes): Setting<NonNullable<T>[]> {
  return make({
    kind: 'list',
    anyOf: [item, { type: 'array', items: item }, { type: 'null' }],
    item,
    default: [],
    ...notes,
  })
}

/** Without required keys it may be left empty: every line of it commented out. */
export function section<P extends Properties, R extends keyof P & string = never>(
  properties: P,
  notes: Notes,
  required: R[] = [],
): Section<P, R> {
  const type = required.length > 0 ? 'object' : ['object', 'null']
  return make({ kind: 'section', type, properties, required, additionalProperties: false, ...notes })
}

export function named<T>(
  item: Setting<T>,
  namePattern: string,
  form: string,
  notes: Notes,
): Setting<Record<string, NonNullable<T>>> {
  const keywords = { type: ['object', 'null'], patternProperties: { [namePattern]: item }, additionalProperties: false }
  return make({ kind: 'named', ...keywords, item, form, namePattern, ...notes })
}

export function either<P extends Properties, R extends keyof P>(
  written: Setting<string | undefined>,
  detailed: Section<P, R>,
  notes: Notes,
): Setting<string | Section<P, R>['~unsafe']> {
  return make({ kind: 'either', anyOf: [written, detailed], text: written, section: detailed, ...notes })
}

function make<S>(schema: TSchema): S {
  return Type.Unsafe(schema) as unknown as S
}
