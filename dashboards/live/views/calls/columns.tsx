/** A call in the list: its columns, and its card on a phone. */
import type { CallRow } from '../../../../src/base/live.js'
import { count, duration, plural } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { Badge } from '../../ui/status.js'
import type { Column, Sort } from '../../ui/table.js'
import { Elapsed, Time } from '../../ui/time.js'
import { isUnderWay, lastedMs, stateLooks } from './look.js'

export const columns: readonly Column<CallRow>[] = [
  { id: 'state', title: 'State', width: '7rem', sortable: true, cell: (call) => <State call={call} /> },
  { id: 'method', title: 'Method', width: '5.5rem', sortable: true, cell: ({ method }) => method ?? '–' },
  { id: 'from', title: 'From → to', width: 'minmax(16rem, 3fr)', sortable: true, cell: (call) => <Who call={call} /> },
  { id: 'status', title: 'Status', width: '3.5rem', sortable: true, cell: ({ status }) => status ?? '–' },
  {
    id: 'troubles',
    title: 'Trouble',
    width: 'minmax(9.5rem, 2fr)',
    sortable: true,
    cell: (call) => <Troubles call={call} />,
  },
  {
    id: 'started',
    title: 'Started',
    width: '6rem',
    sortable: true,
    cell: ({ started_at }) => <Time at={started_at} />,
  },
  {
    id: 'lasted',
    title: 'Duration',
    width: '6.5rem',
    align: 'end',
    sortable: true,
    cell: (call) => <Lasted call={call} />,
  },
  {
    id: 'answer',
    title: 'Answered in',
    width: '6rem',
    align: 'end',
    sortable: true,
    cell: ({ answer_ms }) => (answer_ms === undefined ? '–' : duration(answer_ms)),
  },
  {
    id: 'messages',
    title: 'Messages',
    width: '5rem',
    align: 'end',
    sortable: true,
    cell: ({ messages }) => count(messages),
  },
]

/** With the capture agents that saw it, where there are any. */
export const columnsWithAgents: readonly Column<CallRow>[] = [
  ...columns,
  { id: 'agents', title: 'Also seen by', width: 'minmax(6rem, 2fr)', cell: ({ agents }) => agents.join(', ') },
]

/** room for all columns */
export const columnsWidth = '75rem'
export const cardHeight = 92

export function Card({ call }: { call: CallRow }) {
  return (
    <>
      <span class="call-card-line">
        <State call={call} />
        <b>{call.method}</b>
        {call.status !== undefined && <span class="muted">{call.status}</span>}
        <span class="call-card-end muted">
          <Time at={call.started_at} />
        </span>
      </span>
      <Who call={call} />
      <span class="call-card-line muted">
        <Lasted call={call} />
        <span>{plural(call.messages, 'message')}</span>
        <Troubles call={call} />
      </span>
    </>
  )
}

/** Compares as the column says; equal ones stand with the latest first. */
export function inOrder({ column, descending }: Sort): (a: CallRow, b: CallRow) => number {
  const key = sortKeys[column] ?? startedAt
  return (a, b) => {
    const order = compared(key(a), key(b)) || compared(a.started_at, b.started_at)
    return descending ? -order : order
  }
}

function startedAt({ started_at }: CallRow): string {
  return started_at
}

const sortKeys: Readonly<Record<string, (call: CallRow) => string | number>> = {
  state: ({ state }) => state,
  method: ({ method }) => method ?? '',
  from: ({ from }) => from ?? '',
  status: ({ status }) => status ?? 0,
  lasted: lastedMs,
  answer: ({ answer_ms }) => answer_ms ?? -1,
  messages: ({ messages }) => messages,
  troubles: ({ errors, retransmissions }) => errors * 1000 + retransmissions,
}

function compared<V extends string | number>(a: V, b: V): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function State({ call: { state } }: { call: CallRow }) {
  const { label, tone } = stateLooks[state]
  return <Badge tone={tone}>{label}</Badge>
}

export function Who({ call: { call_id, from, to } }: { call: CallRow }) {
  return (
    <span class="cut" title={call_id}>
      {from ?? 'unknown'} <span class="muted">→</span> {to ?? 'unknown'}
    </span>
  )
}

export function Lasted({ call }: { call: CallRow }) {
  return isUnderWay(call) ? <Elapsed since={call.started_at} /> : <span>{duration(lastedMs(call))}</span>
}

function Troubles({ call: { errors, retransmissions } }: { call: CallRow }) {
  return (
    <span class="call-troubles">
      {errors > 0 && (
        <span class="call-trouble tone-bad">
          <Icon name="bad" size={14} />
          {plural(errors, 'error')}
        </span>
      )}
      {retransmissions > 0 && (
        <span class="call-trouble tone-warning" title="the same bytes came again: something on the way loses them">
          <Icon name="refresh" size={14} />
          {count(retransmissions)} repeated
        </span>
      )}
    </span>
  )
}
