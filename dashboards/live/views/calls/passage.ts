/** A message on its way through the gateway: as it came in, as it went on, and what is different. Pure. */
import type { MessageView } from '../../../../src/base/live.js'

export interface Passage {
  readonly received: MessageView
  readonly sent: MessageView
}

export interface DiffLine {
  readonly change: 'same' | 'added' | 'removed'
  readonly text: string
}

/** A retransmission may follow its original by that; beyond, the same words are another message. */
const longestMs = 32_000
/** Lines of either text: what is compared grows with their product. */
const mostLines = 400

/** The passage this message is one end of, if both ends are in the flow. */
export function passageOf(flow: readonly MessageView[], message: MessageView): Passage | undefined {
  if (message.direction === undefined || message.kind !== 'sip') return undefined
  const at = flow.indexOf(message)
  if (message.direction === 'out') {
    const received = flow.slice(0, at).findLast((other) => areEnds(other, message))
    return received && { received, sent: message }
  }
  const sent = flow.slice(at + 1).find((other) => areEnds(message, other))
  return sent && { received: message, sent }
}

/** What the gateway made of it, line by line; undefined where the texts are not known, or too long to compare. */
export function diffOf({ received, sent }: Passage): readonly DiffLine[] | undefined {
  if (received.text === undefined || sent.text === undefined) return undefined
  const before = linesOf(received.text)
  const after = linesOf(sent.text)
  if (before.length > mostLines || after.length > mostLines) return undefined
  return merged(before, after, commonLengths(before, after))
}

function areEnds(received: MessageView, sent: MessageView): boolean {
  return (
    received.direction === 'in' &&
    sent.direction === 'out' &&
    received.conn_id !== sent.conn_id &&
    received.cseq === sent.cseq &&
    received.method === sent.method &&
    received.status === sent.status &&
    sent.micros - received.micros <= longestMs * 1000
  )
}

function linesOf(text: string): string[] {
  return text.replace(/(?:\r?\n)+$/, '').split(/\r?\n/)
}

/** [i][j]: lines that before[i…] and after[j…] have in common, in order */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0))
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        before[i] === after[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!)
    }
  }
  return lengths
}

function merged(before: readonly string[], after: readonly string[], common: readonly number[][]): DiffLine[] {
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ change: 'same', text: before[i]! })
      i++
      j++
    } else if (j === after.length || (i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push({ change: 'removed', text: before[i++]! })
    } else {
      lines.push({ change: 'added', text: after[j++]! })
    }
  }
  return lines
}
