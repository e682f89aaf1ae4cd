import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Backlog, shareOfChars } from '../../../src/live/feed/backlog.js'

function backlogOf(...texts: string[]): Backlog {
  const backlog = new Backlog()
  for (const [i, text] of texts.entries()) backlog.add({ n: i + 1, text })
  return backlog
}

const after = (backlog: Backlog, n: number) => backlog.after(n)?.map((event) => event.n)

test('a backlog that is made shorter loses its oldest events', () => {
  const backlog = backlogOf('aaaa', 'bbbb', 'cccc')
  backlog.shorten(8)
  assert.deepEqual([after(backlog, 1), after(backlog, 2), after(backlog, 3)], [undefined, [3], []])
})

test('of a newest event that is too long its number stays, for those who have it', () => {
  const backlog = backlogOf('a', 'bbbb')
  backlog.shorten(3)
  assert.deepEqual([after(backlog, 1), after(backlog, 2)], [undefined, []])
  backlog.add({ n: 3, text: 'c' })
  assert.deepEqual(after(backlog, 2), [3])
})

test('an empty one stays empty', () => {
  const backlog = new Backlog()
  backlog.shorten(0)
  assert.equal(backlog.after(0), undefined)
})

test('a backlog has sixty events at most', () => {
  const backlog = backlogOf(...Array.from({ length: 61 }, () => 'a'))
  assert.deepEqual([after(backlog, 1), after(backlog, 60)], [undefined, [61]])
})

test('all backlogs together have no more than 32 Mi characters, and few of them 4 Mi each', () => {
  for (const backlogs of [1, 8, 9, 64]) {
    const share = shareOfChars(backlogs)
    assert.ok(share * backlogs <= 32 << 20)
    assert.ok(share <= 4 << 20)
  }
  assert.equal(shareOfChars(1), 4 << 20)
})
