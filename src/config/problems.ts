/**
 * What is wrong with a configuration file: collected while it is read, thrown once as a whole.
 * Finds the line of a setting from its path. Never quotes secrets: what is put into a message is
 * decided where the problem is found.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from 'yaml'
import { UsageError } from '../base/errors.js'

export interface Problem {
  /** `proto_tls.tls_port`, `socket[1].advertise`; empty for the file as a whole */
  readonly path: string
  /** 1-based; 0 when there is no such place, as for a file that cannot be read */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** Every problem of one file, in the order of its lines. */
export class ConfigError extends UsageError {
  constructor(
    /** as the operator named it; undefined for a text without a file */
    readonly file: string | undefined,
    readonly problems: readonly Problem[],
  ) {
    super(problems.map((p) => problemText(p, file)).join('\n'))
  }
}

/** `hepgate.yaml:12:13: proto_tls.tls_port: expected …`, the form editors make clickable. */
export function problemText(problem: Problem, file = 'configuration'): string {
  const place = problem.line === 0 ? file : `${file}:${problem.line}:${problem.column}`
  return problem.path === '' ? `${place}: ${problem.message}` : `${place}: ${problem.path}: ${problem.message}`
}

/** Keys of mappings and indexes of lists, from the root. A list written as a single value has index 0. */
export type Path = readonly (string | number)[]

export class Problems {
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #list: Problem[] = []
  readonly #paths: Path[] = []
  readonly #broken = new Set<number>()

  constructor(document: Document, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  /** At the value of `path`, or at the nearest thing around it that is there. */
  add(path: Path, message: string): void {
    this.#paths.push(path)
    const offset = this.#find(path).node?.range?.[0] ?? 0
    // YAML that did not parse is said already
    if (!this.#broken.has(offset)) this.#put(offset, this.pathText(path), message)
  }

  /** At a key that should not be there, which has no value worth pointing at. */
  addKey(offset: number, path: Path, message: string): void {
    this.#put(offset, this.pathText(path), message)
  }

  /** YAML that did not parse. */
  addBroken(offset: number, message: string): void {
    this.#broken.add(offset)
    this.#put(offset, '', message)
  }

  /** Runs a parser of a spelling; what it throws becomes a problem at `path`. */
  guard<T>(path: Path, parse: () => T): T | undefined {
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      this.add(path, error.message)
      return undefined
    }
  }

  /** Whether something at, below or around `path` is wrong, so that judging it further would only repeat that. */
  touch(path: Path): boolean {
    return this.#paths.some((wrong) => wrong.every((step, i) => i >= path.length || path[i] === step))
  }

  lineOf(offset: number): number {
    return this.#lines.linePos(offset).line
  }

  get found(): boolean {
    return this.#list.length > 0
  }

  /** `path` as it stands in the file: without an index where a list is written as a single value. */
  pathText(path: Path): string {
    return this.#find(path).written.reduce<string>((text, step) => {
      if (typeof step === 'number') return `${text}[${step}]`
      return text === '' ? step : `${text}.${step}`
    }, '')
  }

  sorted(): Problem[] {
    return this.#list.toSorted((a, b) => a.line - b.line || a.column - b.column)
  }

  #put(offset: number, path: string, message: string): void {
    const { line, col } = this.#lines.linePos(offset)
    this.#list.push({ path, line: Math.max(line, 1), column: Math.max(col, 1), message })
  }

  #find(path: Path): { written: Path; node: Node | null } {
    const written: (string | number)[] = []
    let node = this.#document.contents
    for (const step of path) {
      const around = isAlias(node) ? (node.resolve(this.#document) ?? null) : node
      if (typeof step === 'number') {
        if (!isSeq(around)) continue
        written.push(step)
        node = (around.items[step] as Node | undefined) ?? node
      } else {
        written.push(step)
        const value = isMap(around) ? around.items.find((pair) => keyText(pair) === step)?.value : undefined
        node = (value as Node | null | undefined) ?? node
      }
    }
    return { written, node }
  }
}

/** The key of a pair as text, undefined for a key that is a list or a mapping. */
export function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined
}
