import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog } from '../../../src/base/log.js'
import { AuditList } from '../../../src/live/audit.js'
import { tempDir } from '../../support/tmp.js'

const note = (what: string) => ({ by: 'token on-call 192.0.2.7', action: 'trace-on', what, ok: true })

test('the newest entry comes first, with its time', async (t) => {
  const audit = new AuditList(tempDir(t), silentLog, () => new Date('2026-01-02T03:04:05Z'))
  audit.add(note('first'))
  audit.add({ ...note('second'), until: '2026-01-02T03:14:05.000Z' })
  assert.deepEqual(
    audit.list().map(({ at, what, until }) => [at, what, until]),
    [
      ['2026-01-02T03:04:05.000Z', 'second', '2026-01-02T03:14:05.000Z'],
      ['2026-01-02T03:04:05.000Z', 'first', undefined],
    ],
  )
  assert.equal(audit.list(1).length, 1)
  await audit.close()
})

test('a restart does not forget', async (t) => {
  const dir = tempDir(t)
  const before = new AuditList(dir, silentLog)
  before.add(note('before the restart'))
  await before.close()
  const after = new AuditList(dir, silentLog)
  after.add(note('after it'))
  assert.deepEqual(
    after.list().map(({ what }) => what),
    ['after it', 'before the restart'],
  )
  await after.close()
  assert.equal(statSync(join(dir, 'audit.jsonl')).mode & 0o777, 0o600)
})

test('a line that was cut by a crash is left out, and the others are kept', async (t) => {
  const dir = tempDir(t)
  const before = new AuditList(dir, silentLog)
  before.add(note('whole'))
  await before.close()
  appendFileSync(join(dir, 'audit.jsonl'), '{"at":"2026-01-02T03:04:05Z","by":"x"}\n{"at":"2026')
  assert.deepEqual(
    new AuditList(dir, silentLog).list().map(({ what }) => what),
    ['whole'],
  )
})

test('memory and file are bounded', async (t) => {
  const dir = tempDir(t)
  const audit = new AuditList(dir, silentLog)
  for (let i = 0; i < 600; i++) audit.add(note(`${i} ${'x'.repeat(15_000)}`))
  await audit.close()
  assert.equal(audit.list().length, 500)
  assert.ok(audit.list()[0]!.what.startsWith('599 '))
  const files = readdirSync(dir).sort()
  assert.deepEqual(
    files,
    ['', '.1', '.2', '.3', '.4', '.5'].map((end) => `audit.jsonl${end}`),
  )
  for (const file of files) assert.ok(statSync(join(dir, file)).size <= 1 << 20)
  assert.match(readFileSync(join(dir, 'audit.jsonl.1'), 'utf8'), /"55\d x/)
})

const at = (second: number) => new Date(Date.UTC(2026, 0, 2, 3, 0, second))

/** A list whose clock is that of the test. */
function timed(dir: string): { audit: AuditList; scene: { second: number } } {
  const scene = { second: 0 }
  return { audit: new AuditList(dir, silentLog, () => at(scene.second)), scene }
}

test('the same again within a minute is counted, and is the newest', async (t) => {
  const { audit, scene } = timed(tempDir(t))
  for (const [second, what] of [
    [0, 'paused'],
    [1, 'resumed'],
    [2, 'paused'],
    [59, 'paused'],
    [60, 'paused'],
  ] as const) {
    scene.second = second
    audit.add(note(what))
  }
  audit.add({ ...note('paused'), ok: false })
  await audit.close()
  assert.deepEqual(
    audit.list().map(({ what, ok, at, times }) => [what, ok, at, times]),
    [
      ['paused', false, at(60).toISOString(), undefined],
      ['paused', true, at(60).toISOString(), undefined],
      ['paused', true, at(59).toISOString(), 3],
      ['resumed', true, at(1).toISOString(), undefined],
    ],
  )
  assert.equal(audit.version, 6)
})

test('who changes one thing for hours washes out nothing else, in memory and after a restart', async (t) => {
  const dir = tempDir(t)
  const { audit, scene } = timed(dir)
  audit.add({ ...note('took the keys'), action: 'keys-taken' })
  audit.add({ ...note('traced a trunk'), by: 'token other 192.0.2.8' })
  for (let i = 0; i < 10_000; i++) {
    scene.second = i
    audit.add(note(`changed ${i}`))
  }
  await audit.close()
  for (const list of [audit, new AuditList(dir, silentLog)]) {
    const all = list.list().map(({ what }) => what)
    assert.deepEqual([all.length, all[0]], [500, 'changed 9999'])
    assert.deepEqual(all.slice(-2), ['traced a trunk', 'took the keys'])
  }
})

test('what repeats without end takes a dozen lines a minute', async (t) => {
  const dir = tempDir(t)
  const { audit } = timed(dir)
  for (let i = 0; i < 1200; i++) {
    audit.add(note('paused'))
    audit.add(note('resumed'))
  }
  await audit.close()
  assert.deepEqual(
    audit.list().map(({ what, times }) => [what, times]),
    [
      ['resumed', 1200],
      ['paused', 1200],
    ],
  )
  assert.equal(readFileSync(join(dir, 'audit.jsonl'), 'utf8').split('\n').length - 1, 22)
  assert.deepEqual(
    new AuditList(dir, silentLog).list().map(({ what, times }) => [what, times]),
    [
      ['resumed', 1024],
      ['paused', 1024],
    ],
  )
})

test('a file that cannot be written is said once, and entries stay in memory', async (t) => {
  const dir = join(tempDir(t), 'state')
  const errors: string[] = []
  const audit = new AuditList(dir, { ...silentLog, error: (_fields, message) => errors.push(message) })
  mkdirSync(join(dir, 'audit.jsonl'), { recursive: true })
  audit.add(note('first'))
  audit.add(note('second'))
  await audit.close()
  assert.equal(errors.length, 1)
  assert.equal(audit.list().length, 2)
})
