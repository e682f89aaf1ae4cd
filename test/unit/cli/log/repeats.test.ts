/** Lines that say the same too often: ten pass, the rest are summed up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Repeats } from '../../../../src/cli/log/repeats.js'
import { FakeTime } from '../../trace/fakes.js'

function scene() {
  const time = new FakeTime()
  const summed: [level: string, message: string, repeated: number][] = []
  const repeats = new Repeats(() => time.micros / 1000, time)
  const passed = (message: string, times: number, component: 'tls' | 'hep' = 'tls', level: 'info' | 'warn' = 'info') =>
    Array.from({ length: times }, () =>
      repeats.mayPass(component, level, message, (...line) => void summed.push(line)),
    ).filter(Boolean).length
  return { time, repeats, summed, passed }
}

test('ten of a sentence pass in ten seconds, and one line says how many did not', () => {
  const { time, repeats, summed, passed } = scene()
  assert.equal(passed('no shared cipher', 25), 10)
  assert.equal(repeats.total, 15)
  time.pass(9_999)
  assert.deepEqual(summed, [])
  time.pass(1)
  assert.deepEqual(summed, [['info', 'no shared cipher', 15]])
  assert.equal(passed('no shared cipher', 11), 10, 'a new window')
  assert.equal(repeats.total, 16)
})

test('what does not repeat too often leaves no line, and nothing waits for it', () => {
  const { time, summed, passed } = scene()
  assert.equal(passed('a', 10), 10)
  assert.equal(time.waiting, 0)
  time.pass(60_000)
  assert.equal(passed('a', 10), 10)
  assert.deepEqual(summed, [])
})

test('another component, level or sentence is another line', () => {
  const { passed } = scene()
  assert.equal(passed('a', 11), 10)
  assert.equal(passed('a', 11, 'hep'), 10)
  assert.equal(passed('a', 11, 'tls', 'warn'), 10)
  assert.equal(passed('b', 11), 10)
})

test('an end of the process sums up at once, and only once', () => {
  const { time, repeats, summed, passed } = scene()
  passed('a', 12)
  repeats.sumUp()
  assert.deepEqual(summed, [['info', 'a', 2]])
  assert.equal(time.waiting, 0)
  time.pass(60_000)
  assert.equal(summed.length, 1)
})

test('a loop that was held up over the end of the window sums up before the next line', () => {
  const { time, summed, passed } = scene()
  passed('a', 12)
  time.micros += 11_000_000 // the timer is late
  assert.equal(passed('a', 1), 1)
  assert.deepEqual(summed, [['info', 'a', 2]])
  time.pass(0)
  assert.equal(summed.length, 1)
})

test('sentences without end take no memory without end, and none of them is held back', () => {
  const { time, passed, repeats } = scene()
  for (let i = 0; i < 2_000; i++) assert.equal(passed(`sentence ${i}`, 1), 1)
  assert.equal(passed('sentence 1999', 20), 20, 'there was no room to count it')
  assert.equal(passed('sentence 0', 20), 9)
  time.pass(10_000)
  assert.equal(passed('sentence 1999', 20), 10, 'there is room again')
  assert.equal(repeats.total, 11 + 10)
})
