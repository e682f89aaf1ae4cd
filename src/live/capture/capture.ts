/**
 * Captures to download: chooses the messages that were asked for from the store, follows what comes, and hands out a
 * pcapng file piece by piece (recording.ts makes it). Whoever reads slowly holds up nobody: what waits for such a
 * reader is bounded, and then the file ends and says so. Decides on no permission; `keys` was asked for with the right to.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CaptureRequest, ConnectionFilter, SearchProblem } from '../base/live.js'
import { Following, type MessageFeed } from './following.js'
import { type ConnectionSource, Recording } from './recording.js'
import type { RawMessage } from './stored.js'

/** Where a capture finds what it shows. */
export interface CaptureSources extends ConnectionSource, MessageFeed {
  /** of hepgate */
  readonly version: string
  /** by time */
  rawOfCall(callId: string): Iterable<RawMessage>
  /** all with a greater number, oldest first */
  rawSince(n: number): Iterable<RawMessage>
  matching(filter: ConnectionFilter): ((connId: string) => boolean) | SearchProblem
}

/** A file is handed out in pieces of about this size. */
const pieceBytes = 64 * 1024
/** Messages looked at before others have their turn: at 6 µs each, 1 ms. */
const messagesPerTurn = 200

/** undefined: no such connection or call, or nothing of it was traced. */
export function capture(
  request: CaptureRequest,
  from: CaptureSources,
): AsyncIterable<Buffer> | SearchProblem | undefined {
  const { connId, callId, filter = {} } = request
  const fields = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
  // Of another agent's message no connection is known: a filter never finds it.
  const matching = Object.keys(fields).length === 0 ? undefined : from.matching({ fields })
  if (typeof matching === 'object') return matching
  const wants: Wants = (message) =>
    (connId === undefined || message.connId === connId) &&
    (callId === undefined || message.callId === callId) &&
    (matching === undefined || (message.connId !== undefined && matching(message.connId)))
  if (!hasAny(request, from)) return undefined
  return { [Symbol.asyncIterator]: () => endable(request.signal, (signal) => pieces(request, from, wants, signal)) }
}

type Wants = (message: RawMessage) => boolean
type Pieces = AsyncGenerator<Buffer, undefined>

/** A capture of what is named has to show something; one of all that match may be empty. */
function hasAny({ connId, callId, follow }: CaptureRequest, from: CaptureSources): boolean {
  if (connId !== undefined) {
    return (follow && from.connection(connId) !== undefined) || !isEmpty(from.rawOfConnection(connId))
  }
  return callId === undefined || !isEmpty(from.rawOfCall(callId))
}

/** A generator that waits for a message hears nothing of a reader who left, until a signal wakes it. */
function endable(outer: AbortSignal | undefined, make: (signal: AbortSignal) => Pieces): AsyncIterator<Buffer> {
  const reader = new AbortController()
  const generator = make(outer === undefined ? reader.signal : AbortSignal.any([outer, reader.signal]))
  return {
    next: () => generator.next(),
    return: () => {
      reader.abort()
      return generator.return(undefined)
    },
  }
}

async function* pieces(request: CaptureRequest, from: CaptureSources, wants: Wants, signal: AbortSignal): Pieces {
  const { connId, keys } = request
  const recording = new Recording(from, { version: from.version, fromOpening: connId !== undefined, keys })
  const following = follows(request, from) ? new Following(from, connId, wants, signal) : undefined
  try {
    let latest = 0
    let looked = 0
    for (const message of stored(request, from)) {
      latest = Math.max(latest, message.n)
      if (wants(message)) recording.message(message)
      if (++looked % messagesPerTurn === 0) await nextTurn()
      if (recording.bytes >= pieceBytes) yield recording.take()
      if (signal.aborted) return undefined
    }
    if (following !== undefined) yield* followed(following, recording, latest)
    recording.settle()
    if (recording.bytes > 0) yield recording.take()
  } finally {
    following?.stop()
  }
}

/** `after`: what was stored up to here is in the file already. */
async function* followed(following: Following, recording: Recording, after: number): Pieces {
  for (;;) {
    for (let item = following.take(); item !== undefined; item = following.take()) {
      if ('event' in item) recording.happened(item)
      else if (item.n > after) recording.message(item)
      if (recording.bytes >= pieceBytes) yield recording.take()
    }
    recording.settle()
    if (following.overrun) recording.remark('hepgate ended this capture here: its reader was more than 16 MiB behind')
    if (recording.bytes > 0) yield recording.take()
    if (following.over) return undefined
    await following.more()
  }
}

function follows({ follow, connId }: CaptureRequest, from: CaptureSources): boolean {
  return follow && (connId === undefined || from.connection(connId)?.closed === undefined)
}

function stored({ connId, callId }: CaptureRequest, from: CaptureSources): Iterable<RawMessage> {
  if (connId !== undefined) return from.rawOfConnection(connId)
  return callId === undefined ? from.rawSince(0) : from.rawOfCall(callId)
}

function isEmpty(messages: Iterable<RawMessage>): boolean {
  for (const _ of messages) return false
  return true
}
