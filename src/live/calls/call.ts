/** One Call-ID: what its messages said so far, and those that are still in the store. */
import type { CallRow, CallState } from '../../base/live.js'
import { field, type SipMessage } from '../../sip/message.js'
import { Fifo } from '../messages/fifo.js'
import { microTimeOf } from '../messages/message-view.js'
import { addressOfRecord, cseqText, stepOf } from '../messages/sip-summary.js'
import { isSameMessage, type Stored } from '../messages/stored.js'
import { CallProgress, isError } from './call-state.js'

/** A call has two or three, with forks and hand-overs a dozen; so has a registration over a day of reconnects. */
const maxConnections = 32
const maxAgents = 16
/** RFC 3261 §17.1.1.2: Timer B and H, 64 × T1, with room for the answer to the last one */
const retransmissionMicros = 40_000_000
/** Within that time, an exchange under way at the other end of this Call-ID may have passed in between. */
const maxLookBack = 64
/** A failure that passes us on several legs, or is repeated by several branches, is one; a call has few of them. */
const maxErrorKinds = 32

const over: ReadonlySet<CallState> = new Set(['ended', 'cancelled', 'failed', 'done'])

/** Its fields are named as those of its row, so that a search reads either. */
export class Call {
  readonly call_id: string
  from: string | undefined
  to: string | undefined
  readonly conn_ids: string[] = []
  readonly agents: string[] = []
  /** grows with every change of any call */
  version = 0
  readonly entries = new Fifo<Stored>()
  /** as our own legs tell it */
  readonly #progress = new CallProgress()
  /** As other capture agents do: they see it elsewhere, where it may fail and be mended, and count only without us. */
  #heardOf: CallProgress | undefined
  readonly #errorKinds: string[] = []
  #startedMicros: number
  #lastMicros: number
  #messages = 0
  #retransmissions = 0
  #errors = 0

  constructor(callId: string, micros: number) {
    this.call_id = callId
    this.#startedMicros = micros
    this.#lastMicros = micros
  }

  get method(): string | undefined {
    const { method } = this.#told
    return method === '' ? undefined : method
  }

  get state(): CallState {
    return this.#told.state
  }

  get status(): number | undefined {
    return this.#told.status
  }

  /** True when no message of the call came over this connection before. */
  add(entry: Stored, message: SipMessage): boolean {
    entry.retransmission = this.#isRepeated(entry)
    this.#note(entry)
    const { connId } = entry.leg
    const isNew = connId !== undefined && addBounded(this.conn_ids, connId, maxConnections)
    this.#messages++
    if (this.#messages === 1) {
      this.from = addressOfRecord(message, field.from)
      this.to = addressOfRecord(message, field.to)
    }
    if (entry.retransmission) {
      this.#retransmissions++
    } else {
      this.#progressOf(entry).take(stepOf(message, entry.micros))
      if (isError(message.status)) this.#countError(`${message.status} ${cseqText(message)}`)
    }
    return isNew
  }

  /**
   * What becomes of a connection is told to the calls of its last minutes. It stands in their flow, and troubles those
   * that were still going on: once for each connection, however many events it takes to end.
   */
  addEvent(entry: Stored): void {
    if (over.has(this.state)) {
      this.entries.push(entry)
      return
    }
    this.#note(entry)
    if (entry.event?.failed === true) this.#countError(`connection ${entry.leg.connId}`)
  }

  row(): CallRow {
    const { ringMs, answerMs } = this.#told
    return {
      call_id: this.call_id,
      method: this.method,
      from: this.from,
      to: this.to,
      state: this.state,
      status: this.status,
      started_at: microTimeOf(this.#startedMicros),
      last_at: microTimeOf(this.#lastMicros),
      ring_ms: ringMs,
      answer_ms: answerMs,
      messages: this.#messages,
      retransmissions: this.#retransmissions,
      errors: this.#errors,
      conn_ids: [...this.conn_ids],
      agents: [...this.agents],
    }
  }

  get #told(): CallProgress {
    return this.#progress.method === '' ? (this.#heardOf ?? this.#progress) : this.#progress
  }

  #progressOf({ leg: { agent } }: Stored): CallProgress {
    if (agent === undefined) return this.#progress
    this.#heardOf ??= new CallProgress()
    return this.#heardOf
  }

  /** Clocks of other capture agents may differ, so that what comes later may be older. */
  #note(entry: Stored): void {
    const { agent } = entry.leg
    this.entries.push(entry)
    this.#startedMicros = Math.min(this.#startedMicros, entry.micros)
    this.#lastMicros = Math.max(this.#lastMicros, entry.micros)
    if (agent !== undefined) addBounded(this.agents, agent, maxAgents)
  }

  #isRepeated(entry: Stored): boolean {
    const { entries } = this
    const first = Math.max(0, entries.length - maxLookBack)
    for (let i = entries.length - 1; i >= first; i--) {
      const before = entries.at(i) as Stored
      if (entry.micros - before.micros > retransmissionMicros) return false
      if (before.event === undefined && isSameMessage(before, entry)) return true
    }
    return false
  }

  #countError(kind: string): void {
    if (addBounded(this.#errorKinds, kind, maxErrorKinds)) this.#errors++
  }
}

/** True when it was not there. Of what is too much, the oldest goes. */
function addBounded(list: string[], item: string, max: number): boolean {
  if (list.includes(item)) return false
  if (list.length === max) list.shift()
  list.push(item)
  return true
}
