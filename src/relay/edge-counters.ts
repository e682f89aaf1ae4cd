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

/** Final ones of the IANA registry of SIP response codes. */
const registeredStatuses: ReadonlySet<string> = new Set(
  [
    '200 202 204 300 301 302 305 380',
    '400 401 402 403 404 405 406 407 408 410 412 413 414 415 416 417',
    '420 421 422 423 424 425 428 429 430 433 436 437 438 439 440 469 470',
    '480 481 482 483 484 485 486 487 488 489 491 493 494',
    '500 501 502 503 504 505 513 555 580 600 603 604 606 607 608',
  ].flatMap((line) => line.split(' ')),
)

export class EdgeCounters {
  largeDatagrams = 0
  registrationsWithoutPath = 0
  readonly #answered = new Map<number, number>()
  readonly #responses = new Map<ResponseDrop, number>()
  readonly #requests = new Map<RequestDrop, number>()
  readonly #registrations = new Map<string, number>()

  answered(status: number): void {
    count(this.#answered, status)
  }

  /** A final answer to REGISTER. One that a server made up is counted by its class: it names a series of metrics. */
  registrationAnswered(status: number): void {
    const code = String(status)
    count(this.#registrations, registeredStatuses.has(code) ? code : `${code.charAt(0)}xx`)
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
      registrations: Object.fromEntries(this.#registrations),
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
