import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { silentLog } from '../../../src/base/log.js'
import type { TraceFilter } from '../../../src/trace/filter/filter.js'
import { loadModuleFilter } from '../../../src/trace/filter/module.js'
import { tempDir } from '../../support/tmp.js'
import { connection, opening } from './fakes.js'

const dir = tempDir({ after })
let files = 0

function file(source: string, path = join(dir, `filter-${files++}.mjs`)): string {
  writeFileSync(path, source)
  return path
}

/** A time limit that is not what is tested: machines that run tests are busy. */
const patientMs = 10_000

async function load(path: string, timeoutMs = patientMs): Promise<TraceFilter> {
  const loaded = await loadModuleFilter(path, timeoutMs)
  return 'filter' in loaded ? loaded.filter : assert.fail(JSON.stringify(loaded.problems))
}

async function refusal(path: string): Promise<string> {
  const loaded = await loadModuleFilter(path)
  return 'problems' in loaded ? loaded.problems[0]!.message : assert.fail('loaded')
}

test('drop drops, undefined traces', async () => {
  const path = file(`export default (connection) => (connection.tls?.version === 'TLSv1.3' ? 'drop' : undefined)`)
  const filter = await load(path)
  assert.equal(filter.name, path)
  assert.equal(filter.run(connection(), silentLog), 'drop')
  assert.equal(filter.run(opening(), silentLog), 'trace')
  assert.deepEqual(filter.explain(connection()), { verdict: 'drop', why: 'the module said drop' })
  assert.deepEqual(filter.explain(opening()), { verdict: 'trace', why: 'the module did not say drop' })
})

test('it sees the facts, and neither keys nor what belongs to the gate', async () => {
  const filter = await load(
    file(`export default (connection) => {
      if ('keylog' in connection || 'trace' in connection) throw new Error('a secret')
      return connection.peer.ip === '203.0.113.9' && connection.peerCertificate.subject.includes('phone') ? 'drop' : undefined
    }`),
  )
  assert.equal(filter.run(connection(), silentLog), 'drop')
})

test('it cannot change the connection', async () => {
  for (const change of ['connection.sni = "x"', 'connection.peer.ip = "x"', 'connection.hello.versions.push("x")']) {
    const filter = await load(file(`export default (connection) => { ${change} }`))
    const facts = connection()
    const before = structuredClone(facts)
    assert.throws(() => filter.run(facts, silentLog), TypeError, change)
    assert.deepEqual(facts, before)
    facts.peer = { ip: 'still ours', port: 1 }
  }
})

test('an error of the filter is an error of the run', async () => {
  const filter = await load(file(`export default () => { throw new Error('mine') }`))
  assert.throws(() => filter.run(connection(), silentLog), /mine/)
})

test('a filter without end is ended', async () => {
  const filter = await load(file(`export default () => { for (;;); }`), 20)
  assert.throws(() => filter.run(connection(), silentLog), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' })
  assert.throws(() => filter.run(connection(), silentLog), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' })
})

test('an answer that is neither is a failure; a promise too, however it ends', async () => {
  for (const answer of ['true', '"trace"', 'null', 'Promise.resolve("drop")', 'Promise.reject(new Error("late"))']) {
    const filter = await load(file(`export default () => ${answer}`))
    assert.throws(() => filter.run(connection(), silentLog), /has to answer/, answer)
  }
})

test('a module that cannot be one is refused with the reason', async () => {
  assert.match(await refusal(join(dir, 'missing.mjs')), /could not be loaded: .*missing\.mjs/)
  assert.match(await refusal(file('export default')), /could not be loaded/)
  assert.match(await refusal(file('throw new Error("at load")')), /could not be loaded: at load/)
  assert.match(await refusal(file('export const filter = () => {}')), /no function as its default export/)
  assert.match(await refusal(file('export default 5')), /no function as its default export/)
})

test('loaded again, the module is what it is now', async () => {
  const path = file(`export default () => 'drop'`)
  const before = await load(path)
  file('export default () => undefined', path)
  const now = await load(path)
  assert.equal(before.run(connection(), silentLog), 'drop')
  assert.equal(now.run(connection(), silentLog), 'trace')
})
