/** Sorts rows that are all here, in the same order as the gateway sorts its pages. Pure. */
import { type ConnectionRow, type ConnectionSort, connectionSorts } from '../../../../src/base/live.js'
import type { Column, Sort } from '../../ui/table.js'

type SortValue = number | string

/** Closed connections can be sorted by their end as well; the gateway has no such order. */
type RowSort = ConnectionSort | 'closed_at'

const values: Readonly<Record<RowSort, (row: ConnectionRow) => SortValue>> = {
  opened_at: (row) => row.opened_at,
  closed_at: (row) => row.closed?.at ?? '',
  peer: (row) => addressValue(row.peer),
  tls_sni: (row) => row.tls_sni ?? '',
  tls_version: (row) => row.tls_version ?? '',
  bytes: (row) => row.bytes_in + row.bytes_out,
  messages: (row) => row.msgs_in + row.msgs_out,
  handshake_ms: (row) => row.handshake_ms ?? -1,
}

export function sorted(rows: readonly ConnectionRow[], { column, descending }: Sort): ConnectionRow[] {
  const sign = descending ? -1 : 1
  const read = values[column as RowSort]
  // the value of each row is worked out once, not with every comparison
  return rows
    .map((row) => ({ row, value: read(row) }))
    .sort((a, b) => sign * (compare(a.value, b.value) || compare(a.row.conn_id, b.row.conn_id)))
    .map(({ row }) => row)
}

/** `-bytes`: descending. undefined: these columns have no such order. */
export function sortOf(text: string, columns: readonly Column<ConnectionRow>[]): Sort | undefined {
  const [, minus, column] = /^(-?)(.*)$/.exec(text)!
  const known = columns.find(({ id, sortable }) => sortable === true && id === column)
  return known && { column: known.id, descending: minus === '-' }
}

export function sortText({ column, descending }: Sort): string {
  return `${descending ? '-' : ''}${column}`
}

/** What the gateway is asked for: the newest, where it cannot sort like that. */
export function serverSort({ column, descending }: Sort): { sort: ConnectionSort; order: 'asc' | 'desc' } {
  const sort = connectionSorts.find((one) => one === column) ?? 'opened_at'
  return { sort, order: descending ? 'desc' : 'asc' }
}

/** Numbers come before texts. */
function compare(a: SortValue, b: SortValue): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

/** IPv4 by its number, IPv6 by its text behind all of IPv4. */
function addressValue(peer: string): SortValue {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+):(\d+)$/.exec(peer)
  return match === null
    ? peer
    : match.slice(1, 5).reduce((sum, part) => sum * 256 + Number(part), 0) * 0x10000 + Number(match[5])
}
