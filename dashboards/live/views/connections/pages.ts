/**
 * Rows that the event stream does not bring: connections closed lately, and what lies beyond the newest thousands.
 * Asked for page by page, and asked again only when something changed.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ConnectionRow, Page } from '../../../../src/base/live.js'
import { ApiError, api, query } from '../../net/api.js'
import type { Sort } from '../../ui/table.js'
import { serverSort } from './order.js'

export interface PageQuery {
  readonly search: string
  readonly sort: Sort
  /** grows when there is more to see: then the first page is asked for again, if no other is shown */
  readonly stamp: number
}

export interface Pages {
  readonly rows: readonly ConnectionRow[]
  /** of all that match; undefined: nothing has come yet */
  readonly total: number | undefined
  /** what is wrong with the question, or with the way to the gateway */
  readonly problem: string | undefined
  /** undefined: that was the last page */
  readonly more: (() => Promise<void>) | undefined
}

const pageRows = 1000
/** hang-ups come by the second, and a page is some hundred kB */
const leastPauseMs = 5000

interface Loaded extends Page<ConnectionRow> {
  readonly problem: string | undefined
  readonly pages: number
}

/** undefined: nothing is asked for. */
export function usePages(asked: PageQuery | undefined): Pages | undefined {
  const [loaded, setLoaded] = useState<Loaded | undefined>(undefined)
  const key = asked && `${asked.search}\n${asked.sort.column}\n${asked.sort.descending}`
  const current = useRef(key)
  const askedAt = useRef(0)
  current.current = key

  const load = async (before: Loaded | undefined) => {
    if (asked === undefined) return
    askedAt.current = Date.now()
    const next = await loadPage(asked, before)
    // another question was asked meanwhile
    if (current.current !== key) return
    setLoaded((shown) =>
      next.problem === undefined || shown === undefined ? next : { ...shown, problem: next.problem },
    )
  }
  useEffect(() => {
    setLoaded(undefined)
    void load(undefined)
  }, [key])
  useEffect(() => {
    // it would throw away the pages behind the first
    if (loaded === undefined || loaded.pages > 1) return
    const wait = Math.max(0, askedAt.current + leastPauseMs - Date.now())
    const timer = setTimeout(() => void load(undefined), wait)
    return () => clearTimeout(timer)
  }, [key, asked?.stamp])

  if (asked === undefined) return undefined
  return {
    rows: loaded?.rows ?? [],
    total: loaded?.total,
    problem: loaded?.problem,
    more: loaded?.next === undefined ? undefined : () => load(loaded),
  }
}

async function loadPage({ search, sort }: PageQuery, before: Loaded | undefined): Promise<Loaded> {
  const path = `/connections${query({ search, ...serverSort(sort), limit: pageRows, cursor: before?.next })}`
  try {
    const { connections, total, next } = await api.get<{ connections: ConnectionRow[]; total: number; next?: string }>(
      path,
    )
    const rows = before === undefined ? connections : withoutDoubles(before.rows, connections)
    return { rows, total, ...(next !== undefined && { next }), problem: undefined, pages: (before?.pages ?? 0) + 1 }
  } catch (error) {
    const problem = error instanceof ApiError ? error.detail : String(error)
    return { rows: [], total: 0, pages: 0, problem }
  }
}

/** A connection that moved in the order between two pages is in both. */
function withoutDoubles(first: readonly ConnectionRow[], second: readonly ConnectionRow[]): ConnectionRow[] {
  return [...new Map([...first, ...second].map((row) => [row.conn_id, row])).values()]
}
