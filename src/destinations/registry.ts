/**
 * All HEP destinations tracing goes to: every id of `trace_destination` gets every packet (fan-out); among
 * several declarations of one id the first that is up gets it (failover), and what waits for one that is down
 * moves to the one that is up. Made from configuration, exchanged by `reload` without losing what is queued.
 */
import { UsageError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { DestinationTest } from '../base/ports.js'
import type { DestinationStatus } from '../base/status.js'
import type { Config, HepDestinationConfig } from '../config/types.js'
import type { TracedEvent } from '../trace/event.js'
import type { TracedLeg, TraceSinks } from '../trace/sinks.js'
import { probe, untested } from './probe.js'
import { type LinkTiming, linkTiming } from './redial.js'
import { Sender, type SenderSettings } from './sender.js'

/** The part of the configuration that concerns destinations. */
export interface DestinationsConfig {
  readonly proto_hep: Config['proto_hep']
  readonly proto_tls: Pick<Config['proto_tls'], 'trace_destination'>
}

/** The declarations of one id, in their order. */
interface Group {
  readonly id: string
  readonly senders: readonly Sender[]
  active: Sender
}

interface Entry {
  /** what the sender was made from: one made from the same is the same */
  readonly key: string
  /** index in `TracedLeg.heads` */
  readonly slot: number
  readonly sender: Sender
  readonly declared: HepDestinationConfig
  readonly settings: SenderSettings
}

export class Destinations implements TraceSinks {
  readonly #log: Log
  readonly #timing: LinkTiming
  #flushTimeoutMs = 0
  #entries: readonly Entry[] = []
  #groups: readonly Group[] = []
  /** ids; a reload that changes a declaration does not end the pause */
  readonly #paused = new Set<string>()
  /** ends the tests under way */
  readonly #closing = new AbortController()
  /** removed by a reload, emptying their queues */
  readonly #leaving = new Set<Sender>()

  /** Throws UsageError when `trace_destination` names an id that is not declared. */
  constructor(config: DestinationsConfig, log: Log, timing: LinkTiming = linkTiming) {
    this.#log = log
    this.#timing = timing
    this.reload(config)
  }

  get configured(): boolean {
    return this.#groups.length > 0
  }

  /** Nothing is queued or being written. */
  get idle(): boolean {
    return this.#senders().every((sender) => sender.queuedPackets === 0)
  }

  event(event: TracedEvent): void {
    for (const group of this.#groups) group.active.event(event)
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
    for (const group of this.#groups) group.active.sip(leg, micros, buf, start, end, callIdStart, callIdEnd)
  }

  /** One entry per declaration in use, those of one id together and in their order. */
  status(): DestinationStatus[] {
    return this.#groups.flatMap((group) => group.senders.map((sender) => sender.status()))
  }

  /**
   * Destinations that are declared as before stay, with their queue and connection; those that are gone send what
   * they have queued and end. Throws UsageError, and changes nothing, when an id is not declared.
   */
  reload(config: DestinationsConfig): void {
    const { hep_id, hep_flush_timeout, ...settings } = config.proto_hep
    const ids = [...new Set(config.proto_tls.trace_destination)]
    const missing = ids.find((id) => !hep_id.some((declared) => declared.id === id))
    if (missing !== undefined) throw new UsageError(`trace_destination: no hep_id declares ${missing}`)

    const declarations = ids.flatMap((id) => hep_id.filter((declared) => declared.id === id))
    const before = [...this.#entries]
    const kept = declarations.map((declared) => takeMatching(before, keyOf(declared, settings)))
    const slots = new Set(kept.map((entry) => entry?.slot))
    this.#flushTimeoutMs = hep_flush_timeout
    this.#entries = declarations.map((declared, i) => kept[i] ?? this.#entry(declared, settings, slots))
    this.#groups = ids.map((id) => groupOf(this.#entries, id))
    for (const id of this.#paused) if (!ids.includes(id)) this.#paused.delete(id)
    for (const { sender } of this.#entries) sender.paused = this.#paused.has(sender.id)
    this.#chooseActive()
    for (const entry of before) void this.#leave(entry.sender)
  }

  /** All declarations of an id. false: there is none. */
  pause(id: string, paused: boolean): boolean {
    const group = this.#groups.find((group) => group.id === id)
    if (group === undefined) return false
    if (paused) this.#paused.add(id)
    else this.#paused.delete(id)
    for (const sender of group.senders) sender.paused = paused
    return true
  }

  /** Sends a probe where the packets of this id go now. undefined: there is none. */
  async test(id: string): Promise<DestinationTest | undefined> {
    const active = this.#groups.find((group) => group.id === id)?.active
    const entry = this.#entries.find(({ sender }) => sender === active)
    if (entry === undefined) return undefined
    if (entry.sender.paused) return untested('the destination is paused')
    return await probe(entry.declared, entry.settings, this.#timing, this.#closing.signal)
  }

  /** Resolves when all queues are empty (true) or the deadline has passed (false). */
  async flush(deadlineMs: number = this.#flushTimeoutMs): Promise<boolean> {
    const until = performance.now() + deadlineMs
    // again, because a failover may move packets to a queue that was empty already
    while (!this.idle) {
      const leftMs = until - performance.now()
      if (leftMs <= 0) return false
      await Promise.all(this.#senders().map((sender) => sender.flush(leftMs)))
    }
    return true
  }

  /** Sends what is queued, as far as the deadline allows, and ends; the rest is counted as lost. */
  async close(deadlineMs: number = this.#flushTimeoutMs): Promise<void> {
    this.#closing.abort()
    await this.flush(deadlineMs)
    await Promise.all(this.#senders().map((sender) => sender.close()))
  }

  #senders(): Sender[] {
    return [...this.#entries.map((entry) => entry.sender), ...this.#leaving]
  }

  #entry(declared: HepDestinationConfig, settings: SenderSettings, slots: Set<number | undefined>): Entry {
    let slot = 0
    while (slots.has(slot)) slot++
    slots.add(slot)
    const sender = new Sender(declared, settings, slot, this.#log, () => this.#chooseActive(), this.#timing)
    return { key: keyOf(declared, settings), slot, sender, declared, settings }
  }

  #chooseActive(): void {
    for (const group of this.#groups) {
      const usable = group.senders.find((sender) => !sender.isDown)
      group.active = usable ?? (group.senders[0] as Sender)
      if (usable === undefined) continue
      for (const sender of group.senders) if (sender.isDown) usable.takeOver(sender)
    }
  }

  async #leave(sender: Sender): Promise<void> {
    this.#leaving.add(sender)
    await sender.flush(this.#flushTimeoutMs)
    await sender.close()
    this.#leaving.delete(sender)
  }
}

function keyOf(declared: HepDestinationConfig, settings: SenderSettings): string {
  return JSON.stringify([declared, settings])
}

/** Removes the first entry with this key from `entries` and returns it. */
function takeMatching(entries: Entry[], key: string): Entry | undefined {
  const index = entries.findIndex((entry) => entry.key === key)
  return index < 0 ? undefined : entries.splice(index, 1)[0]
}

function groupOf(entries: readonly Entry[], id: string): Group {
  const senders = entries.filter((entry) => entry.sender.id === id).map((entry) => entry.sender)
  return { id, senders, active: senders[0] as Sender }
}
