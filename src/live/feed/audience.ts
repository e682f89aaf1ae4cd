/**
 * Viewers that asked for the same: one filter, one picture, and every event written once for all of them. It stays
 * for a while when the last one has left, so that a viewer whose network blinked can go on where it was.
 */
import type { ConnectionFacts } from '../../base/facts.js'
import type { CallQuery, ConnectionFilter, Topic, WatchRequest } from '../../base/live.js'
import { Backlog, type NumberedEvent } from './backlog.js'
import { Newest } from './marks.js'
import { deltaJson, type Picture, type PictureSources, snapshotJson } from './picture.js'
import type { Seat } from './seat.js'
import { eventText } from './sse.js'

/** Gives the numbers of events, and their ids. Every number is given once, so that it tells whose event it was. */
export interface Numbering {
  next(): number
  id(n: number): string
}

export class Audience {
  readonly seats = new Set<Seat>()
  readonly topics: ReadonlySet<Topic>
  readonly callQuery: CallQuery
  readonly #limit: number
  readonly #matches: (facts: ConnectionFacts) => boolean
  readonly #numbering: Numbering
  readonly #backlog = new Backlog()
  #emptySinceMs = 0
  #picture: Picture | undefined
  /** of the picture as it is now, for the next who needs one */
  #snapshot: NumberedEvent | undefined

  constructor(request: WatchRequest, matches: (facts: ConnectionFacts) => boolean, numbering: Numbering) {
    this.topics = new Set(request.topics)
    this.callQuery = { ...request.calls, limit: request.limit }
    this.#limit = request.limit
    this.#matches = matches
    this.#numbering = numbering
  }

  get picture(): Picture | undefined {
    return this.#picture
  }

  /** since when nobody is there */
  get emptySinceMs(): number {
    return this.#emptySinceMs
  }

  /** Somebody has this picture and waits for what comes after it. */
  get isFollowed(): boolean {
    for (const seat of this.seats) if (seat.n !== undefined) return true
    return false
  }

  left(seat: Seat, nowMs: number): void {
    this.seats.delete(seat)
    if (this.seats.size > 0) return
    this.#emptySinceMs = nowMs
    this.#snapshot = undefined // megabytes, and who comes back needs none
  }

  /** For one look; undefined: its viewers want no connections. */
  finder(): Newest | undefined {
    return this.topics.has('connections') ? new Newest(this.#limit, this.#matches) : undefined
  }

  /** Can a viewer go on from event `n`? */
  reaches(n: number): boolean {
    return this.#backlog.after(n) !== undefined
  }

  /** A picture that does not follow from the one before: those who come get a snapshot of it. */
  begin(picture: Picture): void {
    this.#picture = picture
    this.#snapshot = undefined
    this.#backlog.clear()
  }

  /** The next picture, and the event that leads there. */
  async advance(picture: Picture, sources: PictureSources): Promise<void> {
    const json = this.#picture === undefined ? undefined : await deltaJson(this.#picture, picture, sources)
    this.#picture = picture
    this.#snapshot = undefined
    if (json === undefined) return
    const n = this.#numbering.next()
    this.#backlog.add({ n, text: eventText('delta', this.#numbering.id(n), json) })
  }

  /** To so many characters of what was sent. */
  shorten(chars: number): void {
    this.#backlog.shorten(chars)
  }

  /** Sends a viewer what it does not have yet, as far as it takes it. */
  async serve(seat: Seat, sources: PictureSources): Promise<void> {
    if (this.#picture === undefined || !seat.takes()) return
    const missed = seat.n === undefined ? undefined : this.#backlog.after(seat.n)
    for (const event of missed ?? [await this.#snapshotOf(this.#picture, sources)]) {
      seat.n = event.n
      if (event.text !== '' && !seat.send(event.text)) return
    }
    seat.keepAlive()
  }

  async #snapshotOf(picture: Picture, sources: PictureSources): Promise<NumberedEvent> {
    if (this.#snapshot === undefined) {
      const json = await snapshotJson(picture, sources)
      const n = this.#numbering.next()
      this.#snapshot = { n, text: eventText('snapshot', this.#numbering.id(n), json) }
      this.#backlog.add({ n, text: '' })
    }
    return this.#snapshot
  }
}

/** Requests with the same key see the same. */
export function audienceKey({ topics, connections, calls, limit }: WatchRequest): string {
  return JSON.stringify([[...new Set(topics)].sort(), filterKey(connections), calls.search ?? '', limit])
}

function filterKey({ search, fields }: ConnectionFilter): unknown {
  const named = Object.entries(fields ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  return [search ?? '', named]
}
