/**
 * Reads a YAML document by the schema: kinds and ranges are checked, defaults filled in, single
 * values made lists. Everything wrong becomes a problem and reading goes on. What the texts mean is not looked at.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml'
import { assertNever } from '../base/errors.js'
import { alternatives, quote } from './host-port.js'
import { keyText, type Path, type Problems } from './problems.js'
import { type FileSettings, fileSchema } from './schema.js'
import type { Setting } from './settings.js'
import { suggestion } from './suggest.js'

type OfKind<K extends Setting['kind']> = Extract<Setting, { kind: K }>

/**
 * The settings of a document. Where `problems` has something at or below a path, the value there is
 * the default, or missing: it may be passed over, but not used.
 */
export function readShape(document: Document, problems: Problems): FileSettings {
  return new ShapeReader(document, problems).read(fileSchema, document.contents, []) as FileSettings
}

class ShapeReader {
  readonly #document: Document
  readonly #problems: Problems

  constructor(document: Document, problems: Problems) {
    this.#document = document
    this.#problems = problems
  }

  read(setting: Setting, written: unknown, path: Path): unknown {
    if (!isAlias(written)) return this.#node(setting, written as Node | null, path)
    // An alias (`*name`) stands for the value it names. That cannot be endless here: the schema's depth ends it.
    const target = written.resolve(this.#document)
    if (target !== undefined) return this.#node(setting, target, path)
    this.#problems.add(path, `there is no &${written.source} before this *${written.source}`)
    return defaultOf(setting)
  }

  #node(setting: Setting, node: Node | null, path: Path): unknown {
    switch (setting.kind) {
      case 'flag':
        return this.#flag(setting, node, path)
      case 'integer':
        return this.#integer(setting, node, path)
      case 'number':
        return this.#number(setting, node, path)
      case 'text':
        return this.#text(setting, node, path)
      case 'choice':
        return this.#choice(setting, node, path)
      case 'list':
        return this.#list(setting, node, path)
      case 'section':
        return this.#section(setting, node, path)
      case 'named':
        return this.#named(setting, node, path)
      case 'either':
        return this.#node(isMap(node) ? setting.section : setting.text, node, path)
      default:
        return assertNever(setting)
    }
  }

  #flag(setting: OfKind<'flag'>, node: Node | null, path: Path): unknown {
    const value = scalarValue(node)
    if (value === 0 || value === false) return false
    if (value === 1 || value === true) return true
    return this.#refuse(setting, node, path)
  }

  #integer(setting: OfKind<'integer'>, node: Node | null, path: Path): unknown {
    const value = scalarValue(node)
    const fits = Number.isInteger(value) && Number(value) >= setting.minimum && Number(value) <= setting.maximum
    return fits ? value : this.#refuse(setting, node, path)
  }

  #number(setting: OfKind<'number'>, node: Node | null, path: Path): unknown {
    const value = scalarValue(node)
    const fits = typeof value === 'number' && value >= setting.minimum && value <= setting.maximum
    return fits ? value : this.#refuse(setting, node, path)
  }

  #text(setting: OfKind<'text'>, node: Node | null, path: Path): unknown {
    const value = scalarValue(node)
    return typeof value === 'string' && value !== '' ? value : this.#refuse(setting, node, path)
  }

  #choice(setting: OfKind<'choice'>, node: Node | null, path: Path): unknown {
    const value = scalarValue(node)
    return setting.enum.includes(value as string | number) ? value : this.#refuse(setting, node, path)
  }

  #list(setting: OfKind<'list'>, node: Node | null, path: Path): unknown {
    // `upstream:` with every entry commented out
    if (isNothing(node)) return defaultOf(setting)
    if (!isSeq(node)) return [this.read(setting.item, node, [...path, 0])]
    return node.items.map((item, i) => this.read(setting.item, item, [...path, i]))
  }

  #section(setting: OfKind<'section'>, node: Node | null, path: Path): unknown {
    const result = defaultOf(setting) as Record<string, unknown>
    const values = this.#values(setting, node, path)
    if (values === undefined) return result
    for (const [key, value] of values) {
      result[key] = this.read(setting.properties[key] as Setting, value, [...path, key])
    }
    for (const key of setting.required) {
      if (!values.has(key)) this.#problems.add([...path, key], 'is missing')
    }
    return result
  }

  #named(setting: OfKind<'named'>, node: Node | null, path: Path): unknown {
    const values = [...(this.#values(setting, node, path) ?? [])]
    return Object.fromEntries(values.map(([key, value]) => [key, this.read(setting.item, value, [...path, key])]))
  }

  /** The values of a mapping under good keys, each other key being a problem; undefined if it is no mapping. */
  #values(setting: OfKind<'section' | 'named'>, node: Node | null, path: Path): Map<string, unknown> | undefined {
    const values = new Map<string, unknown>()
    // a section with every line commented out
    if (isNothing(node)) return values
    if (!isMap(node)) {
      this.#refuse(setting, node, path)
      return undefined
    }
    const offsets = new Map<string, number>()
    for (const pair of node.items) {
      const key = keyText(pair)
      const offset = (pair.key as Node | null)?.range?.[0] ?? 0
      const refusal = this.#keyRefusal(setting, key, path, offsets)
      if (refusal !== undefined) this.#problems.addKey(offset, key === undefined ? path : [...path, key], refusal)
      else if (key !== undefined) {
        values.set(key, pair.value)
        offsets.set(key, offset)
      }
    }
    return values
  }

  /** `earlier` has the offsets of the good keys before this one. */
  #keyRefusal(
    setting: OfKind<'section' | 'named'>,
    key: string | undefined,
    path: Path,
    earlier: ReadonlyMap<string, number>,
  ): string | undefined {
    if (key === undefined) return 'a key must be a plain word'
    const before = earlier.get(key)
    if (before !== undefined) return `is there twice, first on line ${this.#problems.lineOf(before)}`
    if (setting.kind === 'section') {
      return Object.hasOwn(setting.properties, key) ? undefined : `is not a setting${suggestion(key, path, setting)}`
    }
    return new RegExp(setting.namePattern).test(key) ? undefined : `is not a name: expected ${setting.form}`
  }

  #refuse(setting: Setting, node: Node | null, path: Path): unknown {
    const expected = expectation(setting)
    const hint = setting.hint === undefined ? '' : ` (${setting.hint})`
    this.#problems.add(path, `expected ${expected}, found ${found(node, setting)}${hint}`)
    return defaultOf(setting)
  }
}

/** What a setting is when it is not written. */
function defaultOf(setting: Setting): unknown {
  switch (setting.kind) {
    case 'flag':
      return setting.default === undefined ? undefined : Boolean(setting.default)
    case 'section':
      return Object.fromEntries(Object.entries(setting.properties).map(([key, s]) => [key, defaultOf(s)]))
    case 'named':
      return {}
    case 'list':
      return structuredClone(setting.default)
    default:
      return setting.default
  }
}

function expectation(setting: Setting): string {
  switch (setting.kind) {
    case 'flag':
      return '0, 1, false or true'
    case 'integer': {
      const what =
        setting.unit === undefined ? 'a whole number' : `a whole number of ${unitWords[setting.unit] ?? setting.unit}`
      return setting.minimum === setting.maximum
        ? `${setting.minimum}`
        : `${what} from ${setting.minimum} to ${setting.maximum}`
    }
    case 'number':
      return `a number from ${setting.minimum} to ${setting.maximum}`
    case 'text':
      return setting.form
    case 'choice':
      return alternatives(setting.enum.map(String))
    case 'section':
    case 'named':
      return 'a mapping (key: value)'
    case 'list':
    case 'either':
      throw new Error('lists and alternatives are read by their parts')
    default:
      return assertNever(setting)
  }
}

const unitWords: Readonly<Record<string, string>> = { ms: 'milliseconds', s: 'seconds' }

/** What is there instead, in a few words. Only what cannot be a misplaced secret is quoted. */
function found(node: Node | null, setting: Setting): string {
  if (isNothing(node)) return 'nothing'
  if (isSeq(node)) return 'a list'
  if (isMap(node)) return 'a mapping'
  const value = scalarValue(node)
  if (value === '') return 'an empty text'
  const isText = typeof value === 'string'
  switch (setting.kind) {
    case 'flag':
    case 'integer':
    case 'number':
    case 'choice':
      return isText ? quote(value) : `${value}`
    case 'text':
      return setting.secret ? `a ${typeof value} (put it in quotes)` : `the ${typeof value} ${value}`
    default:
      return isText ? 'text' : `the ${typeof value} ${value}`
  }
}

function scalarValue(node: Node | null): unknown {
  return isScalar(node) ? node.value : undefined
}

function isNothing(node: Node | null): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null)
}
