/** Asks the gateway, once typing has come to rest, what a filter and a scope would say of the live connections. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { TraceScope } from '../../../../src/base/status.js'
import { ApiError, api, type ProblemPart } from '../../net/api.js'

/** `DryRun` of base/ports.ts as it goes over the wire */
export interface DryRun {
  readonly total: number
  readonly traced: number
  readonly matches: readonly Match[]
}

export interface Match {
  readonly conn_id: string
  readonly peer: string
  readonly tls_sni?: string
  readonly traced: boolean
  readonly why: string
}

export interface DryRunRequest {
  /** undefined: the filter that is there */
  readonly route?: string | undefined
  readonly scope?: TraceScope | undefined
}

export type Trial =
  | { readonly state: 'asking' }
  /** `at`: Unix time in ms */
  | { readonly state: 'known'; readonly run: DryRun; readonly at: number }
  | { readonly state: 'refused'; readonly detail: string; readonly errors: readonly ProblemPart[] }

const restMs = 350
const asking: Trial = { state: 'asking' }

/** A request with other words, or another `turn`, asks again; an answer to an older one is left alone. */
export function useDryRun(request: DryRunRequest, turn: unknown = 0): Trial {
  const [trial, setTrial] = useState<Trial>(asking)
  const first = useRef(true)
  const body = JSON.stringify(request)
  useEffect(() => {
    let over = false
    const ask = async () => {
      const answer = await tried(JSON.parse(body))
      if (!over) setTrial(answer)
    }
    const timer = setTimeout(ask, first.current ? 0 : restMs)
    first.current = false
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [body, turn])
  return trial
}

async function tried(request: DryRunRequest): Promise<Trial> {
  try {
    const run = await api.post<DryRun>('/trace/filter/dry-run', request)
    return { state: 'known', run, at: Date.now() }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return { state: 'refused', detail: error.detail, errors: error.errors }
  }
}
