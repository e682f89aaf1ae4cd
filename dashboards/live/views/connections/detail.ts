/** Everything known of the opened connection, asked for again every 2 s while it lives and somebody looks. */
import { useEffect, useState } from 'preact/hooks'
import type { ConnectionDetail } from '../../../../src/base/live.js'
import { ApiError, api } from '../../net/api.js'

const everyMs = 2000

export interface Detail {
  readonly known: ConnectionDetail | undefined
  /** it is not known, or forgotten */
  readonly gone: boolean
  /** why the latest question had no answer */
  readonly problem: string | undefined
  /** asks now: something was done to it */
  readonly refresh: () => void
}

export function useDetail(id: string): Detail {
  const [state, setState] = useState<Omit<Detail, 'refresh'>>({ known: undefined, gone: false, problem: undefined })
  const [round, setRound] = useState(0)
  useEffect(() => {
    const attempt = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const again = () => {
      timer = setTimeout(document.hidden ? again : () => void ask(), everyMs)
    }
    const ask = async () => {
      try {
        const known = await api.get<ConnectionDetail>(`/connections/${id}`, { signal: attempt.signal })
        setState({ known, gone: false, problem: undefined })
        if (known.state !== 'closed') again()
      } catch (error) {
        if (attempt.signal.aborted) return
        const gone = error instanceof ApiError && error.status === 404
        setState(({ known }) => ({ known, gone, problem: gone ? undefined : problemOf(error) }))
        if (!gone) again()
      }
    }
    void ask()
    return () => {
      attempt.abort()
      clearTimeout(timer)
    }
  }, [id, round])
  return { ...state, refresh: () => setRound(round + 1) }
}

function problemOf(error: unknown): string {
  return error instanceof ApiError ? error.detail : String(error)
}
