/**
 * The event stream of viewers: a snapshot, then about once a second what changed, numbered. Looks at the connections
 * only while somebody watches, once for all who do. Writes server-sent events as text; who carries them is a Viewer.
 *
 *     look    one walk over the connections, for all audiences; overview, trace board and calls
 *     picture what each audience has on its screens now; its delta is written once for all its viewers
 *     serve   each viewer gets what it does not have yet, or is let go when it takes nothing for too long
 *
 * Everything happens one after the other in `#inTurn`: a picture never changes while a snapshot of it is written.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { SearchProblem, Viewer, WatchRequest } from '../../base/live.js'
import type { Log } from '../../base/log.js'
import { type Every, nodeEvery } from '../every.js'
import { Audience, audienceKey, type Numbering } from './audience.js'
import { shareOfChars } from './backlog.js'
import { type LookSources, Looks } from './looks.js'
import type { Picture, PictureSources } from './picture.js'
import { Seat } from './seat.js'
import { eventId, numberOfId } from './sse.js'

const tickMs = 1000
/** An audience without viewers is kept for so long: a laptop that changes its network is back by then. */
const emptyKeptMs = 60_000

export interface FeedOptions extends LookSources {
  /** live.viewers */
  maxViewers(): number
  readonly log: Log
  /** names this run of the gateway: base 36 */
  readonly epoch?: string
  /** monotonic */
  readonly nowMs?: () => number
  readonly every?: Every
}

export class EventFeed {
  readonly #options: FeedOptions
  readonly #epoch: string
  readonly #nowMs: () => number
  readonly #audiences = new Map<string, Audience>()
  readonly #looks: Looks
  readonly #sources: PictureSources
  readonly #numbering: Numbering
  #viewers = 0
  #ticking = false
  #stopped = false
  #turn: Promise<void> = Promise.resolve()
  #stopTimer: (() => void) | undefined

  constructor(options: FeedOptions) {
    this.#options = options
    this.#epoch = options.epoch ?? Date.now().toString(36)
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#looks = new Looks(options, this.#nowMs)
    this.#sources = {
      row: ({ facts }) => options.connections.row(facts),
      samplesSince: (t) => options.history.since(t),
    }
    let n = 0
    this.#numbering = { next: () => ++n, id: (n) => eventId(this.#epoch, n) }
  }

  get viewers(): number {
    return this.#viewers
  }

  /**
   * Nothing is sent before the promise is resolved. The returned function is for a viewer that is gone by itself:
   * `end` is not called after it.
   */
  async watch(request: WatchRequest, viewer: Viewer): Promise<(() => void) | SearchProblem> {
    if (this.#stopped) return { problem: 'the gateway is stopping', full: true }
    const most = this.#options.maxViewers()
    if (this.#viewers >= most) {
      return { problem: `no more than ${most} viewers may watch at a time (live.viewers)`, full: true }
    }
    const audience = this.#audienceOf(request)
    if ('problem' in audience) return audience
    const seat: Seat = new Seat(viewer, this.#nowMs, () => this.#left(audience, seat))
    const last = numberOfId(request.lastEventId, this.#epoch)
    if (last !== undefined && audience.reaches(last)) seat.n = last
    audience.seats.add(seat)
    this.#viewers++
    this.#stopTimer ??= (this.#options.every ?? nodeEvery)(tickMs, () => void this.tick())
    void this.#inTurn(() => this.#welcome(audience, seat))
    return () => seat.leave()
  }

  /** What the timer does once a second. A tick that finds the one before at work leaves it alone. */
  async tick(): Promise<void> {
    if (this.#ticking) return
    this.#ticking = true
    await this.#inTurn(() => this.#tick())
    this.#ticking = false
  }

  stop(): void {
    this.#stopped = true
    this.#endAll('the gateway is stopping')
    this.#rest()
  }

  async #welcome(audience: Audience, seat: Seat): Promise<void> {
    if (seat.isGone) return
    if (!audience.isFollowed) {
      const [picture] = await this.#looks.pictures([audience])
      audience.begin(picture as Picture)
    }
    await audience.serve(seat, this.#sources)
  }

  async #tick(): Promise<void> {
    this.#forgetEmpty()
    const watched = [...this.#audiences.values()].filter(({ seats }) => seats.size > 0)
    if (watched.length === 0) return
    const pictures = await this.#looks.pictures(watched)
    for (const [i, audience] of watched.entries()) {
      await audience.advance(pictures[i] as Picture, this.#sources)
      for (const seat of audience.seats) await audience.serve(seat, this.#sources)
    }
    const share = shareOfChars(this.#audiences.size)
    for (const audience of this.#audiences.values()) audience.shorten(share)
  }

  #audienceOf(request: WatchRequest): Audience | SearchProblem {
    const key = audienceKey(request)
    const known = this.#audiences.get(key)
    if (known !== undefined) return known
    const { connections, calls } = this.#options
    const matches = connections.compile(request.connections)
    if (typeof matches !== 'function') return matches
    const page = calls.list({ ...request.calls, limit: 1 })
    if ('problem' in page) return page
    const audience = new Audience(request, matches, this.#numbering)
    this.#audiences.set(key, audience)
    return audience
  }

  #left(audience: Audience, seat: Seat): void {
    this.#viewers--
    audience.left(seat, this.#nowMs())
  }

  /**
   * Whoever types into a search box leaves an audience behind with every letter: of empty ones no more are kept than
   * there may be viewers.
   */
  #forgetEmpty(): void {
    const now = this.#nowMs()
    const empty = [...this.#audiences].filter(([, { seats }]) => seats.size === 0)
    empty.sort(([, a], [, b]) => b.emptySinceMs - a.emptySinceMs)
    for (const [i, [key, { emptySinceMs }]] of empty.entries()) {
      if (i >= this.#options.maxViewers() || now - emptySinceMs >= emptyKeptMs) this.#audiences.delete(key)
    }
    if (this.#audiences.size === 0) this.#rest()
  }

  #rest(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    this.#audiences.clear()
    this.#looks.forget()
  }

  #endAll(reason: string): void {
    for (const { seats } of this.#audiences.values()) for (const seat of [...seats]) seat.end(reason)
  }

  /**
   * In a later turn of the event loop than the one that asked. What fails is a bug of ours: it must not end the
   * gateway, and viewers must not be left with a picture that is wrong. They come again, to a snapshot.
   */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn
      .then(() => nextTurn())
      .then(work)
      .catch((error: unknown) => {
        this.#options.log.error({ error: String(error), viewers: this.#viewers }, 'the event stream failed')
        this.#endAll('the event stream failed')
        this.#rest()
      })
    return this.#turn
  }
}
