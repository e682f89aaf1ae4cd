/**
 * Makes payloads fit into a HEP packet of at most 65507 octets, which is what every collector takes, and says
 * so inside: SIP is cut at the end of a line, events lose the fields that can be long. Counts nothing.
 */
import { type EventFields, type EventForm, eventFields, eventLine, type TracedEvent } from '../trace/event.js'

/** A line end is looked for in the last octets of what fits; a longer line is cut inside. */
const lineSearchBytes = 4096
const lineFeed = 0x0a

/** Where to end `buf[start, …)` so that it has at most `room` (> 0) octets: after a line, else between two UTF-8 characters. */
export function cutAtBoundary(buf: Buffer, start: number, room: number): number {
  const limit = start + room
  const line = buf.lastIndexOf(lineFeed, limit - 1)
  if (line >= start && line >= limit - lineSearchBytes) return line + 1
  let end = limit
  while (end > start && limit - end < 3 && (buf[end]! & 0xc0) === 0x80) end-- // 10xxxxxx: inside a character
  return end
}

/** Payload of an event in at most `room` octets, still valid JSON, with `truncated` among its fields; undefined: not even the rest fits. */
export function shortenedEvent(
  event: TracedEvent,
  form: EventForm,
  secrets: boolean,
  fullBytes: number,
  room: number,
): Buffer | undefined {
  const fields: EventFields = eventFields(event, secrets)
  fields.truncated = `shortened from ${fullBytes} octets`
  if (Array.isArray(fields.keylog)) fields.keylog = cutMark // a string is `withheld`
  for (let longest: string | undefined = ''; longest !== undefined; longest = longestField(fields)) {
    if (longest !== '') fields[longest] = `${String(fields[longest]).slice(0, keptCharacters)}${cutMark}`
    const json = JSON.stringify(fields)
    const payload = Buffer.from(form === 'opensips' ? json : `${eventLine(event, fields)}\n${json}`)
    if (payload.length <= room) return payload
  }
  return undefined
}

const cutMark = '…[truncated by hepgate]'
/** of a field that had to be cut */
const keptCharacters = 256

function longestField(fields: EventFields): string | undefined {
  let longest: string | undefined
  let length = keptCharacters + cutMark.length
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || value.length <= length) continue
    longest = key
    length = value.length
  }
  return longest
}
