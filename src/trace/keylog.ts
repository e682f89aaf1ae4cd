/**
 * The key-log file: NSS lines of traced connections, appended in batches, mode 0600. What the gate does not hand
 * it is not written, and nothing it holds reaches a log. A disk that fails loses lines, counted, and holds up nobody.
 */
import { type FileHandle, open } from 'node:fs/promises'
import type { Log } from '../base/log.js'
import type { KeylogFileCounters } from '../base/status.js'
import type { KeylogSink } from './gate.js'

/** Lines waiting for a slow disk, in characters; a TLS 1.3 handshake writes about 900. */
const maxPending = 1 << 20
const ownerOnly = 0o600

export class KeylogFile implements KeylogSink {
  readonly path: string
  readonly #log: Log
  #pending: string[] = []
  #pendingChars = 0
  #file: FileHandle | undefined
  #writing: Promise<void> | undefined
  #reopen = false
  #closed = false
  #failing = false
  #written = 0
  #lost = 0

  constructor(path: string, log: Log) {
    this.path = path
    this.#log = log
  }

  get counters(): KeylogFileCounters {
    return { written: this.#written, lost: this.#lost }
  }

  write(line: string): void {
    if (this.#closed || this.#pendingChars + line.length > maxPending) {
      this.#lost++
      return
    }
    this.#pending.push(line)
    this.#pendingChars += line.length
    this.#writing ??= this.#drain()
  }

  /** The file was moved away (logrotate): the next line goes to a new one. */
  reopen(): void {
    this.#reopen = true
  }

  /** Writes what is pending and ends. Lines that come later are lost. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    await this.#release()
  }

  async #drain(): Promise<void> {
    await undefined // so that all lines of one turn make one batch
    while (this.#pending.length > 0) {
      const lines = this.#pending
      this.#pending = []
      this.#pendingChars = 0
      await this.#append(lines)
    }
    this.#writing = undefined
  }

  async #append(lines: readonly string[]): Promise<void> {
    try {
      if (this.#reopen) await this.#release()
      this.#reopen = false
      this.#file ??= await openPrivate(this.path)
      await this.#file.appendFile(`${lines.join('\n')}\n`)
      this.#written += lines.length
      this.#failing = false
    } catch (err) {
      this.#lost += lines.length
      await this.#release()
      if (!this.#failing) this.#log.error({ err, path: this.path }, 'key-log lines could not be written')
      this.#failing = true
    }
  }

  async #release(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close().catch(() => {}) // nothing to be done about it, and all appends have been answered
  }
}

/** Also a file that was there before, with another mode, becomes readable by its owner only. */
async function openPrivate(path: string): Promise<FileHandle> {
  const file = await open(path, 'a', ownerOnly)
  try {
    await file.chmod(ownerOnly)
    return file
  } catch (err) {
    await file.close()
    throw err
  }
}
