/**
 * The messages of one call, fetched again when its row changed: the row of the list, or, where the list does not have
 * it, the one the gateway gives for its Call-ID.
 */
import { useEffect, useState } from 'preact/hooks'
import type { CallDetail, CallRow } from '../../../../src/base/live.js'
import { ApiError, api, query } from '../../net/api.js'
import { calls } from '../../state/live.js'
import { quoted } from './search.js'

export interface ShownCall {
  /** undefined: not here yet */
  readonly call: CallDetail | undefined
  /** why it is not, or no longer */
  readonly problem: string | undefined
}

/** A call of a thousand messages is half a megabyte: not more often. */
const lookMs = 1000
/** that is a question to the gateway */
const askMs = 3000
/** Call-IDs that hold this one come along */
const rowsAsked = 10

/** `id` stays the same as long as the component is there. */
export function useCall(id: string): ShownCall {
  const [shown, setShown] = useState<ShownCall>({ call: undefined, problem: undefined })
  useEffect(() => {
    const abort = new AbortController()
    let loaded: string | undefined
    let askedAt = Date.now()
    let isBusy = false
    const load = async () => {
      const next = await fetched(id, abort.signal)
      if (next.call !== undefined) loaded = stampOf(next.call)
      // what is shown stays: the page says that it is old
      if (!abort.signal.aborted) setShown((before) => ({ call: next.call ?? before.call, problem: next.problem }))
    }
    const look = async () => {
      const row = calls.get(id) ?? (Date.now() - askedAt < askMs ? undefined : await asked())
      if (row !== undefined && stampOf(row) !== loaded) await load()
    }
    const asked = async () => {
      askedAt = Date.now()
      return rowOf(id, abort.signal)
    }
    const alone = async (work: () => Promise<void>) => {
      if (isBusy) return
      isBusy = true
      await work()
      isBusy = false
    }
    void alone(load)
    const timer = setInterval(() => {
      if (!document.hidden) void alone(look)
    }, lookMs)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [id])
  return shown
}

/** Changes with every message. */
function stampOf({ messages, last_at, state }: CallRow): string {
  return `${messages} ${last_at} ${state}`
}

/** undefined: it is not known, or the gateway cannot be reached; the next look says more. */
async function rowOf(id: string, signal: AbortSignal): Promise<CallRow | undefined> {
  const path = `/calls${query({ search: `call:${quoted(id)}`, limit: rowsAsked })}`
  const answer = await api.get<{ calls: CallRow[] }>(path, { signal }).catch(() => undefined)
  return answer?.calls.find(({ call_id }) => call_id === id)
}

async function fetched(id: string, signal: AbortSignal): Promise<ShownCall> {
  try {
    return { call: await api.get<CallDetail>(`/calls/${encodeURIComponent(id)}`, { signal }), problem: undefined }
  } catch (error) {
    if (!(error instanceof ApiError) && !signal.aborted) throw error
    return { call: undefined, problem: error instanceof ApiError ? error.detail : undefined }
  }
}
