/** Calls: every traced Call-ID the gateway still has messages of, live; one of them as a ladder in a drawer. */
import { useMemo, useState } from 'preact/hooks'
import { type CallRow, callSearchFields } from '../../../../src/base/live.js'
import { href, param, setParams } from '../../router.js'
import { calls, overview, useWatch, viewLink } from '../../state/live.js'
import { Announced } from '../../ui/announced.js'
import { Button } from '../../ui/button.js'
import { Segments } from '../../ui/field.js'
import { count } from '../../ui/format.js'
import { Empty, Skeleton } from '../../ui/panel.js'
import { SearchBox } from '../../ui/search-box.js'
import { type Sort, Table } from '../../ui/table.js'
import { CallDrawer } from './call.js'
import { Card, cardHeight, columnsFor, columnsWidth, inOrder } from './columns.js'
import { callSearch, isMixed, type Kind, kindOf, kindOptions } from './search.js'

/** The newest; more cannot be looked through, only searched. */
const limit = 1000

export default function Calls() {
  const search = param('search') ?? ''
  const kind = kindOf(param('kind'), search)
  const id = param('id')
  const [sort, setSort] = useState<Sort>({ column: 'started', descending: true })
  useWatch({ topics: ['calls'], calls: callSearch(kind, search), limit })
  const version = calls.version.value
  const total = calls.total.value
  const rows = useMemo(() => calls.values().sort(inOrder(sort)), [version, sort])
  const link = viewLink.value
  return (
    <div class="view-fill">
      <h1 class="sr-only">Calls</h1>
      <div class="view-bar">
        <SearchBox
          label="Search calls"
          value={search}
          placeholder="alice  state:failed  status:4xx"
          fields={callSearchFields}
          error={link.state === 'refused' ? link.reason : undefined}
          onChange={(text) => setParams({ search: text }, { replace: true })}
        />
        <Segments label="Kind" value={kind} options={kindOptions} onChange={(chosen) => setParams({ kind: chosen })} />
        <Announced text={total === undefined ? undefined : `${count(total)} found`} />
        {total !== undefined && <HowMany shown={rows.length} total={total} />}
      </div>
      {total === undefined && link.state !== 'refused' ? (
        <Skeleton lines={8} />
      ) : (
        <Table
          label="Calls"
          columns={columnsFor(
            isMixed(kind),
            rows.some(({ agents }) => agents.length > 0),
          )}
          minWidth={columnsWidth}
          rows={rows}
          idOf={callIdOf}
          onOpen={open}
          opened={id}
          sort={sort}
          onSort={setSort}
          rowClass={({ state }) => (state === 'failed' ? 'row-bad' : '')}
          card={cardOf}
          cardHeight={cardHeight}
          empty={<Nothing kind={kind} search={search} />}
        />
      )}
      {id !== undefined && <CallDrawer key={id} id={id} />}
    </div>
  )
}

function callIdOf({ call_id }: CallRow): string {
  return call_id
}

function open({ call_id }: CallRow): void {
  setParams({ id: call_id, n: undefined })
}

function cardOf(call: CallRow) {
  return <Card call={call} />
}

function HowMany({ shown, total }: { shown: number; total: number }) {
  return (
    <p class="call-count muted">
      {shown === total ? `${count(total)} shown` : `the newest ${count(shown)} of ${count(total)}`}
    </p>
  )
}

function Nothing({ kind, search }: { kind: Kind; search: string }) {
  const isTracing = overview.value?.status.trace.trace_mode === 'on'
  if (search !== '' || (kind !== 'all' && (isTracing || kind !== 'calls'))) {
    const everything = (
      <Button onClick={() => setParams({ kind: 'all', search: undefined })}>Show all that was traced</Button>
    )
    return (
      <Empty icon="search" title={search === '' ? 'There is no such call' : 'No call matches'} action={everything}>
        Calls are known as long as one of their messages is kept.
      </Empty>
    )
  }
  return (
    <Empty
      icon="phone"
      title={isTracing ? 'No call has passed yet' : 'Nothing is being traced'}
      action={
        <a class="button" href={href('trace')}>
          {isTracing ? 'See what is traced' : 'Start tracing'}
        </a>
      }
    >
      {isTracing
        ? 'Calls and registrations appear here as soon as their first message passes.'
        : 'Calls are made of traced messages. Switch the trace on for a while, and they appear here.'}
    </Empty>
  )
}
