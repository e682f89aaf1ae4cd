import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byId } from '../../../dashboards/live/views/trace/by-id.js'
import type { DestinationStatus } from '../../../src/base/status.js'

const destination = (id: string, address: string) => ({ id, address }) as DestinationStatus

test('members of a failover group stand together, groups and members in their order', () => {
  const groups = byId([destination('b', '1'), destination('a', '2'), destination('b', '3')])
  assert.deepEqual(
    groups.map((members) => members.map(({ id, address }) => `${id} ${address}`)),
    [['b 1', 'b 3'], ['a 2']],
  )
})
