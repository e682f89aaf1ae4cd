/**
 * Connections: live ones as the event stream brings them, those closed lately and what lies beyond the newest
 * thousands in pages, and everything about the one that is opened. The address holds search, order and selection.
 */
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import type { ConnectionRow } from '../../../../src/base/live.js'
import { param, setParams } from '../../router.js'
import { connections, overview, useWatch, viewLink } from '../../state/live.js'
import { AsyncButton, Button } from '../../ui/button.js'
import { count } from '../../ui/format.js'
import { Skeleton } from '../../ui/panel.js'
import { type Sort, Table } from '../../ui/table.js'
import { Bar } from './bar.js'
import { card, closedColumns, liveColumns } from './columns.js'
import { ConnectionDrawer } from './drawer.js'
import { useHeld } from './held.js'
import { NoConnections } from './none.js'
import { sorted, sortOf, sortText } from './order.js'
import { usePages } from './pages.js'
import { asksForClosed } from './search-text.js'
import { causeTone } from './words.js'

/** as many as the gateway sends */
const watchedRows = 5000
const newestFirst: Sort = { column: 'opened_at', descending: true }
const lastClosedFirst: Sort = { column: 'closed_at', descending: true }
const idOf = (row: ConnectionRow) => row.conn_id

export default function Connections() {
  const search = param('search') ?? ''
  const id = param('id')
  const closed = asksForClosed(search)
  const columns = closed ? closedColumns : liveColumns
  const asked = param('sort') ?? ''
  const sort = useMemo(() => sortOf(asked, columns) ?? (closed ? lastClosedFirst : newestFirst), [asked, closed])
  const [held, setHeld] = useState(false)
  // another question has other rows
  useEffect(() => setHeld(false), [search, sort])

  const status = overview.value?.status.connections
  const liveTotal = connections.total.value
  const beyond = !closed && (liveTotal ?? 0) > watchedRows
  // the newest come by themselves; for any other order all of them have to be looked at
  const paged = closed || (beyond && (sortText(sort) !== sortText(newestFirst) || param('all') === 'yes'))
  const stamp = closed ? (status?.closedTotal ?? 0) : 0
  const pages = usePages(paged ? { search, sort, stamp } : undefined)

  const version = connections.version.value
  const found = useMemo(() => {
    const rows = pages === undefined ? connections.values() : pages.rows
    // more pages: only the gateway knows their order
    return pages?.more !== undefined && sort.column !== 'closed_at' ? rows : sorted(rows, sort)
  }, [pages?.rows, pages === undefined ? version : undefined, sort])
  const rows = useHeld(held, found, (one) => connections.get(one))
  const traced = useMemo(() => rows.reduce((sum, row) => sum + (row.traced ? 1 : 0), 0), [rows])

  const refusal = viewLink.value.state === 'refused' && !closed ? viewLink.value.reason : undefined
  const problem = refusal ?? pages?.problem
  const total = pages === undefined ? liveTotal : pages.total
  const rowClass = useCallback(
    (row: ConnectionRow) => {
      if (row.closed !== undefined) return causeTone(row.closed.cause) === 'bad' ? 'row-bad' : ''
      return held && !paged && connections.get(row.conn_id) === undefined ? 'row-muted' : ''
    },
    [held, paged],
  )

  return (
    <div class="view-fill">
      <h1 class="sr-only">Connections</h1>
      {!closed && <Watch search={search} />}
      <Bar
        search={search}
        error={problem}
        matching={problem === undefined ? total : undefined}
        open={status && status.open + status.inHandshake}
        traced={traced}
        held={held}
        onHold={setHeld}
      />
      {total === undefined && problem === undefined ? (
        <Skeleton lines={8} />
      ) : (
        <Table
          label={closed ? 'Connections closed lately' : 'Live connections'}
          columns={columns}
          minWidth="76rem"
          rows={rows}
          idOf={idOf}
          onOpen={(row) => setParams({ id: row.conn_id })}
          opened={id}
          sort={sort}
          onSort={(next) => setParams({ sort: sortText(next) }, { replace: true })}
          rowClass={rowClass}
          card={card}
          cardHeight={88}
          empty={<NoConnections search={search} problem={problem} />}
        />
      )}
      {beyond && !paged && <Beyond total={liveTotal!} />}
      {pages?.more !== undefined && <More shown={rows.length} total={pages.total!} load={pages.more} />}
      {id !== undefined && <ConnectionDrawer key={id} id={id} />}
    </div>
  )
}

/** Closed connections are in no stream: then nothing is watched. */
function Watch({ search }: { search: string }) {
  useWatch({ topics: ['connections'], search, limit: watchedRows })
  return null
}

function Beyond({ total }: { total: number }) {
  return (
    <div class="row connections-foot">
      <p class="muted">
        The newest {count(watchedRows)} of {count(total)}. A search finds the others too.
      </p>
      <Button small onClick={() => setParams({ all: 'yes' })}>
        Page through all
      </Button>
    </div>
  )
}

function More({ shown, total, load }: { shown: number; total: number; load: () => Promise<void> }) {
  return (
    <div class="row connections-foot">
      <p class="muted">
        {count(shown)} of {count(total)} are here.
      </p>
      <AsyncButton small run={load} failed="Loading more failed">
        Load more
      </AsyncButton>
    </div>
  )
}
