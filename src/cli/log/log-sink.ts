/**
 * Where log lines go: a file descriptor, written behind the back of whoever logs. A reader that has stopped or a
 * disk that is full costs log lines, and never the time or the life of the gateway: pino's own destination
 * retries a full disk for ever when it is flushed, so it is not used.
 */
import { write, writeSync } from 'node:fs'

/** A pipe that is full says so at once where somebody made it non-blocking. */
const retryMs = 100

export class LogSink {
  readonly #fd: number
  readonly #maxHeldChars: number
  readonly #tellLost: (lines: number) => void
  #held: string[] = []
  #heldChars = 0
  #writing: Buffer | undefined
  #lost = 0

  /** Lines beyond `maxHeldChars` that nobody takes are lost. `tellLost` hears how many when lines are taken again. */
  constructor(fd: number, maxHeldChars: number, tellLost: (lines: number) => void) {
    this.#fd = fd
    this.#maxHeldChars = maxHeldChars
    this.#tellLost = tellLost
  }

  /** One line with its line end. */
  write(line: string): void {
    if (this.#heldChars + line.length > this.#maxHeldChars) {
      this.#lost++
      return
    }
    this.#held.push(line)
    this.#heldChars += line.length
    if (this.#writing === undefined) this.#writeHeld()
  }

  /** For the moment before the process is ended: writes what is held, whatever is still under way. */
  flush(): void {
    let bytes = this.#takeHeld()
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#fd, bytes))
    } catch {
      this.#lost += lines(bytes)
    }
  }

  #writeHeld(): void {
    this.#writing = this.#takeHeld()
    write(this.#fd, this.#writing, this.#written)
  }

  readonly #written = (error: NodeJS.ErrnoException | null, count: number): void => {
    const bytes = this.#writing as Buffer
    if (error?.code === 'EAGAIN') {
      setTimeout(() => write(this.#fd, bytes, this.#written), retryMs)
      return
    }
    if (error !== null) this.#lost += lines(bytes)
    const rest = error === null ? bytes.subarray(count) : none
    if (rest.length > 0) {
      this.#writing = rest
      write(this.#fd, rest, this.#written)
      return
    }
    this.#writing = undefined
    if (this.#held.length > 0) this.#writeHeld()
    if (error === null) this.#tell()
  }

  #tell(): void {
    const lost = this.#lost
    this.#lost = 0
    if (lost > 0) this.#tellLost(lost)
  }

  #takeHeld(): Buffer {
    const bytes = Buffer.from(this.#held.join(''))
    this.#held = []
    this.#heldChars = 0
    return bytes
  }
}

const none = Buffer.alloc(0)
const lineFeed = 0x0a

function lines(bytes: Buffer): number {
  let count = 0
  for (const byte of bytes) if (byte === lineFeed) count++
  return count
}
