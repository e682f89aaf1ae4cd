/**
 * OPTIONS to upstreams and trunks (RFC 3261 §11), to know who is alive. One at a time for each target;
 * it opens no connection, reads no message, and draws no conclusion but whether an answer came in time.
 *
 *     wait ──▶ ask for a leg ──▶ sent ──▶ answered | timed out ──▶ wait
 *              └── none ──▶ missed        (over UDP sent again meanwhile)
 */
import { randomBytes } from 'node:crypto'
import { type Failure, failure } from '../base/errors.js'
import { nodeTimers, type Timer, type Timers } from '../base/timers.js'
import type { Leg } from './leg.js'

export interface ProbeTarget {
  /** `sip:10.0.0.5:5060`, no user and no parameters */
  readonly requestUri: string
  /** between the beginnings of two probes; 0: none */
  readonly intervalMs: number
  /** `ms`: from sending to the answer */
  succeeded(ms: number): void
  /** true: so often in a row that a connection which gave no answer is to be given up */
  missed(reason: Failure): boolean
}

export interface ProbePort {
  /** A leg to the target, opened if need be. */
  leg(target: ProbeTarget): Promise<Leg | Failure>
  /** One whole OPTIONS; false: the leg takes nothing any more. */
  send(leg: Leg, bytes: Buffer, callId: string): boolean
}

export interface ProberOptions {
  readonly port: ProbePort
  readonly timeoutMs: number
  readonly userAgent: string
  /** 64 random bits in hex */
  readonly randomHex?: () => string
  /** 0 to 1 */
  readonly random?: () => number
  readonly timers?: Timers
  readonly nowMs?: () => number
}

/** The `p` tells it from branches of relayed requests, where the id of a connection stands. */
const branchPrefix = 'z9hG4bKhgp'
/** The first probes after a start are spread over this time, so that they do not all leave at once. */
const firstSpreadMs = 1000
/** RFC 3261 §17.1.2.2 timer E: T1, doubled each time up to T2. */
const t1Ms = 500
const t2Ms = 4000

interface Outstanding {
  readonly branch: string
  readonly callId: string
  readonly bytes: Buffer
  readonly leg: Leg
  readonly sentMs: number
  /** messages that had come on the leg when it was sent */
  readonly messagesIn: number
}

interface Probed {
  readonly target: ProbeTarget
  /** whatever comes next: the next probe, sending it again, giving it up */
  timer: Timer | undefined
  /** when the last probe began */
  begunMs: number
  outstanding: Outstanding | undefined
  /** of the last one that was given up: its answer may still come */
  lateBranch: string | undefined
}

export class Prober {
  readonly #options: Required<ProberOptions>
  readonly #probed = new Map<ProbeTarget, Probed>()
  readonly #byBranch = new Map<string, Probed>()

  constructor(options: ProberOptions) {
    this.#options = {
      randomHex: () => randomBytes(8).toString('hex'),
      random: Math.random,
      timers: nodeTimers,
      nowMs: () => performance.now(),
      ...options,
    }
  }

  /** Probes it from now on. Nothing changes for a target that is being probed already. */
  add(target: ProbeTarget): void {
    if (target.intervalMs === 0 || this.#probed.has(target)) return
    const probed: Probed = { target, timer: undefined, begunMs: 0, outstanding: undefined, lateBranch: undefined }
    this.#probed.set(target, probed)
    const spreadMs = Math.min(firstSpreadMs, target.intervalMs)
    this.#beginAfter(probed, this.#options.random() * spreadMs)
  }

  /** Its connection is new: whether it lives is to be known now, and not at the next interval. */
  probeNow(target: ProbeTarget): void {
    const probed = this.#probed.get(target)
    // With none outstanding and no timer, one is on its way already.
    if (probed?.timer === undefined || probed.outstanding !== undefined) return
    probed.timer.cancel()
    void this.#begin(probed)
  }

  remove(target: ProbeTarget): void {
    const probed = this.#probed.get(target)
    if (probed === undefined) return
    this.#over(probed)
    this.#probed.delete(target)
  }

  stop(): void {
    for (const target of [...this.#probed.keys()]) this.remove(target)
  }

  /** Takes a response by the branch of its topmost Via. False: it is to no probe of ours, or to one long gone. */
  answered(branch: string, status: number): boolean {
    const probed = this.#byBranch.get(branch)
    if (probed === undefined) return false
    // Too late to count, and nobody else's.
    if (probed.outstanding?.branch !== branch || status < 200) return true
    const ms = Math.round((this.#options.nowMs() - probed.outstanding.sentMs) * 10) / 10
    this.#over(probed)
    if (meansAlive(status)) probed.target.succeeded(ms)
    else probed.target.missed(failure('upstream-failed', `OPTIONS was answered with ${status}`))
    this.#beginNext(probed)
    return true
  }

  #beginAfter(probed: Probed, ms: number): void {
    probed.timer = this.#options.timers.after(ms, () => void this.#begin(probed))
  }

  /** By the beginning of the last one, so that the time it took does not add up. */
  #beginNext(probed: Probed): void {
    const sinceMs = this.#options.nowMs() - probed.begunMs
    this.#beginAfter(probed, Math.max(0, probed.target.intervalMs - sinceMs))
  }

  async #begin(probed: Probed): Promise<void> {
    const { target } = probed
    probed.timer = undefined
    probed.begunMs = this.#options.nowMs()
    const leg = await this.#options.port.leg(target)
    if (this.#probed.get(target) !== probed) return // removed meanwhile
    if ('cause' in leg) this.#noLeg(probed, leg)
    else this.#send(probed, leg)
  }

  #noLeg(probed: Probed, reason: Failure): void {
    probed.target.missed(reason)
    this.#beginNext(probed)
  }

  #send(probed: Probed, leg: Leg): void {
    const { port, nowMs } = this.#options
    const branch = `${branchPrefix}${this.#options.randomHex()}`
    const callId = `${this.#options.randomHex()}@${withoutPort(leg.own.hostPort)}`
    const bytes = this.#request(probed.target, leg, branch, callId)
    if (!port.send(leg, bytes, callId)) {
      this.#noLeg(probed, failure('upstream-failed', 'the connection ended before OPTIONS could be sent'))
      return
    }
    const outstanding = { branch, callId, bytes, leg, sentMs: nowMs(), messagesIn: leg.facts.messagesIn }
    probed.outstanding = outstanding
    this.#byBranch.set(branch, probed)
    this.#awaitAnswer(probed, outstanding, t1Ms)
  }

  /** RFC 3261 §17.1.2.2: over UDP, which may lose it, it is sent again and again. */
  #awaitAnswer(probed: Probed, outstanding: Outstanding, againMs: number): void {
    const { timers, timeoutMs, nowMs, port } = this.#options
    const leftMs = outstanding.sentMs + timeoutMs - nowMs()
    if (outstanding.leg.facts.transport !== 'udp' || leftMs <= againMs) {
      probed.timer = timers.after(leftMs, () => this.#timedOut(probed, outstanding))
      return
    }
    probed.timer = timers.after(againMs, () => {
      port.send(outstanding.leg, outstanding.bytes, outstanding.callId)
      this.#awaitAnswer(probed, outstanding, Math.min(2 * againMs, t2Ms))
    })
  }

  /**
   * A connection without answers is closed, to be opened again; not one on which anything else came meanwhile:
   * some servers ignore OPTIONS and carry calls. An association has nothing to close.
   */
  #timedOut(probed: Probed, { branch, leg, messagesIn }: Outstanding): void {
    const reason = failure('keepalive-timeout', `no answer to OPTIONS within ${this.#options.timeoutMs} ms`)
    this.#over(probed)
    probed.lateBranch = branch
    this.#byBranch.set(branch, probed)
    const giveUp = probed.target.missed(reason)
    const isSilent = leg.facts.messagesIn === messagesIn
    if (giveUp && isSilent && leg.facts.transport !== 'udp') leg.fail(reason)
    this.#beginNext(probed)
  }

  /** Neither a timer nor an answer finds it any more. */
  #over(probed: Probed): void {
    probed.timer?.cancel()
    probed.timer = undefined
    if (probed.outstanding !== undefined) this.#byBranch.delete(probed.outstanding.branch)
    if (probed.lateBranch !== undefined) this.#byBranch.delete(probed.lateBranch)
    probed.outstanding = undefined
    probed.lateBranch = undefined
  }

  /** RFC 3261 §11.1. No port in From and To: §19.1.1 does not allow one there. */
  #request({ requestUri }: ProbeTarget, leg: Leg, branch: string, callId: string): Buffer {
    const lines = [
      `OPTIONS ${requestUri} SIP/2.0`,
      `${leg.own.viaHead}${branch}${leg.own.viaTail}`,
      'Max-Forwards: 70',
      `From: <sip:${withoutPort(leg.own.hostPort)}>;tag=${this.#options.randomHex()}`,
      `To: <${withoutPort(requestUri)}>`,
      `Call-ID: ${callId}`,
      'CSeq: 1 OPTIONS',
      `Contact: <${leg.own.contactUri}>`,
      'Accept: application/sdp',
      `User-Agent: ${this.#options.userAgent}`,
      'Content-Length: 0',
    ]
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  }
}

/**
 * Whatever is answered shows that somebody is there, also 404, 405, 481 or 430 (Flow Failed: of a token,
 * and a probe has none). But 503 (RFC 3261 §21.5.4) asks us to send nothing more, and 408 is what a
 * proxy says when the server behind it is gone.
 */
function meansAlive(status: number): boolean {
  return status !== 408 && status !== 503
}

/** Of `[2001:db8::1]:5060` and of `sip:example.com` too. */
function withoutPort(text: string): string {
  return text.replace(/:\d+$/, '')
}
