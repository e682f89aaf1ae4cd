/** The stored end of temporary tracing: one small file in the state directory. It holds nothing else. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TraceStore } from './deadline.js'

export class TraceStateFile implements TraceStore {
  readonly #dir: string
  readonly #file: string

  constructor(stateDir: string) {
    this.#dir = stateDir
    this.#file = join(stateDir, 'trace.json')
  }

  load(): { readonly until: number } | undefined {
    let text: string
    try {
      text = readFileSync(this.#file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const { until } = JSON.parse(text) as { until?: unknown }
    if (typeof until !== 'number' || !Number.isFinite(until)) throw new Error(`${this.#file} holds no time`)
    return { until }
  }

  save(state: { readonly until: number } | undefined): void {
    if (state === undefined) {
      rmSync(this.#file, { force: true })
      return
    }
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
    writeFileSync(`${this.#file}.new`, JSON.stringify(state), { mode: 0o600 })
    renameSync(`${this.#file}.new`, this.#file)
  }
}
