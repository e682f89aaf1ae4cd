/**
 * How far a call has come, from the messages of all its legs in the order they were seen. A message passes us twice,
 * once on each leg, calls are forked, cancelled, sent elsewhere after a failure, and a trace may begin in the midst
 * of them: so a failure counts when no branch is left that could still succeed, which is when it went all the way back.
 *
 *     INVITE   trying → ringing → answered → ended
 *                  ╰────────┴→ cancelled, failed, done (3xx)
 *     others   trying → done, failed
 */
import type { CallState } from '../../base/live.js'

/** A message, as far as it moves a call. */
export interface Step {
  readonly micros: number
  readonly isRequest: boolean
  /** of the request; of a response that in its CSeq */
  readonly method: string
  /** 0: a request */
  readonly status: number
  /** To has a tag */
  readonly inDialog: boolean
  /** of the topmost Via */
  readonly branch: string
}

/** Methods of a call, and what the call is when one of them within its dialog is the first we see. */
const callMethods: ReadonlyMap<string, CallState> = new Map([
  ['INVITE', 'answered'],
  ['ACK', 'answered'],
  ['PRACK', 'ringing'],
  ['UPDATE', 'answered'],
  ['INFO', 'answered'],
  ['BYE', 'ended'],
  ['CANCEL', 'cancelled'],
])

/** Unanswered branches of one Call-ID: a wide fork has a dozen, and a phone that registers in vain makes one an interval. */
const maxOpen = 32

export class CallProgress {
  /** of the first message seen */
  method = ''
  state: CallState = 'trying'
  /** latest final status that counts of what decides: the INVITE of a call, else the first method; of an answered call its 2xx */
  status: number | undefined
  ringMs: number | undefined
  answerMs: number | undefined
  /** branches of requests that open the exchange and have no final response yet */
  readonly #open = new Set<string>()
  /** of the first such request, µs */
  #beganMicros: number | undefined
  /** the trace began within a dialog: what INVITEs come in it change nothing */
  #midway = false

  /** Not to be called for retransmissions: they repeat what was said. */
  take(step: Step): void {
    if (this.method === '') this.#start(step)
    if (step.isRequest) this.#request(step)
    else if (step.method === this.#decisive) this.#response(step)
  }

  get #isCall(): boolean {
    return callMethods.has(this.method)
  }

  get #decisive(): string {
    return this.#isCall ? 'INVITE' : this.method
  }

  get #settled(): boolean {
    return this.state === 'answered' || this.state === 'ended'
  }

  #start({ method, isRequest, inDialog }: Step): void {
    this.method = method
    const state = callMethods.get(method)
    this.#midway = state !== undefined && (method !== 'INVITE' || (isRequest && inDialog))
    if (state !== undefined && this.#midway) this.state = state
  }

  #request(step: Step): void {
    if (!this.#isCall) {
      if (step.method === this.method) this.#begin(step)
      return
    }
    switch (step.method) {
      case 'INVITE':
        // RFC 3261 §14: one within the dialog asks for other media and leaves the call what it is.
        if (!step.inDialog) this.#begin(step)
        break
      case 'CANCEL':
        if (this.state === 'trying' || this.state === 'ringing') this.state = 'cancelled'
        break
      case 'BYE':
        this.state = 'ended'
        break
    }
  }

  #begin({ branch, micros }: Step): void {
    this.#beganMicros ??= micros
    if (this.#open.size === maxOpen) this.#open.delete(this.#open.values().next().value as string)
    this.#open.add(branch)
    // Another branch of a call that rings or was answered takes nothing back.
    if (this.state !== 'ringing' && this.state !== 'answered') this.state = 'trying'
  }

  #response({ status, branch, micros }: Step): void {
    const ofUnseenRequest = this.#beganMicros === undefined && !this.#midway
    if (!this.#open.has(branch) && !ofUnseenRequest) return
    if (status < 200) this.#provisional(status, micros)
    else {
      this.#open.delete(branch)
      if (status < 300) this.#success(status, micros)
      else if (!this.#settled) this.#refusal(status)
    }
  }

  #provisional(status: number, micros: number): void {
    if (!this.#isCall || status < 180 || status >= 190) return
    this.ringMs ??= this.#msSinceBegin(micros)
    if (this.state === 'trying') this.state = 'ringing'
  }

  #success(status: number, micros: number): void {
    // RFC 3261 §16.7 step 5: passed on at once, whatever the other branches do.
    this.status = status
    if (!this.#isCall) {
      this.state = 'done'
      return
    }
    this.answerMs ??= this.#msSinceBegin(micros)
    // Also of a call that was cancelled too late (RFC 3261 §9.1).
    if (this.state !== 'ended') this.state = 'answered'
  }

  #refusal(status: number): void {
    if (this.#open.size > 0) return
    this.status = status
    // RFC 3261 §22: asked for credentials, and expected to try again.
    if (status === 401 || status === 407) this.state = 'trying'
    else if (this.state === 'cancelled' || (this.#isCall && status === 487)) this.state = 'cancelled'
    else this.state = status < 400 ? 'done' : 'failed'
  }

  #msSinceBegin(micros: number): number | undefined {
    return this.#beganMicros === undefined
      ? undefined
      : Math.max(0, Math.round((micros - this.#beganMicros) / 100) / 10)
  }
}

/** RFC 3261 §21: a final failure, other than the question for credentials and the answer to a call that was cancelled. */
export function isError(status: number): boolean {
  return status >= 400 && status !== 401 && status !== 407 && status !== 487
}
