/** Warnings of Node.js in the log: each once, short, and not as many as somebody makes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { silentLog } from '../../../src/base/log.js'
import { logNodeWarnings } from '../../../src/cli/node-warnings.js'

/** What was told of these warnings, and on standard error. */
async function told(...warnings: [message: string, name: string][]): Promise<string[]> {
  const reasons: string[] = []
  const warn = (fields: object): void => void reasons.push((fields as { reason: string }).reason)
  logNodeWarnings({ ...silentLog, warn })
  for (const [message, name] of warnings) process.emitWarning(message, name)
  await setImmediate()
  return reasons
}

test('a warning is told once, and another one as well', async () => {
  const overflow: [string, string] = ['1e12 does not fit', 'TimeoutOverflowWarning']
  assert.deepEqual(await told(overflow, overflow, ['something leaks', 'Warning'], overflow), [
    'TimeoutOverflowWarning: 1e12 does not fit',
    'Warning: something leaks',
  ])
})

test('nobody but the log is told', async () => {
  await told()
  assert.equal(process.listenerCount('warning'), 1)
})

test('what is long is cut, and warnings that never repeat come to an end', async () => {
  const reasons = await told(
    ...Array.from({ length: 150 }, (_, i): [string, string] => [`${i} ${'x'.repeat(1000)}`, 'W']),
  )
  assert.equal(reasons.length, 100)
  assert.equal(reasons[0]?.length, 300)
})
