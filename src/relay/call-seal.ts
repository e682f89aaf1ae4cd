/**
 * Binds a flow token to one call: a parameter beside the token in our Record-Route. Whoever was once in a
 * call with a phone knows its token; without this he could send to the phone past our servers for as long
 * as it stays connected. Kept nowhere: it is made again from token and Call-ID and compared.
 */
import { createHash } from 'node:crypto'
import { SipHash } from '../base/siphash.js'
import type { SipMessage } from '../sip/message.js'

const divider = '\0'

export class CallSeals {
  readonly #hash: SipHash

  /** `secret`: that of the flow tokens, with which a seal has to live and die. */
  constructor(secret: string | Buffer) {
    this.#hash = new SipHash(createHash('sha256').update('call seal').update(secret).digest().subarray(0, 16))
  }

  /** 16 hex digits for that token in the call of the message. */
  seal(token: string, { buf, callIdStart, callIdEnd }: SipMessage): string {
    this.#begin(token, buf, callIdStart, callIdEnd)
    return this.#hash.digest()
  }

  /** Are the bytes buf[from, to) of the message the seal of that token in its call? */
  holds(token: string, { buf, callIdStart, callIdEnd }: SipMessage, from: number, to: number): boolean {
    if (to - from !== 16) return false
    this.#begin(token, buf, callIdStart, callIdEnd)
    return this.#hash.matches(buf, from)
  }

  #begin(token: string, buf: Buffer, callIdStart: number, callIdEnd: number): void {
    this.#hash.reset()
    this.#hash.updateText(token)
    this.#hash.updateText(divider)
    this.#hash.update(buf, callIdStart, callIdEnd)
  }
}
