/**
 * The flow of a call as a ladder: who takes part, in which order they stand, and from whom to whom each message goes.
 *
 *     edge parties     hepgate      core parties, others
 *      │       │      edge  core       │       │
 *      │───────┼───────▶│     │        │       │
 *      │       │        │     │───────▶│       │
 *
 * Both sides of the gateway have a line of their own, so that a message is seen to come in and to go on. Pure.
 */
import type { Side } from '../../../../src/base/facts.js'
import type { CallDetail, ConnectionRow, MessageView } from '../../../../src/base/live.js'

/** Another end: a phone, a trunk, a server of ours, or whoever a capture agent saw. */
export interface Party {
  readonly kind: 'party'
  /** `192.0.2.1:5061` */
  readonly address: string
  /** undefined: only seen by other agents */
  readonly side: Side | undefined
  /** its latest connection with us, as far as that is known */
  readonly leg: ConnectionRow | undefined
  /** it talked to us over so many connections */
  readonly connections: number
}

/** Our own end on one side. */
export interface Gateway {
  readonly kind: 'gateway'
  readonly side: Side
}

export type Line = Party | Gateway

export interface Rung {
  readonly message: MessageView
  /** places in `lines` */
  readonly from: number
  readonly to: number
  /** since the message before; undefined: it is the first */
  readonly gapMs: number | undefined
  readonly tone: FlowTone
  /** brings a session description along */
  readonly hasSdp: boolean
}

export interface Ladder {
  /** left to right */
  readonly lines: readonly Line[]
  readonly rungs: readonly Rung[]
}

export type FlowTone = 'request' | 'provisional' | 'success' | 'redirect' | 'challenge' | 'failure' | 'note'

interface PartyDraft {
  side: Side | undefined
  readonly connIds: Set<string>
}

export function ladderOf({ flow, legs }: Pick<CallDetail, 'flow' | 'legs'>): Ladder {
  const own = ownAddresses(flow, legs)
  const drafts = new Map<string, PartyDraft>()
  const sides = new Set<Side>()
  const keys = flow.map((message) => {
    const ends = [endOf(message, message.source, own), endOf(message, message.destination, own)] as const
    for (const end of ends) {
      if (isSide(end)) sides.add(end)
      else note(drafts, end, message)
    }
    return ends
  })
  const lines = [...partiesOf(drafts, legs, 'edge'), ...gateways(sides), ...partiesOf(drafts, legs, 'core', undefined)]
  const places = new Map(lines.map((line, place) => [line.kind === 'party' ? line.address : line.side, place]))
  const rungs = flow.map((message, i) => ({
    message,
    from: places.get(keys[i]![0])!,
    to: places.get(keys[i]![1])!,
    gapMs: i === 0 ? undefined : (message.micros - flow[i - 1]!.micros) / 1000,
    tone: toneOf(message),
    hasSdp: message.kind === 'sip' && message.text?.includes('\r\n\r\nv=0') === true,
  }))
  return { lines, rungs }
}

/** What kind of message it is: for its colour, which never stands alone. */
export function toneOf({ kind, summary, status }: MessageView): FlowTone {
  if (kind === 'event') return isFailure(summary) ? 'failure' : 'note'
  if (status === undefined) return 'request'
  if (status < 200) return 'provisional'
  if (status < 300) return 'success'
  if (status < 400) return 'redirect'
  return status === 401 || status === 407 ? 'challenge' : 'failure'
}

/** The line of an event is its name, how it went, and more. */
function isFailure(summary: string): boolean {
  return /^\S+ FAILURE\b/.test(summary)
}

/** Our addresses by side, so that what another agent saw of us meets our own line. */
function ownAddresses(flow: readonly MessageView[], legs: readonly ConnectionRow[]): ReadonlyMap<string, Side> {
  const own = new Map<string, Side>()
  for (const { direction, source, destination, side } of flow) {
    if (direction !== undefined) own.set(direction === 'in' ? destination : source, side ?? 'edge')
  }
  for (const { local, side } of legs) own.set(local, side)
  return own
}

/** A side of ours, or the address of a party. */
function endOf({ direction, side, source }: MessageView, address: string, own: ReadonlyMap<string, Side>): string {
  if (direction !== undefined) return (direction === 'in') === (address === source) ? address : (side ?? 'edge')
  // an event of ours knows its side; one address may serve both
  return own.has(address) ? (side ?? own.get(address)!) : address
}

function isSide(key: string): key is Side {
  return key === 'edge' || key === 'core'
}

function note(drafts: Map<string, PartyDraft>, address: string, { side, conn_id }: MessageView): void {
  const draft = drafts.get(address) ?? { side: undefined, connIds: new Set() }
  draft.side ??= side
  if (conn_id !== undefined) draft.connIds.add(conn_id)
  drafts.set(address, draft)
}

/** In the order they turned up. */
function partiesOf(
  drafts: ReadonlyMap<string, PartyDraft>,
  legs: readonly ConnectionRow[],
  ...sides: readonly (Side | undefined)[]
): Party[] {
  return sides.flatMap((side) =>
    [...drafts]
      .filter(([, draft]) => draft.side === side)
      .map(([address, { connIds }]) => ({
        kind: 'party' as const,
        address,
        side,
        leg: legs.findLast(({ conn_id }) => connIds.has(conn_id)),
        connections: connIds.size,
      })),
  )
}

function gateways(sides: ReadonlySet<Side>): Gateway[] {
  return (['edge', 'core'] as const).filter((side) => sides.has(side)).map((side) => ({ kind: 'gateway', side }))
}
