/**
 * Tells the log when an upstream or trunk goes down, and when it is up again. One that does both all the time is told of
 * a few times a minute, and then at the end of that minute as it stands. It changes nothing.
 */
import type { Failure } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { nodeTimers, type Timer, type Timers } from '../base/timers.js'
import type { Trunk } from './trunk.js'
import type { Upstream } from './upstreams.js'

export interface PeerLogOptions {
  readonly log: Log
  /** all there are */
  readonly upstreams: () => Iterable<Upstream>
  readonly timers?: Timers
  readonly nowMs?: () => number
}

const minuteMs = 60_000
const maxLines = 4

interface Watched {
  /** why it is down; undefined: it is up */
  reason: Failure | undefined
  /** since it was told last */
  changes: number
  /** told in the minute that ends then */
  lines: number
  minuteEndsMs: number
  /** set while nothing is told until the end of the minute */
  timer: Timer | undefined
}

export class PeerLog {
  readonly #options: Required<PeerLogOptions>
  readonly #watched = new Map<Upstream | Trunk, Watched>()

  constructor(options: PeerLogOptions) {
    this.#options = { timers: nodeTimers, nowMs: () => performance.now(), ...options }
  }

  watch(peer: Upstream | Trunk): void {
    const watched: Watched = { reason: undefined, changes: 0, lines: 0, minuteEndsMs: 0, timer: undefined }
    this.#watched.set(peer, watched)
    peer.onChange = (reason) => this.#changed(peer, watched, reason)
  }

  forget(peer: Upstream | Trunk): void {
    this.#watched.get(peer)?.timer?.cancel()
    this.#watched.delete(peer)
    peer.onChange = undefined
  }

  stop(): void {
    for (const peer of [...this.#watched.keys()]) this.forget(peer)
  }

  #changed(peer: Upstream | Trunk, watched: Watched, reason: Failure | undefined): void {
    watched.reason = reason
    watched.changes++
    if (watched.timer !== undefined) return
    const nowMs = this.#options.nowMs()
    if (nowMs >= watched.minuteEndsMs) this.#beginMinute(watched, nowMs)
    if (watched.lines < maxLines) this.#tell(peer, watched)
    else watched.timer = this.#options.timers.after(watched.minuteEndsMs - nowMs, () => this.#catchUp(peer, watched))
  }

  #catchUp(peer: Upstream | Trunk, watched: Watched): void {
    watched.timer = undefined
    this.#beginMinute(watched, this.#options.nowMs())
    this.#tell(peer, watched)
  }

  #beginMinute(watched: Watched, nowMs: number): void {
    watched.minuteEndsMs = nowMs + minuteMs
    watched.lines = 0
  }

  #tell(peer: Upstream | Trunk, watched: Watched): void {
    const { log } = this.#options
    const { uri, role } = peer.status()
    const { reason, changes } = watched
    watched.lines++
    watched.changes = 0
    const often = changes > 1 ? { changes } : {}
    if (reason === undefined) {
      log.info({ uri, ...often }, `${role} is up again`)
      return
    }
    const why = { uri, cause: reason.cause, reason: reason.message, ...often }
    if (role === 'upstream' && this.#allAreDown()) log.error(why, 'upstream is down, and no other is left')
    else log.warn(why, `${role} is down`)
  }

  #allAreDown(): boolean {
    for (const upstream of this.#options.upstreams()) if (!upstream.down) return false
    return true
  }
}
