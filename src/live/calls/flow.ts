/**
 * The ladder of a call as viewers see it: a line for every message, and the text of as many as one answer may hold.
 * Whoever knows a Call-ID may send thousands of messages of it, each as long as a message may be: what is left out of
 * the texts is said, and a capture has it. Made in slices, between which calls go on and the store forgets.
 */
import type { MessageView } from '../../base/live.js'
import type { Slices } from '../../base/slices.js'
import { messageView } from '../messages/message-view.js'
import { shownText } from '../messages/shown-text.js'
import type { Stored } from '../messages/stored.js'

/** Octets of JSON: any message that somebody reads, and as long as UDP carries one. */
const maxTextOctets = 64 * 1024
/** Of all texts together: a long registration has half a megabyte, and no call waits while so much is written. */
const maxTextsOctets = 2 * 1024 * 1024

/** `entries` are by time; of those no longer kept when it is their turn there is no line. */
export async function flowOf(
  entries: readonly Stored[],
  isKept: (entry: Stored) => boolean,
  slices: Slices,
): Promise<MessageView[]> {
  const flow: MessageView[] = []
  let room = maxTextsOctets
  for (const entry of entries.toReversed()) {
    if (isKept(entry)) {
      // Either all messages from here on have their text or, once the next might find no room, none has.
      const shown = room < maxTextOctets ? undefined : shownText(entry, maxTextOctets)
      room -= shown?.octets ?? room
      flow.push(messageView(entry, shown ?? { cut: entry.end - entry.start }))
    }
    if (slices.isOver) await slices.next()
  }
  return flow.reverse()
}
