/** What edge mode did besides relaying, counted since start. */
import type { EdgeStatus } from '../base/status.js'

/** Why a response went nowhere. */
export type ResponseDrop =
  /** it is not well-formed, or lacks what a response must have */
  | 'malformed'
  /** its topmost Via is not ours, forged, or not for this side */
  | 'not-ours'
  /** the connection its request came on is gone */
  | 'flow-gone'

/** Why a request that must not be answered (ACK) went nowhere. */
export type RequestDrop =
  | 'malformed'
  /** a request would have been answered 403, 416, 420, 483 or 505 */
  | 'refused'
  /** nobody is there, or no server could be reached */
  | 'not-routable'
  | 'flow-gone'

export class EdgeCounters {
  largeDatagrams = 0
  registrationsWithoutPath = 0
  readonly #answered = new Map<number, number>()
  readonly #responses = new Map<ResponseDrop, number>()
  readonly #requests = new Map<RequestDrop, number>()

  answered(status: number): void {
    count(this.#answered, status)
  }

  responseDropped(reason: ResponseDrop): void {
    count(this.#responses, reason)
  }

  requestDropped(reason: RequestDrop): void {
    count(this.#requests, reason)
  }

  status(): EdgeStatus {
    return {
      answered: Object.fromEntries(this.#answered),
      responsesDropped: Object.fromEntries(this.#responses),
      requestsDropped: Object.fromEntries(this.#requests),
      largeDatagrams: this.largeDatagrams,
      registrationsWithoutPath: this.registrationsWithoutPath,
    }
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
