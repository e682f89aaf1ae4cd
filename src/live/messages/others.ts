/**
 * What other capture agents send to the embedded collector, brought into the message store: their SIP, and their
 * lines in the flow of a call. Our own traces may come back by the same way (the collector is a destination like
 * any other); they are in the store already, straight from the tap, and are known by the id of their connection,
 * which stands in every packet of ours:
 *
 *     SIP                     0x0065 {"net":"<conn_id>"}
 *     event of a connection   0x0011 <conn_id>
 *     event in a call         0x0011 <Call-ID>, payload {…"conn_id":"<conn_id>"…}
 *
 * The tap delivers to the store before a packet leaves, so an id the store does not know is another agent's.
 */
import { ipProtocolName, protocolTypes } from '../../hep/chunks.js'
import type { HepPacket } from '../../hep/packet.js'
import type { MessageStore } from './messages.js'
import { readMessage } from './sip-summary.js'
import type { StoredLeg } from './stored.js'

/** Chunk 0x0013 may have 64 kB, and the name is shown with every message and every call. */
const maxNameChars = 64

export class OtherAgents {
  readonly #store: Pick<MessageStore, 'configured' | 'isOwn' | 'sip' | 'note'>

  constructor(store: Pick<MessageStore, 'configured' | 'isOwn' | 'sip' | 'note'>) {
    this.#store = store
  }

  /** For `Collector.onPacket`. Never throws, whatever is in the packet. */
  packet(packet: HepPacket): void {
    if (!this.#store.configured) return
    if (packet.type === protocolTypes.sip) this.#sip(packet)
    else if (packet.type === protocolTypes.log || packet.type === protocolTypes.net) this.#event(packet)
  }

  #sip(packet: HepPacket): void {
    const { payload } = packet
    const connId = /^\{"net":"([^"]*)"\}$/.exec(packet.extraCorrelation ?? '')?.[1]
    if (connId !== undefined && this.#store.isOwn(connId)) return
    const { callIdStart, callIdEnd } = readMessage(payload, 0, payload.length)
    if (callIdEnd === callIdStart) return // not SIP, and of no call
    this.#store.sip(legOf(packet), microsOf(packet), payload, 0, payload.length, callIdStart, callIdEnd)
  }

  #event(packet: HepPacket): void {
    const correlation = packet.correlationId?.toString('utf8') ?? ''
    if (correlation === '' || this.#store.isOwn(correlation)) return
    const { line, fields } = readEvent(packet.payload.toString('utf8'))
    if (typeof fields.conn_id === 'string' && this.#store.isOwn(fields.conn_id)) return
    // An event of a connection of that agent: it belongs to no call.
    if (fields.conn_id === correlation) return
    this.#store.note(legOf(packet), microsOf(packet), correlation, line, {
      failed: fields.Status === 'FAILURE',
      announces: fields.Event === 'TLS_SESSION',
    })
  }
}

function legOf(packet: HepPacket): StoredLeg {
  return {
    source: packet.source,
    destination: packet.destination,
    transport: ipProtocolName(packet.protocol),
    agent: packet.nodeName?.slice(0, maxNameChars) || String(packet.captureId),
  }
}

function microsOf({ seconds, micros }: HepPacket): number {
  return seconds * 1e6 + micros
}

interface EventText {
  readonly line: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** The line for a person above the JSON, or one made of the JSON; the rest may hold key material and is left behind. */
function readEvent(payload: string): EventText {
  const end = payload.search(/[\r\n]/)
  const first = end < 0 ? payload : payload.slice(0, end)
  if (!first.startsWith('{')) return { line: withoutKeys(first), fields: objectIn(payload.slice(first.length)) }
  const fields = objectIn(payload)
  const words = [fields.Event, fields.Status, fields.Message].filter((word) => typeof word === 'string')
  return { line: withoutKeys(words.join(' ') || 'an event'), fields }
}

function objectIn(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** Whatever agent wrote the line: TLS secrets have 32 bytes at least. */
function withoutKeys(line: string): string {
  return line.replace(/[0-9a-f]{64,}/gi, '[hidden]')
}
