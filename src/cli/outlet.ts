/**
 * Where the packets of commands go: the destinations of live traces, but with time. A call must not wait for
 * a collector, a capture file can; so this waits where those would drop, until nothing moves any more.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { silentLog } from '../base/log.js'
import type { DestinationStatus } from '../base/status.js'
import type { Config } from '../config/types.js'
import { linkTiming } from '../destinations/redial.js'
import { Destinations } from '../destinations/registry.js'
import type { TracedEvent } from '../trace/event.js'
import type { TracedLeg, TraceSinks } from '../trace/sinks.js'

/** Looking at the queue costs more than a message does. */
const lookEveryBytes = 1024 * 1024
const fullBytes = 8 * 1024 * 1024
/** Well above what is let in between two looks, so that the queue itself never has to drop. */
const queue = { hep_queue_bytes: 64 * 1024 * 1024, hep_queue_packets: 1_000_000 }
const pollMs = 20
/** Long enough for a connect that times out to be tried again. */
const patienceMs = 10_000

export class Outlet implements TraceSinks {
  readonly configured = true
  /** `hep_dest (tcp:10.0.0.2:9060)` */
  readonly name: string
  readonly #destinations: Destinations
  readonly #patienceMs: number
  #bytesSinceLook = 0

  /** All destinations of `config` have one id, `shownAs` for the user. */
  constructor(config: Config['proto_hep'], shownAs: string, patience = patienceMs) {
    const trace_destination = config.hep_id.slice(0, 1).map(({ id }) => id)
    const proto_hep = { ...config, ...queue }
    this.#destinations = new Destinations({ proto_hep, proto_tls: { trace_destination } }, silentLog)
    this.#patienceMs = patience
    const addresses = this.#destinations.status().map(({ address }) => address)
    this.name = addresses.includes(shownAs) ? shownAs : `${shownAs} (${addresses.join(', ')})`
  }

  event(event: TracedEvent): void {
    this.#destinations.event(event)
  }

  sip(
    leg: TracedLeg,
    micros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): void {
    this.#bytesSinceLook += end - start
    this.#destinations.sip(leg, micros, buf, start, end, callIdStart, callIdEnd)
  }

  /** Waits while the queue is full; false: nothing moves. */
  async room(): Promise<boolean> {
    if (this.#bytesSinceLook < lookEveryBytes) return true
    this.#bytesSinceLook = 0
    return this.#queuedAtMost(fullBytes)
  }

  /** Waits until everything is sent; false: nothing moves. */
  drain(): Promise<boolean> {
    return this.#queuedAtMost(0)
  }

  /** What is still queued counts as dropped. */
  close(): Promise<void> {
    return this.#destinations.close(0)
  }

  get sent(): number {
    return this.#sum((status) => status.sentPackets)
  }

  /** packets by name of the HEP protocol type */
  get sentByType(): ReadonlyMap<string, number> {
    return this.#byKey((status) => status.sentByType)
  }

  get lost(): number {
    let lost = 0
    for (const packets of this.dropped.values()) lost += packets
    return lost
  }

  /** packets by reason */
  get dropped(): ReadonlyMap<string, number> {
    return this.#byKey((status) => status.dropped)
  }

  /** What the network said last. */
  get complaint(): string {
    return this.errors.join('; ') || 'it does not read'
  }

  /** `tcp:10.0.0.2:9060: connect-refused: …`, of every declaration that has one */
  get errors(): readonly string[] {
    return this.#destinations
      .status()
      .flatMap(({ address, lastError }) => (lastError ? `${address}: ${lastError}` : []))
  }

  /**
   * Waits a moment for what comes after everything is sent: a host where nothing listens answers a datagram by ICMP,
   * and a TLS 1.3 server refuses a certificate only then. true: nobody refused what was sent to him.
   */
  async unrefused(): Promise<boolean> {
    const isRefused = () => this.#destinations.status().some((status) => status.sentPackets > 0 && status.lastError)
    const untilMs = performance.now() + linkTiming.probeMs
    while (!isRefused() && performance.now() < untilMs) await delay(pollMs)
    return !isRefused()
  }

  async #queuedAtMost(bytes: number): Promise<boolean> {
    let progress = this.#progress()
    let movedMs = performance.now()
    while (this.#sum((status) => status.queuedBytes) > bytes) {
      await delay(pollMs)
      const now = this.#progress()
      if (now !== progress) movedMs = performance.now()
      else if (performance.now() - movedMs > this.#patienceMs) return false
      progress = now
    }
    return true
  }

  /** Those of all destinations together; what is 0 is left out. */
  #byKey(counts: (status: DestinationStatus) => Readonly<Record<string, number>>): ReadonlyMap<string, number> {
    const sums = new Map<string, number>()
    for (const status of this.#destinations.status()) {
      for (const [key, packets] of Object.entries(counts(status))) {
        if (packets > 0) sums.set(key, (sums.get(key) ?? 0) + packets)
      }
    }
    return sums
  }

  #progress(): number {
    return this.sent + this.lost
  }

  #sum(count: (status: DestinationStatus) => number): number {
    return this.#destinations.status().reduce((sum, status) => sum + count(status), 0)
  }
}
