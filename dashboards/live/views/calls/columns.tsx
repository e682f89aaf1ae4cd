/** A call in the list: its columns, and its card on a phone. */
import type { CallRow } from '../../../../src/base/live.js'
import { count, duration, plural, spelled } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { PeerText } from '../../ui/peer-text.js'
import { Badge } from '../../ui/status.js'
import type { Column, Sort } from '../../ui/table.js'
import { Elapsed, Time } from '../../ui/time.js'
import { isUnderWay, lastedMs, stateLooks, statusOf } from './look.js'

type CallColumn = Column<CallRow>

const state: CallColumn = {
  id: 'state',
  title: 'State',
  width: '7rem',
  sortable: true,
  cell: (call) => <State call={call} />,
}
const method: CallColumn = {
  id: 'method',
  title: 'Method',
  width: '5.5rem',
  sortable: true,
  cell: ({ method: name }) => spelled(name ?? '–'),
}
const facts: readonly CallColumn[] = [
  {
    id: 'from',
    title: 'From → to',
    width: 'minmax(14rem, 1fr)',
    sortable: true,
    cell: (call) => <Who call={call} />,
  },
  { id: 'status', title: 'Status', width: '3.5rem', sortable: true, cell: (call) => statusOf(call) ?? '–' },
  {
    id: 'troubles',
    title: 'Trouble',
    width: '12rem',
    sortable: true,
    cell: (call) => <Troubles call={call} />,
  },
  {
    id: 'started',
    title: 'Started',
    width: '5.5rem',
    sortable: true,
    cell: ({ started_at }) => <Time at={started_at} />,
  },
  {
    id: 'lasted',
    title: 'Duration',
    width: '5.5rem',
    align: 'end',
    sortable: true,
    cell: (call) => <Lasted call={call} />,
  },
  {
    id: 'answer',
    title: 'Answered in',
    width: '5.5rem',
    align: 'end',
    sortable: true,
    cell: ({ answer_ms }) => (answer_ms === undefined ? '–' : duration(answer_ms)),
  },
  {
    id: 'messages',
    title: 'Messages',
    width: '4.5rem',
    align: 'end',
    sortable: true,
    cell: ({ messages }) => count(messages),
  },
]
const agents: CallColumn = {
  id: 'agents',
  title: 'Also seen by',
  width: '6rem',
  cell: ({ agents: names }) => spelled(names.join(', ')),
}

/** made once: another array draws all rows again */
const sets = {
  plain: [state, ...facts],
  withAgents: [state, ...facts, agents],
  withMethods: [state, method, ...facts],
  withBoth: [state, method, ...facts, agents],
}

/** The method where it may be another in each row; capture agents where there are any. */
export function columnsFor(mixed: boolean, seenByAgents: boolean): readonly CallColumn[] {
  if (mixed) return seenByAgents ? sets.withBoth : sets.withMethods
  return seenByAgents ? sets.withAgents : sets.plain
}

/** room for all columns */
export const columnsWidth = '74rem'
export const cardHeight = 92

export function Card({ call }: { call: CallRow }) {
  return (
    <>
      <span class="call-card-line">
        <State call={call} />
        <b>{spelled(call.method ?? '')}</b>
        <span class="muted">{statusOf(call)}</span>
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
  status: (call) => statusOf(call) ?? 0,
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
    <span class="cut" title={spelled(call_id)}>
      <PeerText text={from ?? 'unknown'} /> <span class="muted">→</span> <PeerText text={to ?? 'unknown'} />
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
