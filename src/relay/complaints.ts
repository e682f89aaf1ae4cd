/**
 * What an operator should mend, said in the log. What goes wrong goes wrong often: each of these is said
 * once a minute, whatever the traffic. It counts nothing.
 */
import type { Failure } from '../base/errors.js'
import type { Log } from '../base/log.js'

const everyMs = 60_000
/** Hosts are named by whoever calls: a dialling loop must neither fill the log nor our memory. */
const maxHosts = 50

export class Complaints {
  readonly #log: Log
  readonly #nowMs: () => number
  /** when it may be said again, by what is said */
  readonly #nextMs = new Map<string, number>()
  /** likewise for hosts */
  readonly #nextOfHostMs = new Map<string, number>()

  constructor(log: Log, nowMs = () => performance.now()) {
    this.#log = log
    this.#nowMs = nowMs
  }

  /** An error of our own. */
  messageLost(error: unknown, connId: string): void {
    this.#say({ err: error, conn_id: connId }, 'a message was lost to an error of the gateway')
  }

  largeDatagram(bytes: number, peer: string): void {
    this.#say(
      { bytes, peer },
      'a SIP message over UDP is larger than 1300 bytes and may be lost: use TCP to that server (RFC 3261 §18.1.1)',
    )
  }

  registrationWithoutPath(registrar: string): void {
    this.#say(
      { registrar },
      'the registrar accepted a phone and did not repeat the Path: the phone is registered and cannot be called. Switch on its support for Path (RFC 3327), docs/edge-mode.md says how',
    )
  }

  /** A request of our own side that could not be sent outwards. */
  unreachable(host: string, { cause, message }: Failure): void {
    if (!this.#isDue(this.#nextOfHostMs, host, maxHosts)) return
    this.#log.warn({ host, cause, reason: message }, 'a request could not be sent to that host')
  }

  #say(what: Readonly<Record<string, unknown>>, message: string): void {
    if (this.#isDue(this.#nextMs, message)) this.#log.warn(what, message)
  }

  /** If it is, it is not for the next minute. */
  #isDue(next: Map<string, number>, key: string, most = Number.POSITIVE_INFINITY): boolean {
    const nowMs = this.#nowMs()
    if (nowMs < (next.get(key) ?? 0)) return false
    if (next.size >= most) forgetThoseBefore(nowMs, next)
    if (next.size >= most) return false
    next.set(key, nowMs + everyMs)
    return true
  }
}

function forgetThoseBefore(nowMs: number, next: Map<string, number>): void {
  for (const [key, ms] of next) if (ms <= nowMs) next.delete(key)
}
