/**
 * The clockwork of all open connections: idle limit, incomplete messages, writes that do not leave.
 * One coarse timer for everyone instead of timers per connection, so that a read or write costs a
 * flag test. Times are exact to `tickMs`. It decides nothing: it tells the connection that its time is up.
 */
import { failure } from '../base/errors.js'
import type { Connection } from './connection.js'

export interface WatchLimits {
  /** ms; a write that has not left for so long breaks the connection */
  readonly sendTimeoutMs: number
  /** ms; from the first read that leaves a message incomplete */
  readonly messageTimeoutMs: number
  /** ms without traffic; 0: no limit */
  readonly idleMs: number
}

const longestTickMs = 100
const shortestTickMs = 10
/** How often all connections are walked over, for the idle limit and for floods. */
const roundMs = 1000
/**
 * TLS records that carry nothing (KeyUpdate, empty records) cost CPU and never reach the framer. A peer
 * that sends this much in a round, and less than a tenth of it is SIP, does nothing else.
 */
const floodBytes = 256 * 1024
/**
 * And in all: a slow trickle of KeyUpdates whose answers are not read would fill memory inside OpenSSL. A
 * CRLFCRLF in a CBC record of TLS 1.2 has 21 times its size on the wire; nothing honest has more.
 */
const overheadBytes = 1024 * 1024
const overheadFactor = 40

export class ConnectionWatch {
  /** monotonic ms, as of the last tick: cheap to read, good enough for idle limits */
  nowMs: number
  readonly #limits: WatchLimits
  readonly #open: ReadonlySet<Connection>
  readonly #quietSince: (connection: Connection) => number | undefined
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout
  #unsent: Connection[] = []
  readonly #incomplete = new Set<Connection>()
  #nextRoundMs: number

  /** `quietSince`: monotonic ms of the last traffic that counts for a connection; undefined: it ends with another. */
  constructor(
    limits: WatchLimits,
    open: ReadonlySet<Connection>,
    now: () => number = () => performance.now(),
    quietSince: (connection: Connection) => number | undefined = (connection) => connection.lastActiveMs,
  ) {
    this.#limits = limits
    this.#open = open
    this.#quietSince = quietSince
    this.#now = now
    this.nowMs = now()
    this.#nextRoundMs = this.nowMs + roundMs
    const tickMs = Math.min(limits.sendTimeoutMs, limits.messageTimeoutMs) / 4
    this.#timer = setInterval(() => this.tick(), Math.max(shortestTickMs, Math.min(longestTickMs, tickMs)))
    this.#timer.unref()
  }

  /** Bytes were written: look at this connection until they have left. */
  wrote(connection: Connection): void {
    connection.inSendWatch = true
    connection.stuckSinceMs = 0
    this.#unsent.push(connection)
  }

  /** A read ended in the middle of a message. */
  incomplete(connection: Connection): void {
    connection.incompleteSinceMs = this.#now()
    this.#incomplete.add(connection)
  }

  forget(connection: Connection): void {
    this.#incomplete.delete(connection)
  }

  tick(): void {
    this.nowMs = this.#now()
    this.#checkUnsent()
    this.#checkIncomplete()
    if (this.nowMs >= this.#nextRoundMs) {
      this.#nextRoundMs = this.nowMs + roundMs
      this.#checkAll()
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #checkUnsent(): void {
    const before = this.#unsent
    this.#unsent = []
    for (const connection of before) {
      if (connection.state === 'closed' || connection.unsentBytes === 0) {
        connection.inSendWatch = false
        connection.stuckSinceMs = 0
        continue
      }
      this.#unsent.push(connection)
      const taken = connection.takenBytes
      if (connection.stuckSinceMs === 0 || taken !== connection.stuckAtBytes) {
        connection.stuckAtBytes = taken
        connection.stuckSinceMs = this.nowMs
      } else if (this.nowMs - connection.stuckSinceMs >= this.#limits.sendTimeoutMs) {
        connection.fail(
          failure('send-timeout', `${connection.unsentBytes} bytes waited ${this.#limits.sendTimeoutMs} ms to be sent`),
        )
      }
    }
  }

  #checkIncomplete(): void {
    for (const connection of this.#incomplete) {
      if (connection.incompleteSinceMs === 0) {
        this.#incomplete.delete(connection)
      } else if (connection.paused) {
        connection.incompleteSinceMs = this.nowMs // the rest may lie in our own socket buffer
      } else if (this.nowMs - connection.incompleteSinceMs >= this.#limits.messageTimeoutMs) {
        this.#incomplete.delete(connection)
        connection.fail(
          failure('message-timeout', `a message was still incomplete after ${this.#limits.messageTimeoutMs} ms`),
        )
      }
    }
  }

  #checkAll(): void {
    for (const connection of this.#open) {
      if (this.#floods(connection)) {
        connection.fail(failure('tls-protocol-error', 'a flood of TLS records without data'))
      } else if (this.#limits.idleMs > 0) {
        const sinceMs = this.#quietSince(connection)
        if (sinceMs !== undefined && this.nowMs - sinceMs >= this.#limits.idleMs) connection.end('idle')
      }
    }
  }

  #floods(connection: Connection): boolean {
    const wire = connection.wireBytesIn - connection.checkedWireBytes
    const plain = connection.facts.bytesIn - connection.checkedPlainBytes
    connection.checkedWireBytes += wire
    connection.checkedPlainBytes += plain
    const excess = connection.checkedWireBytes - overheadFactor * connection.checkedPlainBytes
    return (wire > floodBytes && plain * 10 < wire) || excess > overheadBytes
  }
}
