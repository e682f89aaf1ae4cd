/** The messages of one call, fetched again when its row in the list changes. */
import { useEffect, useState } from 'preact/hooks'
import type { CallDetail, CallRow } from '../../../../src/base/live.js'
import { ApiError, api } from '../../net/api.js'
import { calls } from '../../state/live.js'

export interface ShownCall {
  /** undefined: not here yet */
  readonly call: CallDetail | undefined
  /** why it is not, or no longer */
  readonly problem: string | undefined
}

/** A call of a thousand messages is half a megabyte: not more often. */
const lookMs = 1000

/** `id` stays the same as long as the component is there. */
export function useCall(id: string): ShownCall {
  const [shown, setShown] = useState<ShownCall>({ call: undefined, problem: undefined })
  useEffect(() => {
    const abort = new AbortController()
    let loaded: CallRow | undefined
    let isLoading = false
    const load = async () => {
      isLoading = true
      loaded = calls.get(id)
      const next = await fetched(id, abort.signal)
      isLoading = false
      // what is shown stays: the page says that it is old
      if (!abort.signal.aborted) setShown((before) => ({ call: next.call ?? before.call, problem: next.problem }))
    }
    const look = () => {
      const row = calls.get(id)
      if (!isLoading && row !== undefined && row !== loaded) void load()
    }
    void load()
    const timer = setInterval(look, lookMs)
    return () => {
      clearInterval(timer)
      abort.abort()
    }
  }, [id])
  return shown
}

async function fetched(id: string, signal: AbortSignal): Promise<ShownCall> {
  try {
    return { call: await api.get<CallDetail>(`/calls/${encodeURIComponent(id)}`, { signal }), problem: undefined }
  } catch (error) {
    if (!(error instanceof ApiError) && !signal.aborted) throw error
    return { call: undefined, problem: error instanceof ApiError ? error.detail : undefined }
  }
}
