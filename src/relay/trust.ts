/**
 * Trusted calls, the scenario of the OpenSIPS proto_tls manual: who is trusted, how the core hears of it
 * in a header that nobody outside can forge, and the Alert-Info that phones ring by. The verdict on a
 * connection itself (`facts.trusted`) is made where its certificate was verified.
 */
import type { Edit } from '../sip/edit.js'
import { field, type SipMessage } from '../sip/message.js'
import type { Leg } from './leg.js'

export interface TrustOptions {
  /** trust.header: the name of the header towards the core */
  readonly header: string
  /** trust.alert_info: value for trusted calls towards phones; asked for each, so that a reload takes effect */
  readonly alertInfo: () => string | undefined
}

export class Trust {
  readonly #yes: string
  readonly #no: string
  readonly #alertInfo: TrustOptions['alertInfo']

  constructor({ header, alertInfo }: TrustOptions) {
    this.#yes = `${header}: yes\r\n`
    this.#no = `${header}: no\r\n`
    this.#alertInfo = alertInfo
  }

  rewriteRequest(message: SipMessage, edit: Edit, source: Leg, target: Leg, top: number): void {
    const trusted = isTrusted(message, source)
    removeAll(message, edit, field.extra)
    if (target.facts.side === 'core') edit.insert(top, trusted ? this.#yes : this.#no)
    if (!trusted) removeAll(message, edit, field.alertInfo)
    else if (rings(message, target)) this.#ring(edit, top)
  }

  rewriteResponse(message: SipMessage, edit: Edit, source: Leg): void {
    removeAll(message, edit, field.extra)
    if (source.facts.trusted !== true) removeAll(message, edit, field.alertInfo)
  }

  #ring(edit: Edit, top: number): void {
    const value = this.#alertInfo()
    if (value !== undefined) edit.insert(top, `Alert-Info: ${value}\r\n`)
  }
}

/** A request of our own servers is trusted, unless it is one they got from a peer that was not. */
function isTrusted(message: SipMessage, { facts }: Leg): boolean {
  if (facts.side === 'edge') return facts.trusted === true
  const line = message.first(field.extra)
  return (
    line < 0 || message.buf.toString('latin1', message.valueStart(line), message.valueEnd(line)).toLowerCase() !== 'no'
  )
}

/** A new call to a phone; one that our own servers gave an Alert-Info keeps it. */
function rings(message: SipMessage, { facts }: Leg): boolean {
  if (message.method !== 'INVITE' || message.toHasTag() || message.first(field.alertInfo) >= 0) return false
  return facts.side === 'edge' && facts.direction === 'in'
}

function removeAll(message: SipMessage, edit: Edit, name: (typeof field)['extra' | 'alertInfo']): void {
  for (let line = message.first(name); line >= 0; line = message.next(line)) {
    edit.remove(message.lineStart(line), message.lineEnd(line))
  }
}
