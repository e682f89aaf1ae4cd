/** The stored end of temporary tracing, with its scope: one small file in the state directory. It holds nothing else. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TraceScope } from '../base/status.js'
import type { TraceState, TraceStore } from './deadline.js'
import { scopeProblem } from './scope.js'

export class TraceStateFile implements TraceStore {
  readonly #dir: string
  readonly #file: string

  constructor(stateDir: string) {
    this.#dir = stateDir
    this.#file = join(stateDir, 'trace.json')
  }

  /** Throws on a scope it cannot read, too: a trace of one customer must not become a trace of everybody. */
  load(): TraceState | undefined {
    let text: string
    try {
      text = readFileSync(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const { until, scope } = JSON.parse(text) as { until?: unknown; scope?: unknown }
    if (typeof until !== 'number' || !Number.isFinite(until)) throw new Error(`${this.#file} holds no time`)
    if (!isScope(scope)) throw new Error(`${this.#file} holds no scope of a trace`)
    return { until, scope }
  }

  save(state: TraceState | undefined): void {
    if (state === undefined) {
      rmSync(this.#file, { force: true })
      return
    }
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
    writeFileSync(`${this.#file}.new`, JSON.stringify(state), { mode: 0o600 })
    renameSync(`${this.#file}.new`, this.#file)
  }
}

function isScope(scope: unknown): scope is TraceScope | undefined {
  if (scope === undefined) return true
  if (typeof scope !== 'object' || scope === null) return false
  const known = Object.entries(scope).every(([part, value]) => {
    if (part === 'peer') return Array.isArray(value) && value.every((one) => typeof one === 'string')
    return ['sni', 'user', 'call_id'].includes(part) && typeof value === 'string'
  })
  return known && scopeProblem(scope) === undefined
}
