import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Trial } from '../../../src/trace/trial.js'
import { connection } from './fakes.js'

test('a trial over thousands lets others have their turn', async (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now++)
  let inTurn = 0
  let most = 0
  const filter = {
    name: 'counts',
    run: () => 'trace' as const,
    explain: () => {
      most = Math.max(most, ++inTurn)
      return { verdict: 'trace', why: 'it counts' } as const
    },
  }
  let trying = true
  setImmediate(function turn() {
    inTurn = 0
    if (trying) setImmediate(turn)
  })
  const trial = new Trial(filter, undefined)
  await trial.visit(Array.from({ length: 1000 }, () => connection()))
  trying = false
  const { total, traced, matches } = trial.result
  assert.deepEqual([total, traced, matches.length], [1000, 1000, 200])
  assert.ok(most <= 64, `${most} in one turn`)
})
