/**
 * Who changed what, when, and until when: the latest entries in memory, more of them in files of the state
 * directory, one JSON object per line, so that a restart does not forget. Nobody washes out what was noted by
 * changing something else again and again: what repeats is one entry, and what comes often makes room first. A disk
 * that fails loses lines in the file, which the log says, and holds up nobody. It never holds key material or tokens.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEntry } from '../base/live.js'
import type { Log } from '../base/log.js'

export type AuditNote = Omit<AuditEntry, 'at' | 'times'>

/** A week of a busy team; whoever wants more reads the file. */
const kept = 500
/** The same again within that time is counted. */
const foldMs = 60_000
/** Then it becomes `audit.jsonl.1`, that one `audit.jsonl.2`, and the oldest is gone. */
const maxFileBytes = 1 << 20
const oldFiles = 5
const ownerOnly = 0o600

interface Noted {
  readonly entry: AuditEntry
  /** of the first that is counted in it */
  readonly sinceMs: number
}

export class AuditList {
  /** oldest first */
  #noted: readonly Noted[]
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
    this.#noted = withinBounds(readNoted(paths(this.#path).reverse()))
    this.#bytes = sizeOf(this.#path)
  }

  /** Newest first. */
  list(limit = kept): readonly AuditEntry[] {
    return this.#noted
      .slice(-limit)
      .map(({ entry }) => entry)
      .reverse()
  }

  add(note: AuditNote): void {
    const now = this.#now()
    const before = lastOfSame(this.#noted, note, now.getTime())
    const times = before === undefined ? 1 : (before.entry.times ?? 1) + 1
    const entry: AuditEntry = { at: now.toISOString(), ...note, ...(times > 1 && { times }) }
    this.#noted = withinBounds(folded(this.#noted, before, entry))
    this.version++
    // The file says how often within a factor of two.
    if (Number.isInteger(Math.log2(times))) {
      this.#writing = this.#writing.then(() => this.#append(`${JSON.stringify(entry)}\n`))
    }
  }

  /** Resolves when everything noted so far is in the file, or lost. */
  async close(): Promise<void> {
    await this.#writing
  }

  async #append(line: string): Promise<void> {
    try {
      const bytes = Buffer.byteLength(line)
      if (this.#bytes + bytes > maxFileBytes) {
        moveOn(paths(this.#path))
        this.#bytes = 0
      }
      mkdirSync(this.#dir, { recursive: true, mode: 0o700 })
      await appendFile(this.#path, line, { mode: ownerOnly })
      this.#bytes += bytes
      this.#failing = false
    } catch (err) {
      if (!this.#failing) this.#log.error({ err, path: this.#path }, 'the audit list could not be written to its file')
      this.#failing = true
    }
  }
}

/** Newest first. */
function paths(path: string): string[] {
  return [path, ...Array.from({ length: oldFiles }, (_, i) => `${path}.${i + 1}`)]
}

/** Each file takes the place of the one before it, and the first is free. */
function moveOn(files: readonly string[]): void {
  for (let i = files.length - 1; i > 0; i--) if (existsSync(files[i - 1])) renameSync(files[i - 1], files[i])
}

/** The same change by the same, lately enough to be counted with it. */
function lastOfSame(all: readonly Noted[], { by, action, what, ok }: AuditNote, nowMs: number): Noted | undefined {
  return all.findLast(
    ({ entry, sinceMs }) =>
      // the clock may be set back
      Math.abs(nowMs - sinceMs) < foldMs &&
      entry.action === action &&
      entry.by === by &&
      entry.what === what &&
      entry.ok === ok,
  )
}

/** With `entry` as the newest, in the place of the one it was counted with. */
function folded(all: readonly Noted[], before: Noted | undefined, entry: AuditEntry): readonly Noted[] {
  if (before === undefined) return [...all, { entry, sinceMs: Date.parse(entry.at) }]
  return [...all.filter((one) => one !== before), { entry, sinceMs: before.sinceMs }]
}

/** Of who did the same kind of thing the most, the oldest are left out: whoever did little keeps all. */
function withinBounds(all: readonly Noted[]): readonly Noted[] {
  if (all.length <= kept) return all
  const counts = new Map<string, number>()
  for (const { entry } of all) counts.set(kindOf(entry), (counts.get(kindOf(entry)) ?? 0) + 1)
  const share = fairShare([...counts.values()])
  const left = all.filter(({ entry }) => {
    const newer = (counts.get(kindOf(entry)) as number) - 1
    counts.set(kindOf(entry), newer)
    return newer < share
  })
  return left.slice(-kept)
}

/** The most that each kind may have so that all fit. */
function fairShare(counts: number[]): number {
  let room = kept
  let kinds = counts.length
  for (const count of counts.sort((a, b) => a - b)) {
    if (count * kinds > room) break
    room -= count
    kinds--
  }
  return Math.max(1, Math.floor(room / kinds))
}

function kindOf({ by, action }: AuditEntry): string {
  return `${action} ${by}`
}

/** `files` with the oldest first. */
function readNoted(files: readonly string[]): readonly Noted[] {
  const noted: Noted[] = []
  for (const entry of files.flatMap(readEntries)) {
    const atMs = Date.parse(entry.at)
    const before = entry.times === undefined ? undefined : lastOfSame(noted.slice(-kept), entry, atMs)
    if (before !== undefined) noted.splice(noted.lastIndexOf(before), 1)
    noted.push({ entry, sinceMs: before?.sinceMs ?? atMs })
  }
  return noted
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
  const { at, by, action, what, until, ok, times } = entry
  const isText = (value: unknown): boolean => typeof value === 'string'
  const isCounted = times === undefined || Number.isInteger(times)
  return (
    [at, by, action, what].every(isText) &&
    (until === undefined || isText(until)) &&
    typeof ok === 'boolean' &&
    isCounted
  )
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0 // there is none yet, or none can be: writing will tell
  }
}
