/** What this process uses: CPU, memory, descriptors, its event loop, garbage collection. Knows nothing of SIP. */
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { openDescriptors } from './descriptors.js'
import { histograms } from './histogram.js'
import { instruments } from './instruments.js'
import { LoopWindow, turnEveryMs } from './loop-window.js'
import { type Point, type Reading, single } from './reading.js'

/** Node lists what it holds with a string for each: 20,000 take 3 ms, and nobody reads messages meanwhile. */
const mostHandles = 20_000

const gcTypes: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

/** What Node documents of an entry of type `gc`, and its types do not know. */
interface CollectionEntry {
  /** ms */
  readonly duration: number
  readonly detail: { readonly kind: number }
}

export class ProcessMetrics {
  readonly #loop = new LoopWindow()
  readonly #turns = setInterval(() => this.#loop.turn(), turnEveryMs)
  readonly #gc = histograms(instruments.gcDuration)
  readonly #collections = new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as readonly unknown[] as readonly CollectionEntry[]) {
      const type = gcTypes[detail.kind]
      if (type !== undefined) this.#gc.at(type).record(duration / 1000)
    }
  })

  constructor() {
    this.#turns.unref()
    this.#collections.observe({ entryTypes: ['gc'] })
  }

  async readings(): Promise<Reading[]> {
    const descriptors = await openDescriptors()
    const { user, system } = process.cpuUsage()
    const heap = getHeapStatistics()
    return [
      {
        instrument: instruments.cpuTime,
        points: [
          { labels: ['user'], value: user / 1e6 },
          { labels: ['system'], value: system / 1e6 },
        ],
      },
      single(instruments.memoryUsage, process.memoryUsage.rss()),
      single(instruments.uptime, process.uptime()),
      single(instruments.fileDescriptors, descriptors),
      { instrument: instruments.handles, points: handles(descriptors) },
      single(instruments.heapUsed, heap.used_heap_size),
      single(instruments.heapLimit, heap.heap_size_limit),
      single(instruments.externalMemory, heap.external_memory),
      this.#gc.read(),
      ...this.#loopReadings(),
    ]
  }

  stop(): void {
    clearInterval(this.#turns)
    this.#loop.stop()
    this.#collections.disconnect()
  }

  #loopReadings(): Reading[] {
    const { utilization, delay } = this.#loop.read()
    return [
      single(instruments.eventLoopUtilization, utilization),
      single(instruments.eventLoopDelayMean, delay?.mean),
      single(instruments.eventLoopDelayP50, delay?.p50),
      single(instruments.eventLoopDelayP99, delay?.p99),
      single(instruments.eventLoopDelayMax, delay?.max),
    ]
  }
}

function handles(descriptors: number | undefined): Point[] {
  if (descriptors !== undefined && descriptors > mostHandles) return []
  const held = new Map<string, number>()
  for (const type of process.getActiveResourcesInfo()) held.set(type, (held.get(type) ?? 0) + 1)
  return Array.from(held, ([type, value]) => ({ labels: [type], value }))
}
