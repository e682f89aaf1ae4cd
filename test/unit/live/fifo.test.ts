import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from '../../../src/live/messages/fifo.js'

test('what is added first is taken first, also over many additions', () => {
  const queue = new Fifo<number>()
  let next = 0
  let taken = 0
  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < 3; i++) queue.push(next++)
    for (let i = 0; i < 2; i++) assert.equal(queue.shift(), taken++)
  }
  assert.equal(queue.length, next - taken)
  assert.deepEqual([...queue][0], taken)
  assert.deepEqual([queue.at(0), queue.at(queue.length - 1), queue.at(queue.length)], [taken, next - 1, undefined])
})

test('the newest are the last added, in their order', () => {
  const queue = new Fifo<number>()
  for (let i = 0; i < 100; i++) queue.push(i)
  for (let i = 0; i < 97; i++) queue.shift()
  assert.deepEqual([queue.newest(2), queue.newest(9), queue.newest(0)], [[98, 99], [97, 98, 99], []])
})

test('an empty queue has nothing to give', () => {
  const queue = new Fifo<number>()
  assert.deepEqual([queue.shift(), queue.at(0), queue.at(-1), queue.length], [undefined, undefined, undefined, 0])
  queue.push(1)
  queue.shift()
  assert.deepEqual([queue.shift(), queue.at(0), queue.at(-1), [...queue]], [undefined, undefined, undefined, []])
})
