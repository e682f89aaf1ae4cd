/**
 * node:test reporter for test/run.mjs: one JSON line per test that ended,
 * `{name, outcome: 'passed' | 'failed' | 'skipped', reason?, error?}`. Suites are no tests, unless a hook of theirs fails.
 */
import { inspect } from 'node:util'

export default async function* report(events) {
  /** names of the tests that enclose the current one, by nesting */
  const path = []
  for await (const { type, data } of events) {
    if (type === 'test:start') path[data.nesting] = data.name
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const line = result(type, data)
    if (line === undefined) continue
    yield `${JSON.stringify({ name: [...path.slice(0, data.nesting), data.name].join(' › '), ...line })}\n`
  }
}

function result(type, data) {
  if (data.skip !== undefined && data.skip !== false) {
    return { outcome: 'skipped', reason: data.skip === true || data.skip === '' ? 'no reason given' : data.skip }
  }
  if (type === 'test:pass') return data.details.type === 'suite' ? undefined : { outcome: 'passed' }
  const { error } = data.details
  // A parent only repeats what its children said.
  if (error.failureType === 'subtestsFailed') return undefined
  return { outcome: 'failed', error: inspect(error.cause ?? error, { depth: 4 }) }
}
