/**
 * A server that we send to, as its connections and probes tell of it: up, down or not known yet. It
 * opens nothing, sends nothing and resolves nothing.
 */
import type { Failure } from '../base/errors.js'
import type { UpstreamStatus } from '../base/status.js'
import type { ProbeTarget } from './prober.js'

export interface Probing {
  readonly intervalMs: number
  /** so many OPTIONS in a row without an answer, and the peer is down */
  readonly threshold: number
}

type PeerStatus = Pick<UpstreamStatus, 'state' | 'lastError' | 'connections' | 'probes'>

/**
 * Down after a failed connect or `threshold` missed probes in a row; up again after an answered probe. Without
 * probes a good connect brings it up too, with them it does not: a server that accepts connections and answers
 * nothing would get its share of the calls between any two of them.
 */
export abstract class Peer implements ProbeTarget {
  readonly requestUri: string
  readonly probing: Probing | undefined
  connections = 0
  /** Hears that it went down and why, or that it is up again (undefined). */
  onChange: ((reason: Failure | undefined) => void) | undefined
  #state: UpstreamStatus['state'] = 'unknown'
  #lastError: string | undefined
  #answered = 0
  #missed = 0
  #missedInRow = 0
  #lastMs: number | undefined

  constructor(requestUri: string, probing: Probing | undefined) {
    this.requestUri = requestUri
    this.probing = probing
  }

  get down(): boolean {
    return this.#state === 'down'
  }

  get intervalMs(): number {
    return this.probing?.intervalMs ?? 0
  }

  connected(): void {
    if (this.probing === undefined) this.#goUp()
    this.connections++
  }

  disconnected(): void {
    this.connections--
  }

  failed(reason: Failure): void {
    this.#lastError = `${reason.cause}: ${reason.message}`
    this.#goDown(reason)
  }

  succeeded(ms: number): void {
    this.#answered++
    this.#missedInRow = 0
    this.#lastMs = ms
    this.#goUp()
  }

  missed(reason: Failure): boolean {
    this.#missed++
    this.#missedInRow++
    this.#lastError = `${reason.cause}: ${reason.message}`
    // At each multiple: a connection opened anew gets as many chances as the one before it.
    const tooMany = this.#missedInRow % (this.probing?.threshold ?? 1) === 0
    if (tooMany) this.#goDown(reason)
    return tooMany
  }

  protected get peerStatus(): PeerStatus {
    const failed = this.#missed
    const probes = this.probing && { sent: this.#answered + failed, failed, lastMs: this.#lastMs }
    return { state: this.#state, lastError: this.#lastError, connections: this.connections, probes }
  }

  #goUp(): void {
    const wasDown = this.down
    this.#state = 'up'
    if (wasDown) this.onChange?.(undefined)
  }

  #goDown(reason: Failure): void {
    const wasDown = this.down
    this.#state = 'down'
    if (!wasDown) this.onChange?.(reason)
  }
}
