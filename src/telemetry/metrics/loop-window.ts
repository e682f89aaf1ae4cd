/**
 * How the event loop did lately, whoever asks and however often: two spans are measured, each begun anew when the
 * other has become old enough, and the older one is told. So what is told goes back one turn at least, two at most.
 *
 *     turn    |---------|---------|---------|
 *     span A  ●─────────────────▶ ●────────────
 *     span B            ●─────────────────▶ ●──
 */
import { type EventLoopUtilization, type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'

export const turnEveryMs = 10_000

/** Two timers of this period: less than can be measured. */
const resolutionMs = 20

export interface LoopState {
  /** 0 to 1 */
  readonly utilization: number
  /** how late timers were; undefined: there has been none */
  readonly delay:
    | { readonly mean: number; readonly p50: number; readonly p99: number; readonly max: number }
    | undefined
}

export class LoopWindow {
  #older = new Span()
  #newer = new Span()

  turn(): void {
    const span = this.#older
    this.#older = this.#newer
    this.#newer = span
    span.begin()
  }

  /** Times in s. */
  read(): LoopState {
    return this.#older.read()
  }

  stop(): void {
    this.#older.stop()
    this.#newer.stop()
  }
}

class Span {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: resolutionMs })
  #since: EventLoopUtilization = performance.eventLoopUtilization()

  constructor() {
    this.#histogram.enable()
  }

  begin(): void {
    this.#histogram.reset()
    this.#since = performance.eventLoopUtilization()
  }

  read(): LoopState {
    const { utilization } = performance.eventLoopUtilization(this.#since)
    const histogram = this.#histogram
    if (histogram.max === 0) return { utilization, delay: undefined }
    const delay = {
      mean: lateSeconds(histogram.mean),
      p50: lateSeconds(histogram.percentile(50)),
      p99: lateSeconds(histogram.percentile(99)),
      max: lateSeconds(histogram.max),
    }
    return { utilization, delay }
  }

  stop(): void {
    this.#histogram.disable()
  }
}

/** What it records are distances between its own ticks in ns: without delay, the resolution. */
function lateSeconds(ns: number): number {
  return Math.max(0, ns / 1e9 - resolutionMs / 1000)
}
