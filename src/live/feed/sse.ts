/** Server-sent events as text (WHATWG HTML §9.2.5), and the ids that let a viewer go on where it was. Sends nothing. */
import { plainJson } from '../../base/plain-json.js'

/** A comment: it keeps middleboxes from taking a quiet stream for a dead one, and viewers ignore it. */
export const keepAlive = ':\n\n'

/** `json` as JSON.stringify writes it: it escapes every line break, so one `data` line holds all. People look at it with curl too. */
export function eventText(event: string, id: string, json: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${plainJson(json)}\n\n`
}

/** `epoch` names one run of the gateway, so that no number of another run is taken for one of this. */
export function eventId(epoch: string, n: number): string {
  return `${epoch}-${n}`
}

/** The number in an id of this epoch; undefined for whatever else a viewer sends. */
export function numberOfId(id: string | undefined, epoch: string): number | undefined {
  const [, of, n] = /^([0-9a-z]+)-(\d{1,15})$/.exec(id ?? '') ?? []
  return of === epoch ? Number(n) : undefined
}
