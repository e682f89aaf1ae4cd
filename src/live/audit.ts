/**
 * Who changed what, when, and until when: the latest entries in memory, all of them in a file of the state
 * directory, one JSON object per line, so that a restart does not forget. A disk that fails loses lines in the
 * file, which the log says, and holds up nobody. It never holds key material or tokens.
 */
import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEntry } from '../base/live.js'
import type { Log } from '../base/log.js'

export type AuditNote = Omit<AuditEntry, 'at'>

/** A week of a busy team; whoever wants more reads the file. */
const kept = 500
/** Then it becomes `audit.jsonl.1`, and the one before that is gone. */
const maxFileBytes = 1 << 20
const ownerOnly = 0o600

export class AuditList {
  /** oldest first */
  readonly #entries: AuditEntry[]
  readonly #dir: string
  readonly #path: string
  readonly #log: Log
  readonly #now: () => Date
  #writing: Promise<void> = Promise.resolve()
  #bytes: number
  #failing = false
  /** counts up with every entry */
  version = 0

  constructor(stateDir: string, log: Log, now: () => Date = () => new Date()) {
    this.#dir = stateDir
    this.#path = join(stateDir, 'audit.jsonl')
    this.#log = log
    this.#now = now
    this.#entries = readEntries(this.#path).slice(-kept)
    this.#bytes = sizeOf(this.#path)
  }

  /** Newest first. */
  list(limit = kept): readonly AuditEntry[] {
    return this.#entries.slice(-limit).reverse()
  }

  add(note: AuditNote): void {
    const entry: AuditEntry = { at: this.#now().toISOString(), ...note }
    this.#entries.push(entry)
    if (this.#entries.length > kept) this.#entries.shift()
    this.version++
    this.#writing = this.#writing.then(() => this.#append(`${JSON.stringify(entry)}\n`))
  }

  /** Resolves when everything noted so far is in the file, or lost. */
  async close(): Promise<void> {
    await this.#writing
  }

  async #append(line: string): Promise<void> {
    try {
      if (this.#bytes + line.length > maxFileBytes) {
        renameSync(this.#path, `${this.#path}.1`)
        this.#bytes = 0
      }
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
      await appendFile(this.#path, line, { mode: ownerOnly })
      this.#bytes += Buffer.byteLength(line)
      this.#failing = false
    } catch (err) {
      if (!this.#failing) this.#log.error({ err, path: this.#path }, 'the audit list could not be written to its file')
      this.#failing = true
    }
  }
}

/** A line that was cut by a crash, or edited, is left out. */
function readEntries(path: string): AuditEntry[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return [] // the first start, or a file that is not ours to read: writing will tell
  }
  return text.split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as Partial<AuditEntry>
      return isEntry(entry) ? [entry] : []
    } catch {
      return []
    }
  })
}

function isEntry(entry: Partial<AuditEntry>): entry is AuditEntry {
  const { at, by, action, what, until, ok } = entry
  const isText = (value: unknown): boolean => typeof value === 'string'
  return [at, by, action, what].every(isText) && (until === undefined || isText(until)) && typeof ok === 'boolean'
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0 // there is none yet, or none can be: writing will tell
  }
}
