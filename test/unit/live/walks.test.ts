import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Walks } from '../../../src/live/walks.js'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a walk begins when the one before is over, also when that failed', async () => {
  const walks = new Walks()
  const order: string[] = []
  const first = walks.inTurn(async () => {
    order.push('first begins')
    await turn()
    order.push('first ends')
    throw new Error('no')
  })
  const second = walks.inTurn(() => order.push('second'))
  const third = walks.offer(() => 'third')
  await assert.rejects(first, /no/)
  await second
  assert.deepEqual(order, ['first begins', 'first ends', 'second'])
  assert.equal(await third, 'third')
})

test('two that are short are in two turns of the event loop', async () => {
  const walks = new Walks()
  let turns = 0
  const seen: number[] = []
  setImmediate(function count() {
    turns++
    if (seen.length < 2) setImmediate(count)
  })
  await Promise.all([walks.inTurn(() => seen.push(turns)), walks.inTurn(() => seen.push(turns))])
  assert.ok(seen[0]! < seen[1]!, `${seen}`)
})

test('so many may wait, and what must not be refused waits however many there are', async () => {
  const walks = new Walks()
  const asked = Array.from({ length: 33 }, (_, i) => walks.offer(() => i))
  const needed = walks.inTurn(() => 'needed')
  const answers = await Promise.all(asked)
  assert.deepEqual(answers.slice(0, 32), [...Array(32).keys()])
  const refused = answers[32] as object
  assert.ok('full' in refused && refused.full === true)
  assert.equal(await needed, 'needed')
  assert.equal(await walks.offer(() => 'room'), 'room')
})
