import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Column } from '../../../dashboards/live/ui/table.js'
import { serverSort, sorted, sortOf, sortText } from '../../../dashboards/live/views/connections/order.js'
import type { ConnectionRow } from '../../../src/base/live.js'
import { connection } from './made-up.js'

const column = (id: string, sortable: boolean): Column<ConnectionRow> => ({
  id,
  title: id,
  width: '1rem',
  sortable,
  cell: () => id,
})

test('addresses are in the order of their numbers, IPv6 behind IPv4', () => {
  const peers = ['[2001:db8::1]:5061', '203.0.113.10:5061', '203.0.113.9:40000', '203.0.113.9:5061']
  const rows = peers.map((peer, i) => connection({ conn_id: String(i), peer }))
  assert.deepEqual(
    sorted(rows, { column: 'peer', descending: false }).map(({ peer }) => peer),
    ['203.0.113.9:5061', '203.0.113.9:40000', '203.0.113.10:5061', '[2001:db8::1]:5061'],
  )
})

test('equal ones keep an order of their own', () => {
  const rows = ['2', '3', '1'].map((conn_id) => connection({ conn_id }))
  const ids = (descending: boolean) => sorted(rows, { column: 'bytes', descending }).map(({ conn_id }) => conn_id)
  assert.deepEqual(ids(false), ['1', '2', '3'])
  assert.deepEqual(ids(true), ['3', '2', '1'])
})

test('the order goes into the address and comes back, if the columns have it', () => {
  const columns = [column('bytes', true), column('way', false)]
  for (const descending of [true, false]) {
    const sort = { column: 'bytes', descending }
    assert.deepEqual(sortOf(sortText(sort), columns), sort)
  }
  assert.equal(sortOf('way', columns), undefined)
  assert.equal(sortOf('-constructor', columns), undefined)
})

test('an order that the gateway has not becomes the newest first', () => {
  assert.deepEqual(serverSort({ column: 'closed_at', descending: true }), { sort: 'opened_at', order: 'desc' })
  assert.deepEqual(serverSort({ column: 'peer', descending: false }), { sort: 'peer', order: 'asc' })
})
