import assert from 'node:assert/strict'
import { test } from 'node:test'
import { causes } from '../../src/base/errors.js'
import { causeGroups } from '../support/cause-groups.js'

test('every cause of the table has a peer that does that wrong thing', () => {
  const shown = new Set<string>(Object.values(causeGroups).flat())
  const missing = Object.keys(causes).filter((cause) => !shown.has(cause))
  assert.deepEqual(missing, [])
})
