/**
 * The last hour, one sample a second: differences of what the gateway counts, results of TLS handshakes from the
 * connection channel, hold-ups of the event loop. Never walks the connections: a sample costs the same with ten of
 * them as with 50,000.
 */

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { channels } from '../../base/channels.js'
import type { ConnectionEvent } from '../../base/facts.js'
import { isHandshake } from '../../base/handshakes.js'
import type { Sample } from '../../base/live.js'
import type { Log } from '../../base/log.js'
import type { Observers } from '../../base/observers.js'
import type { DestinationStatus, GatewayStatus } from '../../base/status.js'
import { type Every, nodeEvery } from '../every.js'

export const samplesKept = 3600
const sampleEveryMs = 1000
const loopResolutionMs = 20

export interface HistoryOptions {
  status(): Promise<GatewayStatus>
  readonly log: Log
  readonly observers: Observers
  readonly nowMs?: () => number
  readonly every?: Every
}

export class History {
  readonly #options: HistoryOptions
  readonly #nowMs: () => number
  readonly #ring: Sample[] = []
  /** place of the oldest, once the ring is full */
  #first = 0
  #before: Totals | undefined
  #handshakesOk = 0
  #failedBy = new Map<string, number>()
  #sampling = false
  #hasFailed = false
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: loopResolutionMs })
  #stopTimer: (() => void) | undefined
  readonly #unsubscribe: () => void

  constructor(options: HistoryOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? Date.now
    this.#unsubscribe = options.observers.observe(channels.connection, (event) => this.#count(event))
  }

  /** Samples from now on. What came before, while everything was started, counts in the first one, but for hold-ups. */
  start(): void {
    this.#stopTimer = (this.#options.every ?? nodeEvery)(sampleEveryMs, () => void this.sample())
    void this.sample()
  }

  stop(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    this.#loop.disable()
    this.#unsubscribe()
  }

  /** Oldest first. */
  list(): readonly Sample[] {
    return [...this.#ring.slice(this.#first), ...this.#ring.slice(0, this.#first)]
  }

  /** Those after `t` (Unix time in s), oldest first. Costs no more than it gives. */
  since(t: number): readonly Sample[] {
    const newer: Sample[] = []
    for (let back = 1; back <= this.#ring.length; back++) {
      const sample = this.#back(back)
      if (sample.t <= t) break
      newer.push(sample)
    }
    return newer.reverse()
  }

  /** `t` of the newest, 0 when there is none yet. */
  get latest(): number {
    return this.#ring.length === 0 ? 0 : this.#back(1).t
  }

  /** Takes one. The first time there is nothing to compare with: it only lays the ground. Never rejects. */
  async sample(): Promise<void> {
    if (this.#sampling) return
    this.#sampling = true
    try {
      const status = await this.#options.status()
      const totals = totalsOf(status)
      if (this.#before !== undefined) {
        this.#keep(this.#difference(this.#before, totals, status))
        // From the first on: in the second before it, what held the loop up is the end of the start.
        if (this.#stopTimer !== undefined) this.#loop.enable()
      }
      this.#before = totals
    } catch (error) {
      // An observer must not end the gateway, and a gap in a chart says enough every second.
      if (!this.#hasFailed) this.#options.log.error({ error: String(error) }, 'a sample for the history failed')
      this.#hasFailed = true
    } finally {
      this.#sampling = false
    }
  }

  #difference(before: Totals, totals: Totals, status: GatewayStatus): Sample {
    const failedBy = Object.fromEntries(this.#failedBy)
    const sample: Sample = {
      // Charts need time that grows, also when somebody sets the clock back.
      t: Math.max(Math.round(this.#nowMs() / 1000), this.latest + 1),
      open: status.connections.open,
      in_handshake: status.connections.inHandshake,
      handshakes_ok: this.#handshakesOk,
      handshakes_failed: sum(failedBy),
      failed_by: failedBy,
      opened: grown(before.opened, totals.opened),
      closed: grown(before.closed, totals.closed),
      messages: grown(before.messages, totals.messages),
      messages_lost: grown(before.lost, totals.lost),
      hep: hepOf(status.destinations, before, totals),
      loop_ms: this.#loopMs(),
    }
    this.#handshakesOk = 0
    this.#failedBy.clear()
    return sample
  }

  /**
   * What the histogram records are distances between its own ticks: without delay, the resolution. It is blind from
   * a reset to its next tick, one part in fifty.
   */
  #loopMs(): number {
    const longestMs = this.#loop.max / 1e6 - loopResolutionMs
    this.#loop.reset()
    return Math.max(0, Math.round(longestMs))
  }

  #count(event: ConnectionEvent): void {
    const { name, status, cause } = event
    if ((name !== 'ACCEPTED' && name !== 'CONNECTED') || !isHandshake(event)) return
    if (status === 'SUCCESS') this.#handshakesOk++
    else if (cause !== undefined) this.#failedBy.set(cause, (this.#failedBy.get(cause) ?? 0) + 1)
  }

  #keep(sample: Sample): void {
    if (this.#ring.length < samplesKept) {
      this.#ring.push(sample)
      return
    }
    this.#ring[this.#first] = sample
    this.#first = (this.#first + 1) % samplesKept
  }

  /** 1: the newest. */
  #back(steps: number): Sample {
    return this.#ring[(this.#first + this.#ring.length - steps) % this.#ring.length] as Sample
  }
}

interface Totals {
  readonly opened: number
  readonly closed: number
  readonly messages: number
  readonly lost: number
  /** by id of the destination */
  readonly sent: ReadonlyMap<string, number>
  readonly dropped: ReadonlyMap<string, number>
}

function totalsOf({ connections, messages, destinations }: GatewayStatus): Totals {
  return {
    opened: connections.acceptedTotal + connections.connectedTotal,
    closed: connections.closedTotal,
    messages: messages.relayed,
    lost: sum(messages.lost),
    sent: byId(destinations, ({ sentPackets }) => sentPackets),
    dropped: byId(destinations, ({ dropped }) => sum(dropped)),
  }
}

function hepOf(destinations: readonly DestinationStatus[], before: Totals, { sent, dropped }: Totals): Sample['hep'] {
  const queued = byId(destinations, ({ queuedPackets }) => queuedPackets)
  return Object.fromEntries(
    Array.from(queued, ([id, inQueue]) => [
      id,
      {
        sent: grown(before.sent.get(id), sent.get(id)),
        dropped: grown(before.dropped.get(id), dropped.get(id)),
        queued: inQueue,
      },
    ]),
  )
}

/** One id may be declared several times, for failover or fan-out: they count together. */
function byId(destinations: readonly DestinationStatus[], value: (one: DestinationStatus) => number) {
  const sums = new Map<string, number>()
  for (const one of destinations) sums.set(one.id, (sums.get(one.id) ?? 0) + value(one))
  return sums
}

/** A counter that is lower than before began anew (a destination after a reload): all of it came since. */
function grown(before = 0, now = 0): number {
  return now >= before ? now - before : now
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
