/**
 * A capture: chooses the messages that were asked for from the store, follows what comes, and hands out a pcapng file
 * piece by piece (recording.ts makes it). Whoever reads slowly holds up nobody: what waits for such a reader is
 * bounded, and then the file ends and says so. Decides on no permission; `keys` was asked for with the right to.
 */
import type { CaptureRequest, ConnectionFilter, SearchProblem } from '../../base/live.js'
import type { Slices } from '../../base/slices.js'
import type { MessageTest, RawMessage } from '../messages/stored.js'
import type { Walks } from '../walks.js'
import { Following, type MessageFeed } from './following.js'
import { type ConnectionSource, Recording } from './recording.js'

/** Where a capture finds what it shows. */
export interface CaptureSources extends ConnectionSource, MessageFeed {
  /** of hepgate */
  readonly version: string
  readonly walks: Walks
  rawOfConnection(id: string): Iterable<RawMessage>
  /** by time */
  rawOfCall(callId: string): Iterable<RawMessage>
  /** all with a greater number that pass the test, oldest first; undefined in the place of each other one */
  rawSince(n: number, test: MessageTest): Iterable<RawMessage | undefined>
  matching(filter: ConnectionFilter): ((connId: string) => boolean) | SearchProblem
}

export type Pieces = AsyncGenerator<Buffer, undefined>

/** A file is handed out in pieces of about this size. */
const pieceBytes = 64 * 1024

/** Begun with a signal that ends it, at once. undefined: no such connection or call, or nothing of it was traced. */
export function capture(
  request: CaptureRequest,
  from: CaptureSources,
): ((end: AbortSignal) => Pieces) | SearchProblem | undefined {
  const wants = testOf(request, from)
  if (typeof wants !== 'function') return wants
  if (!hasAny(request, from)) return undefined
  return (end) => pieces(request, from, wants, end)
}

function testOf({ connId, callId, filter = {} }: CaptureRequest, from: CaptureSources): MessageTest | SearchProblem {
  const { search = '', fields = {} } = filter
  const isEverything = search.trim() === '' && Object.keys(fields).length === 0
  const matching = isEverything ? undefined : from.matching(filter)
  if (typeof matching === 'object') return matching
  // Of another agent's message no connection is known: a filter never finds it.
  return (ofConnection, ofCall) =>
    (connId === undefined || ofConnection === connId) &&
    (callId === undefined || ofCall === callId) &&
    (matching === undefined || (ofConnection !== undefined && matching(ofConnection)))
}

/** A capture of what is named has to show something; one of all that match may be empty. */
function hasAny({ connId, callId, follow }: CaptureRequest, from: CaptureSources): boolean {
  if (connId !== undefined) {
    return (follow && from.connection(connId) !== undefined) || !isEmpty(from.rawOfConnection(connId))
  }
  return callId === undefined || !isEmpty(from.rawOfCall(callId))
}

async function* pieces(request: CaptureRequest, from: CaptureSources, wants: MessageTest, end: AbortSignal): Pieces {
  const { connId, keys } = request
  const recording = new Recording(from, { version: from.version, fromOpening: connId !== undefined, keys })
  const following = follows(request, from) ? new Following(from, connId, wants, end) : undefined
  try {
    const messages = stored(request, from, wants)[Symbol.iterator]()
    for (let more = true; more; ) {
      // Not for the whole file: others do not wait for its reader.
      more = await from.walks.inTurn((slices) => recordPiece(messages, recording, slices, end))
      if (end.aborted) return undefined
      if (more) yield recording.take()
    }
    if (following !== undefined) return yield* followed(following, recording, end)
    recording.settle()
    if (recording.bytes > 0) yield recording.take()
  } finally {
    following?.stop()
  }
}

/** False: there are no more. */
async function recordPiece(
  messages: Iterator<RawMessage | undefined>,
  recording: Recording,
  slices: Slices,
  end: AbortSignal,
): Promise<boolean> {
  for (let next = messages.next(); next.done !== true && !end.aborted; next = messages.next()) {
    if (next.value !== undefined) recording.message(next.value)
    if (recording.bytes >= pieceBytes) return true
    if (slices.isOver) await slices.next()
  }
  return false
}

async function* followed(following: Following, recording: Recording, end: AbortSignal): Pieces {
  const after = recording.latest
  while (!end.aborted) {
    for (let item = following.take(); item !== undefined; item = following.take()) {
      if ('event' in item) recording.happened(item)
      else if (item.n > after) recording.message(item)
      if (recording.bytes < pieceBytes) continue
      yield recording.take()
      if (end.aborted) return undefined
    }
    recording.settle()
    if (following.overrun) recording.remark('hepgate ended this capture here: its reader was more than 4 MiB behind')
    if (recording.bytes > 0) yield recording.take()
    if (following.over) return undefined
    await following.more()
  }
}

function follows({ follow, connId }: CaptureRequest, from: CaptureSources): boolean {
  return follow && (connId === undefined || from.connection(connId)?.closed === undefined)
}

function stored(
  { connId, callId }: CaptureRequest,
  from: CaptureSources,
  wants: MessageTest,
): Iterable<RawMessage | undefined> {
  if (connId !== undefined) return from.rawOfConnection(connId)
  return callId === undefined ? from.rawSince(0, wants) : from.rawOfCall(callId)
}

function isEmpty(messages: Iterable<RawMessage>): boolean {
  for (const _ of messages) return false
  return true
}
