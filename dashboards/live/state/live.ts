/**
 * What the gateway shows now. Two streams fill it: one for the whole page (overview and the hour of samples, so that
 * changing the view does not fetch that again), one for what the open view watches.
 */
import { computed, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { CallRow, ConnectionRow, CounterUpdate, Overview, Sample, TraceBoard } from '../../../src/base/live.js'
import { Feed, type FeedQuery, type Link } from '../net/feed.js'
import { Rows } from './rows.js'
import { toast } from './toasts.js'

/** undefined: nothing has come yet */
export const overview = signal<Overview | undefined>(undefined)
/** the last hour, oldest first; replaced once a second */
export const history = signal<readonly Sample[]>([])
export const connections = new Rows<ConnectionRow>((row) => row.conn_id)
export const calls = new Rows<CallRow>((row) => row.call_id)
export const board = signal<TraceBoard | undefined>(undefined)

/** an hour of samples */
const longestHistory = 3600

const pageFeed = new Feed({
  snapshot(snapshot) {
    if (snapshot.overview === undefined) return
    history.value = snapshot.overview.history
    overview.value = snapshot.overview
  },
  delta(delta) {
    if (delta.samples !== undefined) history.value = [...history.value, ...delta.samples].slice(-longestHistory)
    if (delta.overview !== undefined) overview.value = delta.overview
  },
  restarted() {
    toast('The gateway was restarted. Everything shown is from the new run.', 'warning')
  },
})

const viewFeed = new Feed({
  snapshot(snapshot) {
    if (snapshot.connections !== undefined) connections.replace(snapshot.connections)
    if (snapshot.calls !== undefined) calls.replace(snapshot.calls)
    if (snapshot.trace !== undefined) board.value = snapshot.trace
  },
  delta(delta) {
    if (delta.connections !== undefined) {
      connections.patch(delta.connections.counters, ([id]) => id, withCounters)
      connections.apply(delta.connections)
    }
    if (delta.calls !== undefined) calls.apply(delta.calls)
    if (delta.trace !== undefined) board.value = delta.trace
  },
  // the page's own stream says so
  restarted() {},
})

/** how the streams are; `viewLink` is `refused` when the search text is wrong */
export const link = pageFeed.link
export const viewLink = viewFeed.link

/** The stream that is being waited for, if one is: what is shown may be old. */
export const broken = computed(() => waiting(link.value) ?? waiting(viewLink.value))

export function openLive(): void {
  pageFeed.watch({ topics: ['overview'] })
}

export function retryNow(): void {
  pageFeed.retry()
  viewFeed.retry()
}

/** Watches for as long as the component is there; a query with other words asks anew. */
export function useWatch(query: FeedQuery): void {
  const { topics, search, calls: callSearch, limit } = query
  useEffect(() => {
    if (topics.includes('connections')) connections.clear()
    if (topics.includes('calls')) calls.clear()
    viewFeed.watch(query)
    return () => viewFeed.stop()
  }, [topics.join(), search, callSearch, limit])
}

function withCounters(row: ConnectionRow, update: CounterUpdate): ConnectionRow {
  return { ...row, bytes_in: update[1], bytes_out: update[2], msgs_in: update[3], msgs_out: update[4] }
}

function waiting(link: Link): Extract<Link, { state: 'waiting' }> | undefined {
  return link.state === 'waiting' ? link : undefined
}
