/**
 * CRLFCRLF on connections that we opened to trunks (RFC 5626 §4.4.1): sends them with jitter and gives
 * a connection up when no answer comes. One coarse timer for all. It writes and reads nothing itself.
 */
import { type Failure, failure } from '../base/errors.js'

/** A connection, as far as this needs it. */
export interface Pingable {
  /** monotonic ms since when the answer to a ping is due; 0: none is */
  readonly awaitingPongSinceMs: number
  ping(): void
  fail(reason: Failure): void
}

export interface KeepAliveTimes {
  readonly intervalMs: number
  readonly pongTimeoutMs: number
}

const tickMs = 100
/** RFC 5626 §4.4.1: 80 to 100 percent of the interval, so that the flows of many clients do not ping in step. */
const shortestShare = 0.8

interface Watched {
  readonly times: KeepAliveTimes
  nextPingMs: number
}

export class KeepAlive {
  readonly #nowMs: () => number
  readonly #random: () => number
  readonly #timer: NodeJS.Timeout
  readonly #watched = new Map<Pingable, Watched>()

  constructor(nowMs: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#nowMs = nowMs
    this.#random = random
    this.#timer = setInterval(() => this.tick(), tickMs)
    this.#timer.unref()
  }

  /** Until `forget`: it must be told when the connection has closed. An interval of 0: no keep-alives. */
  watch(connection: Pingable, times: KeepAliveTimes): void {
    if (times.intervalMs === 0) return
    this.#watched.set(connection, { times, nextPingMs: this.#nextPing(times) })
  }

  forget(connection: Pingable): void {
    this.#watched.delete(connection)
  }

  tick(): void {
    const nowMs = this.#nowMs()
    for (const [connection, watched] of this.#watched) {
      const sinceMs = connection.awaitingPongSinceMs
      if (sinceMs > 0) this.#checkPong(connection, watched.times, nowMs - sinceMs)
      else if (nowMs >= watched.nextPingMs) this.#ping(connection, watched)
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#watched.clear()
  }

  #checkPong(connection: Pingable, { pongTimeoutMs }: KeepAliveTimes, waitedMs: number): void {
    if (waitedMs < pongTimeoutMs) return
    this.forget(connection)
    connection.fail(failure('keepalive-timeout', `no answer to CRLFCRLF within ${pongTimeoutMs} ms`))
  }

  #ping(connection: Pingable, watched: Watched): void {
    watched.nextPingMs = this.#nextPing(watched.times)
    connection.ping()
  }

  #nextPing({ intervalMs }: KeepAliveTimes): number {
    return this.#nowMs() + intervalMs * (shortestShare + (1 - shortestShare) * this.#random())
  }
}
