/**
 * One HEP destination: encodes messages and events into its queue and lets its link carry them away.
 * Never waits, never throws for what a network does, and knows nothing of other destinations.
 */
import { endpointText, isLoopback, plainIp, unknownEndpoint } from '../base/address.js'
import type { Transport } from '../base/facts.js'
import type { Log } from '../base/log.js'
import type { DestinationStatus } from '../base/status.js'
import type { HepDestinationConfig } from '../config/types.js'
import { ipProtocols, protocolTypes } from '../hep/chunks.js'
import { encodeHep, hepHead, hepSize, hepTail, maxHepBytes, payloadRoom } from '../hep/encode.js'
import { type EventForm, eventPayload, type TracedEvent } from '../trace/event.js'
import type { TracedLeg } from '../trace/sinks.js'
import { DatagramLink } from './datagram.js'
import { Ledger } from './ledger.js'
import { PacketQueue } from './queue.js'
import { type Link, type LinkOwner, type LinkTiming, linkTiming } from './redial.js'
import { cutAtBoundary, shortenedEvent } from './shorten.js'
import { StreamLink } from './stream.js'

export interface SenderSettings {
  readonly hep_capture_id: number
  readonly hep_node_name: string
  readonly hep_queue_bytes: number
  readonly hep_queue_packets: number
  readonly hep_connect_timeout: number
}

/** What a sender keeps in its slot of `TracedLeg.heads`. */
interface PreparedLeg {
  readonly owner: Sender
  readonly head: Buffer
  readonly tail: Buffer
}

export class Sender implements LinkOwner {
  readonly id: string
  /** The last attempt failed and none has succeeded since: its backup, if there is one, should take over. */
  isDown = false
  /** An operator wants nothing sent: what comes is dropped and counted. What is queued is sent all the same. */
  paused = false
  readonly #config: HepDestinationConfig
  readonly #settings: SenderSettings
  readonly #slot: number
  readonly #log: Log
  readonly #onTurn: () => void
  readonly #ledger = new Ledger()
  readonly #queue: PacketQueue
  readonly #link: Link
  readonly #wantsSip: boolean
  readonly #eventTail: Buffer
  readonly #address: string
  /** what decides how a packet looks, the address aside */
  readonly #encoding: string
  readonly #flushes = new Set<() => void>()
  #closed: Promise<void> | undefined
  #wasUp = false
  /** the rule of TRACE §5, for the address dialled last */
  #secretsAllowed: boolean
  /** key material allowed only because the collector is on this machine may be in the queue */
  #secretsQueued = false
  /** queue-full losses the log will sum up when the queue is empty again */
  #refusedSinceEmpty = 0

  /** `slot`: index in `TracedLeg.heads` that no other living sender has. `onTurn`: called when `isDown` changed. */
  constructor(
    config: HepDestinationConfig,
    settings: SenderSettings,
    slot: number,
    log: Log,
    onTurn: () => void,
    timing: LinkTiming = linkTiming,
  ) {
    this.id = config.id
    this.#config = config
    this.#settings = settings
    this.#slot = slot
    this.#log = log
    this.#onTurn = onTurn
    this.#wantsSip = wants(config, protocolTypes.sip)
    this.#eventTail = hepTail({ authKey: config.auth_key, nodeName: settings.hep_node_name })
    this.#address = `${config.transport}:${endpointText({ ip: config.host, port: config.port })}`
    this.#encoding = JSON.stringify([config.form, config.types, config.tls_protocol_id, config.auth_key])
    this.#secretsAllowed = secretsAllowed(config, config.host)
    this.#queue = new PacketQueue({ maxBytes: settings.hep_queue_bytes, maxPackets: settings.hep_queue_packets })
    this.#queue.onEmpty = () => this.#emptied()
    const withTimeout = { ...timing, connectMs: settings.hep_connect_timeout }
    this.#link =
      config.transport === 'udp'
        ? new DatagramLink(config, this.#queue, this.#ledger, this, withTimeout)
        : new StreamLink(config, this.#queue, this.#ledger, this, withTimeout)
  }

  /** One SIP message, buf[start, end); the bytes are copied before this returns. */
  sip(
    leg: TracedLeg,
    micros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): void {
    if (!this.#wantsSip) return
    if (this.paused) {
      this.#ledger.drop('paused', 1)
      return
    }
    const prepared = this.#prepared(leg)
    const size = hepSize(prepared.head, prepared.tail, callIdEnd - callIdStart, end - start)
    if (size > maxHepBytes) {
      this.#longSip(leg, micros, buf, start, end, callIdStart, callIdEnd)
      return
    }
    const page = this.#queue.open(size)
    if (page === undefined) {
      this.#refuse()
      return
    }
    encodeHep(page.bytes, page.end, prepared.head, prepared.tail, micros, buf, callIdStart, callIdEnd, buf, start, end)
    this.#queue.commit(page, size)
    this.#link.wake()
  }

  event(event: TracedEvent): void {
    // What is put into the flow of a call is type 100 for every destination: collectors show 89 there as a
    // media quality report (Homer 7) or not at all.
    const inCall = event.correlation !== event.facts.id
    const form: EventForm = inCall ? 'log' : this.#config.form
    const type = form === 'log' ? protocolTypes.log : protocolTypes.net
    if (!wants(this.#config, type)) return
    if (this.paused) {
      this.#ledger.drop('paused', 1)
      return
    }
    const { direction, peer, local, transport } = event.facts
    const head = hepHead({
      source: direction === 'in' ? peer : local,
      destination: direction === 'in' ? local : peer,
      protocol: this.#protocol(transport),
      type,
      captureId: this.#settings.hep_capture_id,
    })
    const correlation = Buffer.from(event.correlation)
    const room = payloadRoom(head, this.#eventTail, correlation.length)
    const full = eventPayload(event, form, this.#secretsAllowed)
    const fits = full.length <= room
    const payload = fits ? full : shortenedEvent(event, form, this.#secretsAllowed, full.length, room)
    if (payload === undefined) {
      this.#ledger.drop('too-large', 1)
      return
    }
    if (this.#secretsAllowed && event.facts.keylog.length > 0) this.#secretsQueued = true
    const queued = this.#encode(head, this.#eventTail, event.micros, correlation, payload)
    if (queued && !fits) this.#ledger.truncated++
  }

  /** A word that is about no connection, of type 100 for every form. false: the declaration takes no such packets. */
  word(correlation: string, payload: string): boolean {
    if (!wants(this.#config, protocolTypes.log)) return false
    const head = hepHead({
      source: unknownEndpoint,
      destination: unknownEndpoint,
      protocol: ipProtocols[this.#config.transport === 'udp' ? 'udp' : 'tcp'],
      type: protocolTypes.log,
      captureId: this.#settings.hep_capture_id,
    })
    return this.#encode(head, this.#eventTail, Date.now() * 1000, Buffer.from(correlation), Buffer.from(payload))
  }

  get queuedPackets(): number {
    return this.#queue.packets
  }

  status(): DestinationStatus {
    const ledger = this.#ledger
    return {
      id: this.id,
      address: this.#address,
      transport: this.#config.transport,
      state: this.#link.state,
      paused: this.paused,
      queuedPackets: this.#queue.packets,
      queuedBytes: this.#queue.bytes,
      sentPackets: ledger.sentPackets,
      sentBytes: ledger.sentBytes,
      sentByType: ledger.sentByType,
      dropped: { ...ledger.dropped },
      truncated: ledger.truncated,
      reconnects: ledger.reconnects,
      lastError: ledger.lastError,
      lastErrorAt: ledger.lastErrorAt,
    }
  }

  /** Resolves when nothing is queued (true) or the deadline has passed (false). */
  flush(deadlineMs: number): Promise<boolean> {
    if (this.#queue.packets === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const finish = (empty: boolean): void => {
        clearTimeout(timer)
        this.#flushes.delete(emptied)
        resolve(empty)
      }
      const emptied = (): void => finish(true)
      const timer = setTimeout(() => finish(false), deadlineMs)
      this.#flushes.add(emptied)
    })
  }

  /** Ends the link; what is still queued is counted as lost. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  /** Takes the waiting packets of another declaration of the same id, where they would look the same coming from here. */
  takeOver(from: Sender): void {
    const sameBytes = from.#encoding === this.#encoding
    if (from === this || !sameBytes || (from.#secretsQueued && !this.#secretsAllowed)) return
    this.#secretsQueued ||= from.#secretsQueued
    const refused = from.#queue.moveWaiting(this.#queue)
    this.#ledger.drop('queue-full', refused)
    this.#link.wake()
  }

  // What the link tells.

  dialling(ip: string): void {
    this.#secretsAllowed = secretsAllowed(this.#config, ip)
    if (this.#secretsAllowed || !this.#secretsQueued) return
    this.#ledger.drop('address-changed', this.#queue.dropWaiting())
    this.#secretsQueued = false
  }

  up(): void {
    if (this.#wasUp) this.#ledger.reconnects++
    this.#wasUp = true
    this.#log.info(this.#logFields(), 'HEP destination is connected')
    this.isDown = false
    this.#onTurn()
  }

  down(message: string): void {
    this.#ledger.error(message, new Date())
    if (this.isDown) return
    this.isDown = true
    this.#log.warn({ ...this.#logFields(), error: message }, 'HEP destination is not usable; its traces are queued')
    this.#onTurn()
  }

  async #end(): Promise<void> {
    this.#queue.close()
    const linkClosed = this.#link.close()
    const lost = this.#queue.dropWaiting()
    this.#ledger.drop('shutdown', lost)
    if (lost > 0) this.#log.warn({ ...this.#logFields(), lost }, 'a HEP destination was closed before all was sent')
    await linkClosed
  }

  #prepared(leg: TracedLeg): PreparedLeg {
    const prepared = leg.heads[this.#slot] as PreparedLeg | undefined
    if (prepared !== undefined && prepared.owner === this) return prepared
    const fresh: PreparedLeg = {
      owner: this,
      head: hepHead({
        source: leg.source,
        destination: leg.destination,
        protocol: this.#protocol(leg.transport),
        type: protocolTypes.sip,
        captureId: this.#settings.hep_capture_id,
      }),
      tail: this.#sipTail({ net: leg.connId }),
    }
    leg.heads[this.#slot] = fresh
    return fresh
  }

  #sipTail(extraCorrelation: object): Buffer {
    return hepTail({
      authKey: this.#config.auth_key,
      nodeName: this.#settings.hep_node_name,
      extraCorrelation: JSON.stringify(extraCorrelation),
    })
  }

  /** A message that does not fit is cut after a line; chunk 0x0065 says so, since a word in the SIP would be taken for SIP. */
  #longSip(
    leg: TracedLeg,
    micros: number,
    buf: Buffer,
    start: number,
    end: number,
    callIdStart: number,
    callIdEnd: number,
  ): void {
    const { head } = this.#prepared(leg)
    const tail = this.#sipTail({ net: leg.connId, truncated: `shortened from ${end - start} octets` })
    const room = payloadRoom(head, tail, callIdEnd - callIdStart)
    if (room <= 0) {
      this.#ledger.drop('too-large', 1)
      return
    }
    const payload = buf.subarray(start, cutAtBoundary(buf, start, room))
    if (this.#encode(head, tail, micros, buf.subarray(callIdStart, callIdEnd), payload)) this.#ledger.truncated++
  }

  #encode(head: Buffer, tail: Buffer, micros: number, correlation: Buffer, payload: Buffer): boolean {
    const size = hepSize(head, tail, correlation.length, payload.length)
    const page = this.#queue.open(size)
    if (page === undefined) {
      this.#refuse()
      return false
    }
    encodeHep(page.bytes, page.end, head, tail, micros, correlation, 0, correlation.length, payload, 0, payload.length)
    this.#queue.commit(page, size)
    this.#link.wake()
    return true
  }

  #protocol(transport: Transport): number {
    return transport === 'tls' ? this.#config.tls_protocol_id : ipProtocols[transport]
  }

  #refuse(): void {
    this.#ledger.drop(this.#closed === undefined ? 'queue-full' : 'shutdown', 1)
    if (this.#closed === undefined && this.#refusedSinceEmpty++ === 0) {
      this.#log.warn(this.#logFields(), 'the queue of a HEP destination is full; traces are being lost')
    }
  }

  #emptied(): void {
    this.#secretsQueued = false
    for (const emptied of this.#flushes) emptied()
    if (this.#refusedSinceEmpty === 0) return
    this.#log.warn(
      { ...this.#logFields(), lost: this.#refusedSinceEmpty },
      'the queue of a HEP destination is empty again; traces were lost while it was full',
    )
    this.#refusedSinceEmpty = 0
  }

  #logFields(): object {
    return { destination: this.id, address: this.#address, queued: this.#queue.packets }
  }
}

function wants(config: HepDestinationConfig, type: number): boolean {
  return config.types.length === 0 || config.types.includes(type)
}

/** Key material goes where nobody can listen, or where the operator says so. `ip`: where the bytes really go. */
export function secretsAllowed(config: Pick<HepDestinationConfig, 'secrets' | 'transport'>, ip: string): boolean {
  return config.secrets ?? (config.transport === 'tls' || isLoopback(plainIp(ip)))
}
