/**
 * Holds back lines of the log that say the same too often, and says how many there were. What goes wrong for one
 * peer goes wrong for thousands, and the log is to stay readable and the disk to have room. Writes nothing itself.
 */
import type { LogComponent, LogLevel } from '../../base/log.js'
import { nodeTimers, type Timer, type Timers } from '../../base/timers.js'

/** So many of a sentence pass in a window; then it is held back to the window's end. */
const mostLines = 10
const windowMs = 10_000
/** Sentences are ours, but for those of filter routes and operators, which may be many. Beyond, nothing is held back. */
const mostSentences = 1000

/** Writes the one line in place of `repeated` others. */
export type SumUp = (level: LogLevel, message: string, repeated: number) => void

interface Sentence {
  readonly level: LogLevel
  readonly message: string
  readonly sumUp: SumUp
  readonly endsMs: number
  passed: number
  heldBack: number
  timer: Timer | undefined
}

export class Repeats {
  /** lines held back since start */
  total = 0
  /** in the order in which their windows end */
  readonly #sentences = new Map<string, Sentence>()
  readonly #nowMs: () => number
  readonly #timers: Pick<Timers, 'after'>

  /** `nowMs`: monotonic. */
  constructor(nowMs = () => performance.now(), timers: Pick<Timers, 'after'> = nodeTimers) {
    this.#nowMs = nowMs
    this.#timers = timers
  }

  /** May this line be written? If not, `sumUp` will hear of it when the window is over. */
  mayPass(component: LogComponent, level: LogLevel, message: string, sumUp: SumUp): boolean {
    const nowMs = this.#nowMs()
    this.#endWindows(nowMs)
    const key = `${component} ${level} ${message}`
    const sentence = this.#sentences.get(key) ?? this.#begin(key, level, message, sumUp, nowMs)
    if (sentence === undefined) return true
    if (sentence.passed < mostLines) {
      sentence.passed++
      return true
    }
    sentence.heldBack++
    this.total++
    sentence.timer ??= this.#timers.after(Math.max(1, sentence.endsMs - nowMs), () => this.#end(key, sentence))
    return false
  }

  /** As if all windows were over. */
  sumUp(): void {
    this.#endWindows(Number.POSITIVE_INFINITY)
  }

  #begin(key: string, level: LogLevel, message: string, sumUp: SumUp, nowMs: number): Sentence | undefined {
    if (this.#sentences.size >= mostSentences) return undefined
    const sentence = { level, message, sumUp, endsMs: nowMs + windowMs, passed: 0, heldBack: 0, timer: undefined }
    this.#sentences.set(key, sentence)
    return sentence
  }

  #endWindows(nowMs: number): void {
    for (const [key, sentence] of this.#sentences) {
      if (nowMs < sentence.endsMs) return
      this.#end(key, sentence)
    }
  }

  #end(key: string, { level, message, sumUp, heldBack, timer }: Sentence): void {
    timer?.cancel()
    this.#sentences.delete(key)
    if (heldBack > 0) sumUp(level, message, heldBack)
  }
}
