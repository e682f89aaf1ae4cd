/** Observers of a channel: what they throw ends nothing, is counted each time and told once. */
import assert from 'node:assert/strict'
import { type Channel, channel } from 'node:diagnostics_channel'
import { type TestContext, test } from 'node:test'
import { Observers } from '../../../src/base/observers.js'
import { RecordedLogs } from '../telemetry/logs.js'

function scene(t: TestContext) {
  const logs = new RecordedLogs()
  const observers = new Observers(logs.of('telemetry'))
  const numbers = channel('test:numbers') as Channel<unknown, number>
  const seen: number[] = []
  const observe = (see: (n: number) => void): (() => void) => {
    const end = observers.observe(numbers, see)
    t.after(end)
    return end
  }
  return { logs, observers, numbers, seen, observe }
}

test('everything that is published is seen, until it is ended', (t) => {
  const { numbers, seen, observe } = scene(t)
  const end = observe((n) => void seen.push(n))
  for (const n of [1, 2]) numbers.publish(n)
  end()
  end()
  numbers.publish(3)
  assert.deepEqual(seen, [1, 2])
  assert.equal(numbers.hasSubscribers, false)
})

test('one that throws keeps nothing from the others, nor from what comes next', (t) => {
  const { logs, observers, numbers, seen, observe } = scene(t)
  const bug = new Error('a bug')
  observe((n) => {
    if (n < 3) throw bug
    seen.push(-n)
  })
  observe((n) => void seen.push(n))
  for (const n of [1, 2, 3]) numbers.publish(n)
  assert.deepEqual(seen, [1, 2, -3, 3])
  assert.equal(observers.failures, 2)
  assert.deepEqual(logs.lines, [
    {
      component: 'telemetry',
      level: 'error',
      fields: { err: bug },
      message: 'an observer of test:numbers failed: this is a bug in hepgate',
    },
  ])
})

test('each of several that fail is told', (t) => {
  const { logs, observers, numbers, observe } = scene(t)
  for (const bug of ['one', 'other']) {
    observe(() => {
      throw bug
    })
  }
  for (const n of [1, 2]) numbers.publish(n)
  assert.deepEqual(
    logs.lines.map(({ fields }) => fields.err),
    ['one', 'other'],
  )
  assert.equal(observers.failures, 4)
})
