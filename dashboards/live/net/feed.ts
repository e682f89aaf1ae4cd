/**
 * One stream of server-sent events: a snapshot, then deltas, for as long as somebody watches. Read with fetch, since
 * EventSource cannot send a token. It reconnects for ever (1 to 15 s, with jitter), goes on after the last event it
 * got, and says in `link` how it is. It keeps no data.
 */
import { batch, type Signal, signal } from '@preact/signals'
import { createParser } from 'eventsource-parser'
import type { Delta, Snapshot, Topic } from '../../../src/base/live.js'
import { ApiError, query, send } from './api.js'
import { asked } from './session.js'

export interface FeedQuery {
  readonly topics: readonly Topic[]
  /** of the topic connections */
  readonly search?: string | undefined
  /** of the topic calls */
  readonly calls?: string | undefined
  readonly limit?: number | undefined
}

export type Link =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** lost, or refused for now (then the gateway gave a reason); tried again at `until`, Unix time in ms */
  | { readonly state: 'waiting'; readonly until: number; readonly reason: string | undefined }
  /** the question was wrong: only another one helps */
  | { readonly state: 'refused'; readonly reason: string }

export interface FeedReader {
  snapshot(snapshot: Snapshot): void
  delta(delta: Delta): void
  /** the gateway behind the stream is another process than before; the snapshot comes next */
  restarted(): void
}

/** The gateway sends a comment every 15 s: twice that in silence is a broken network. */
const silenceMs = 35_000
const firstDelayMs = 1000
const longestDelayMs = 15_000

export class Feed {
  readonly link: Signal<Link> = signal<Link>({ state: 'idle' })
  readonly #reader: FeedReader
  #query: FeedQuery | undefined
  #attempt: AbortController | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #lastEventId: string | undefined
  #epoch: string | undefined

  constructor(reader: FeedReader) {
    this.#reader = reader
    addEventListener('online', () => this.#hurry())
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#hurry()
    })
  }

  /** From now on this; another query begins with a snapshot of its own. */
  watch(query: FeedQuery): void {
    this.stop()
    this.#query = query
    void this.#connect(query)
  }

  stop(): void {
    this.#attempt?.abort()
    this.#attempt = undefined
    clearTimeout(this.#retry)
    clearTimeout(this.#silence)
    this.#query = undefined
    this.#lastEventId = undefined
    this.#failures = 0
    this.link.value = { state: 'idle' }
  }

  /** Tries again now instead of later. */
  retry(): void {
    if (this.link.value.state !== 'waiting' || this.#query === undefined) return
    clearTimeout(this.#retry)
    void this.#connect(this.#query)
  }

  #hurry(): void {
    this.#failures = 0
    this.retry()
  }

  async #connect(watched: FeedQuery): Promise<void> {
    const attempt = new AbortController()
    this.#attempt = attempt
    this.link.value = { state: 'connecting' }
    try {
      const headers = this.#lastEventId === undefined ? undefined : { 'last-event-id': this.#lastEventId }
      const path = `/events${query({ ...watched, topics: watched.topics.join(',') })}`
      this.#listen(attempt)
      const response = await send('GET', path, { signal: attempt.signal }, headers)
      await this.#read(response.body!, attempt)
      this.#lost(attempt, undefined)
    } catch (error) {
      this.#lost(attempt, error)
    }
  }

  async #read(body: ReadableStream<Uint8Array>, attempt: AbortController): Promise<void> {
    const parser = createParser({ onEvent: (event) => this.#event(event.event, event.id, event.data) })
    const decoder = new TextDecoder()
    const reader = body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done || attempt.signal.aborted) return
      this.#listen(attempt)
      // a resumed stream begins with up to a minute of deltas: one picture for all of them
      batch(() => parser.feed(decoder.decode(value, { stream: true })))
    }
  }

  #event(name: string | undefined, id: string | undefined, data: string): void {
    this.#failures = 0
    if (this.link.value.state !== 'live') this.link.value = { state: 'live' }
    if (id !== undefined) this.#remember(id)
    if (name === 'snapshot') this.#reader.snapshot(JSON.parse(data) as Snapshot)
    if (name === 'delta') this.#reader.delta(JSON.parse(data) as Delta)
  }

  /** ids are `<epoch>-<n>`; each run of the gateway has an epoch of its own */
  #remember(id: string): void {
    const epoch = id.slice(0, id.lastIndexOf('-'))
    if (this.#epoch !== undefined && this.#epoch !== epoch) this.#reader.restarted()
    this.#epoch = epoch
    this.#lastEventId = id
  }

  #listen(attempt: AbortController): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      // it is the person who takes the time, looking for a token
      if (asked.value !== undefined) return this.#listen(attempt)
      this.#lost(attempt, undefined)
      attempt.abort()
    }, silenceMs)
  }

  #lost(attempt: AbortController, error: unknown): void {
    // of an attempt that was given up for another
    if (attempt !== this.#attempt || attempt.signal.aborted) return
    this.#attempt = undefined
    clearTimeout(this.#silence)
    const refusal = error instanceof ApiError && error.status > 0 ? error : undefined
    if (refusal?.status === 400) {
      this.link.value = { state: 'refused', reason: refusal.detail }
      return
    }
    const delayMs = refusal?.retryAfterMs ?? this.#nextDelayMs()
    this.link.value = { state: 'waiting', until: Date.now() + delayMs, reason: refusal?.detail }
    this.#retry = setTimeout(() => this.retry(), delayMs)
  }

  #nextDelayMs(): number {
    const longest = Math.min(firstDelayMs * 2 ** this.#failures, longestDelayMs)
    this.#failures += 1
    // half of it is chance, so that all viewers of a restarted gateway do not come at once
    return longest / 2 + Math.random() * (longest / 2)
  }
}
