/**
 * The text of a message as far as there is room for it. Its sender chooses the bytes, and JSON writes one of them with
 * up to six characters (`\u0001`): so room is counted as it will be written, and never too little.
 */
import type { Stored } from './stored.js'

export interface ShownText {
  readonly text: string
  /** bytes that are not in it; undefined: none */
  readonly cut: number | undefined
  /** octets of it in JSON, at most */
  readonly octets: number
}

const octetsOf = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) octetsOf[byte] = jsonOctets(byte)

/** Only of an entry that the store still holds. `room`: octets of JSON. */
export function shownText({ page, start, end }: Stored, room: number): ShownText {
  let at = start
  let octets = 0
  while (at < end) {
    const next = octets + octetsOf[page[at]]
    if (next > room) break
    octets = next
    at++
  }
  const shownEnd = at === end ? end : characterStart(page, start, at)
  return { text: page.toString('utf8', start, shownEnd), cut: shownEnd === end ? undefined : end - shownEnd, octets }
}

/** RFC 8259 §7, and what base/plain-json.ts does. */
function jsonOctets(byte: number): number {
  // U+FFFD for a byte that is not UTF-8, or \u0080 to \u009f for two that are
  if (byte >= 0x80) return 3
  if ('\b\t\n\f\r"\\'.includes(String.fromCharCode(byte))) return 2
  return byte < 0x20 || byte === 0x7f ? 6 : 1
}

/** Of the character that `at` is in. RFC 3629 §3: it has three bytes 10xxxxxx at most. */
function characterStart(page: Buffer, start: number, at: number): number {
  let first = at
  while (first > start && at - first < 3 && (page[first] & 0xc0) === 0x80) first--
  return first
}
