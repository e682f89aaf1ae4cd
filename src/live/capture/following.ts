/**
 * What a capture that follows still has to show: messages as they are stored, and the fate of connections as it is
 * told, in the order they came. Bounded in bytes; when its reader is further behind, it takes no more and is over.
 */

import { channels } from '../../base/channels.js'
import type { ConnectionEvent } from '../../base/facts.js'
import type { Observers } from '../../base/observers.js'
import type { MessageTest, RawMessage } from '../messages/stored.js'
import type { Happening } from './recording.js'

export type Followed = RawMessage | Happening

export interface MessageFeed {
  readonly observers: Observers
  /** Tells of those that pass `test` some 100 ms after they came, until the returned function is called. */
  onMessage(hear: (message: RawMessage) => void, test: MessageTest): () => void
  /** Tells now of all that came. */
  settle(): void
}

/** What may wait for a slow reader; 64 MiB for all there may be (captures.ts). */
const maxWaitingBytes = 4 * 1024 * 1024
/** of an item, besides the bytes of its message */
const itemBytes = 256
/** taken items are let go in lots, so that taking one costs the same however many wait */
const lot = 1024

export class Following {
  /** its reader was too slow: what came after the items that wait is not shown */
  overrun = false
  readonly #feed: MessageFeed
  readonly #connId: string | undefined
  readonly #signal: AbortSignal
  readonly #unsubscribe: () => void
  readonly #unobserve: () => void
  #items: (Followed | undefined)[] = []
  #taken = 0
  #bytes = 0
  #stopped = false
  #wake: (() => void) | undefined

  /** `connId`: follow this connection only, to its end. */
  constructor(feed: MessageFeed, connId: string | undefined, wants: MessageTest, signal: AbortSignal) {
    this.#feed = feed
    this.#connId = connId
    this.#signal = signal
    this.#unsubscribe = feed.onMessage(this.#onMessage, wants)
    this.#unobserve = feed.observers.observe(channels.connection, (event) => this.#onConnection(event))
    if (signal.aborted) this.stop()
    else signal.addEventListener('abort', this.stop)
  }

  /** nothing will come any more, and nothing waits */
  get over(): boolean {
    return this.#stopped && this.#taken === this.#items.length
  }

  take(): Followed | undefined {
    const item = this.#items[this.#taken]
    if (item === undefined) return undefined
    this.#items[this.#taken++] = undefined
    this.#bytes -= bytesOf(item)
    if (this.#taken === this.#items.length || this.#taken === lot) {
      this.#items.splice(0, this.#taken)
      this.#taken = 0
    }
    return item
  }

  /** Resolves when there is something to take, or when it has stopped. One at a time. */
  more(): Promise<void> {
    if (this.#stopped || this.#taken < this.#items.length) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** What waits may still be taken. */
  readonly stop = (): void => {
    this.#stopped = true
    this.#unsubscribe()
    this.#unobserve()
    this.#signal.removeEventListener('abort', this.stop)
    this.#awake()
  }

  readonly #onMessage = (message: RawMessage): void => {
    this.#push(message)
  }

  #onConnection({ name, status, cause, message, facts }: ConnectionEvent): void {
    if ((name !== 'ERROR' && name !== 'CLOSED') || (this.#connId !== undefined && this.#connId !== facts.id)) return
    const { id: connId, closed } = facts
    this.#feed.settle() // its last messages come before its end
    this.#push({ connId, micros: Date.now() * 1000, event: name, status, cause, message, by: closed?.by })
    if (name === 'CLOSED' && this.#connId !== undefined) this.stop()
  }

  #push(item: Followed): void {
    if (this.#stopped) return
    this.#bytes += bytesOf(item)
    this.#items.push(item)
    if (this.#bytes > maxWaitingBytes) {
      this.overrun = true
      this.stop()
    }
    this.#awake()
  }

  #awake(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

function bytesOf(item: Followed): number {
  return 'event' in item ? itemBytes : itemBytes + item.bytes.length
}
