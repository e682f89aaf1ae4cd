/**
 * SIP messages and their bytes by way, kind and connection, and how long they were held. It runs for every message
 * on both legs, so it finds a number in a table and adds to it: it makes no string and no object.
 */
import type { MessageSeen } from '../../base/channels.js'
import type { Direction, Side, Transport } from '../../base/facts.js'
import { registeredMethods } from '../../sip/methods.js'
import { Histogram } from './histogram.js'
import { instruments } from './instruments.js'
import type { Point, Reading } from './reading.js'

/** The label values of one dimension of the table, in their order. */
const directions = ['in', 'out'] as const satisfies readonly Direction[]
const sides = ['edge', 'core'] as const satisfies readonly Side[]
const transports = ['tls', 'tcp', 'udp'] as const satisfies readonly Transport[]
const ioDirections: Readonly<Record<Direction, string>> = { in: 'receive', out: 'transmit' }

/** The last one: every method that is not registered. */
const methods: readonly string[] = [...registeredMethods, 'other']
const otherMethod = methods.length - 1
/** By their first digit; 0: it has none that RFC 3261 §7.2 knows. */
const statusClasses = ['other', '1xx', '2xx', '3xx', '4xx', '5xx', '6xx']
const firstResponse = methods.length
const kinds = methods.length + statusClasses.length

const SP = 0x20
const SLASH = 0x2f
const ZERO = 0x30
/** `SIP/2.0 ` */
const statusAt = 8

interface KnownMethod {
  readonly kind: number
  /** with the space behind it */
  readonly bytes: Buffer
}

/** By their first four bytes, in which all of them differ. */
const byStart = new Map<number, KnownMethod>()
for (let kind = 0; kind < otherMethod; kind++) {
  const bytes = Buffer.from(`${methods[kind]} `)
  byStart.set(bytes.readInt32BE(0), { kind, bytes })
}

export class MessageMetrics {
  readonly #messages = new Float64Array(directions.length * sides.length * transports.length * kinds)
  readonly #bytes = new Float64Array(this.#messages.length)
  /** by side, requests and responses */
  readonly #held = Array.from({ length: 2 * sides.length }, () => new Histogram(instruments.relayDuration.buckets))

  see(seen: MessageSeen): void {
    const { facts, buf, start, heldMs } = seen
    const side = facts.side === 'edge' ? 0 : 1
    const transport = facts.transport === 'tls' ? 0 : facts.transport === 'tcp' ? 1 : 2
    const kind = kindOf(buf, start)
    const at = placeOf(seen.direction === 'in' ? 0 : 1, side, transport, kind)
    ;(this.#messages[at] as number)++
    ;(this.#bytes[at] as number) += seen.end - start
    if (heldMs !== undefined) this.#held[2 * side + (kind < firstResponse ? 0 : 1)]?.record(heldMs / 1000)
  }

  /** What has not come up is left out. */
  readings(): Reading[] {
    const messages: Point[] = []
    const bytes: Point[] = []
    for (const { at, labels } of places) {
      const value = this.#messages[at] as number
      if (value === 0) continue
      messages.push({ labels, value })
      bytes.push({ labels, value: this.#bytes[at] as number })
    }
    const held = this.#held.map((histogram, at) => ({
      labels: [sides[at >> 1] as string, at % 2 === 0 ? 'request' : 'response'],
      value: histogram.value,
    }))
    return [
      { instrument: instruments.messages, points: messages },
      { instrument: instruments.messageBytes, points: bytes },
      { instrument: instruments.relayDuration, points: held.filter(({ value }) => value.count > 0) },
    ]
  }
}

/** What framed it made sure that it is SIP, and holds more bytes than are looked at here. */
function kindOf(buf: Buffer, start: number): number {
  // RFC 3261 §25.1: a method has no slash, so this is the one of `SIP/`, in any case (§7.1).
  if (buf[start + 3] === SLASH) return firstResponse + statusClass(buf, start)
  const word =
    ((buf[start] as number) << 24) |
    ((buf[start + 1] as number) << 16) |
    ((buf[start + 2] as number) << 8) |
    (buf[start + 3] as number)
  const known = byStart.get(word)
  return known !== undefined && goesOn(known.bytes, buf, start) ? known.kind : otherMethod
}

function statusClass(buf: Buffer, start: number): number {
  const digit = (buf[start + statusAt] as number) - ZERO
  return buf[start + statusAt - 1] === SP && digit > 0 && digit < statusClasses.length ? digit : 0
}

function goesOn(method: Buffer, buf: Buffer, start: number): boolean {
  for (let i = 4; i < method.length; i++) if (method[i] !== buf[start + i]) return false
  return true
}

function placeOf(direction: number, side: number, transport: number, kind: number): number {
  return ((direction * sides.length + side) * transports.length + transport) * kinds + kind
}

/** Every place of the table with its labels. */
const places = directions.flatMap((direction, d) =>
  sides.flatMap((side, s) =>
    transports.flatMap((transport, t) =>
      Array.from({ length: kinds }, (_, kind) => ({
        at: placeOf(d, s, t, kind),
        labels: [
          ioDirections[direction],
          side,
          transport,
          methods[kind] ?? '',
          statusClasses[kind - firstResponse] ?? '',
        ],
      })),
    ),
  ),
)
