/**
 * Edge mode: a stateless SIP proxy at the edge of a voice network (RFC 3261 §16.11, RFC 5626 §5). Phones
 * and trunks on the edge side, our own servers on the core side; each message is indexed, its way found,
 * edited and written in the turn in which it came. It keeps no transaction, no dialog, no timer per message.
 */
import type { Leg } from './leg.js'
import type { Passage } from './passage.js'
import { Requests, type RequestsOptions } from './requests.js'
import { Responses, type ResponsesOptions } from './responses.js'

export type EdgeOptions = RequestsOptions & ResponsesOptions

export class Edge {
  readonly #passage: Passage
  readonly #requests: Requests
  readonly #responses: Responses
  readonly #onFault: EdgeOptions['onFault']

  constructor(options: EdgeOptions) {
    this.#passage = options.passage
    this.#requests = new Requests(options)
    this.#responses = new Responses(options)
    this.#onFault = options.onFault
  }

  /** One whole message, buf[start, end), that came on `source`. A fault of ours costs that message, and nothing else. */
  received(source: Leg, buf: Buffer, start: number, bodyStart: number, end: number): void {
    const passage = this.#passage
    try {
      passage.begin(source, buf, start, bodyStart, end)
      if (passage.message.isRequest) this.#requests.take(source)
      else this.#responses.take(source)
    } catch (error) {
      this.#onFault(error, source)
    }
  }

  /** The leg has closed, or is about to. */
  noRequestsTo(leg: Leg): void {
    this.#requests.noRequestsTo(leg)
  }
}
